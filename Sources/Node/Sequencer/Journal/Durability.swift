/// What an acknowledgement promises.
package enum Durability: String, Sendable, CaseIterable {
    /// Survives kill -9 of the process.
    case process
    /// Survives power loss as well; every group waits for the disk.
    case fsync
}
