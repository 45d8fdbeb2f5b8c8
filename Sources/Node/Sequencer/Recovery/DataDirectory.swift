import Foundation

/// The files of a node.
///
///     journal.sqlite      everything applied since the older checkpoint
///     journal.tail        the end of that, until journal.sqlite has it
///     chain.sqlite        sealed blocks and batches
///     events.log          what clients were told lately; may go without harm
///     checkpoints/        states after blocks, whole or as increments
package struct DataDirectory: Sendable {
    package let path: String

    package var journal: String { path + "/journal.sqlite" }
    package var chain: String { path + "/chain.sqlite" }
    package var events: String { path + "/events.log" }
    package var checkpoints: String { path + "/checkpoints" }

    /// Makes the directories that are missing, for their owner alone.
    package init(creating path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path + "/checkpoints", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Names an existing directory.
    package init(path: String) { self.path = path }
}
