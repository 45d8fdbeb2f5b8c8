import Engine
import Signing

/// What a node needs to know to start.
package struct SequencerConfiguration: Sendable {
    package var directory: DataDirectory
    package var deployment: DeploymentIdentity
    /// Signs block headers.
    package var key: PrivateKey
    package var durability = Durability.process
    package var executor = ExecutorConfiguration()
    /// A batch is cut when its last block is this much younger than its first.
    package var batchAgeMsMax: UInt64 = 30_000
    /// Batches are kept so long after their last block, once they are final on L1; until then always.
    package var batchKeepMs: UInt64 = 30 * 86_400_000
    /// A checkpoint is written this long after the last one, if anything happened.
    package var checkpointIntervalMs: UInt64 = 60_000
    /// Increments on a whole checkpoint, after which all are folded into a new whole one; at least 1.
    package var incrementsMax = 4
    /// Threads of the gateway, each with a ring of its own: 1...16.
    package var gatewayThreads = 1
    /// Bytes of the ring from each of them; a power of two.
    package var inputRingBytes = 1 << 22
    /// Bytes of the journal's tail at least; a power of two. What has gathered in a quarter of it is moved at once, and orders wait when it is full.
    package var journalTailBytes = Journal.tailBytes
    /// Bytes of the log to the gateways, and of what clients can catch up on; a power of two from 4096.
    package var eventLogBytes = 256 << 20
    /// How long a start waits for another process to let go of the data directory.
    package var directoryWaitMs: UInt64 = 5000
    /// Milliseconds since 1970. Tests put their own clock here; nil: the system's, through a ``SteadyClock``.
    package var clockMs: (@Sendable () -> UInt64)?

    package init(directory: DataDirectory, deployment: DeploymentIdentity, key: PrivateKey) {
        self.directory = directory
        self.deployment = deployment
        self.key = key
    }

    var domain: SigningDomain { SigningDomain(chainId: deployment.chainId, rollup: deployment.rollup) }
}
