import CLibuv
import Engine
import Signing

/// Where a gateway listens and for which exchange it speaks.
package struct GatewayConfiguration: Sendable {
    /// Address to listen on, IPv4 or IPv6.
    package var host = "127.0.0.1"
    /// Port to listen on; 0 lets the system choose one.
    package var port: UInt16 = 8443
    /// PEM files of the certificate chain and its key. Nil means `ws://` without encryption: only where someone asked for it.
    package var tls: TLSFiles?
    /// Names the domain in which commands are signed.
    package var chainId: UInt64
    package var rollup: Address
    /// The sequencer's key, to sign receipts with. Nil: nobody can subscribe to receipts.
    package var sequencerKey: PrivateKey?
    package var limits = GatewayLimits()
    /// Microseconds that a thread goes on looking for input after the last before it sleeps, as long as no other thread wants its core: answers sooner, and
    /// warms that core. 0: sleeps at once.
    package var spinUs: UInt64 = 0
    /// Cores to keep the threads on, the first thread on the first of them and so on, from the start when there are fewer. Empty: the system chooses, and
    /// on Linux moves a thread to the core of whoever sends to it from the same machine, where the two then take turns.
    package var cores: [Int32] = []

    /// Reads numbers of cores with commas between them; nil if it is none.
    package static func cores(_ text: String) -> [Int32]? {
        let cores = text.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
        return cores.allSatisfy { $0 ?? -1 >= 0 } ? cores.compactMap { $0 } : nil
    }

    /// Threads that a node should have by default, each with a port to the executor of its own: a core is left for that, and more than four would mostly
    /// repeat each other's work on market data.
    package static var threadCountDefault: Int { min(4, max(1, Int(uv_available_parallelism()) - 1)) }

    /// What ``spinUs`` should be by default for a node with so many threads: long enough for clients that send 400 messages a second where the machine
    /// has a core more than that, 0 where it has none.
    package static func spinUsDefault(threadCount: Int) -> UInt64 { hasSpareCore(threadCount: threadCount) ? 2500 : 0 }

    /// Whether a core is left for the executor while all threads of the gateway wait actively.
    static func hasSpareCore(threadCount: Int) -> Bool { Int(uv_available_parallelism()) > threadCount }

    package struct TLSFiles: Sendable, Equatable {
        package var certificatePath: String
        package var keyPath: String

        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }

        /// Throws what is wrong with the files, as the start of a gateway would.
        package func check() throws(GatewayError) {
            do { _ = try TLSServer(self) } catch { throw .tls(error) }
        }
    }

    package init(chainId: UInt64, rollup: Address) {
        self.chainId = chainId
        self.rollup = rollup
    }
}
