import ArgumentParser
import Foundation
import Gateway
import PostingStore
import Sequencer
import Settlement
import Signing

/// How memexd ends. The numbers are part of its interface.
enum ExitStatus: Int32 {
    case stopped = 0
    case failed = 1
    case badConfiguration = 2
    case dataRefused = 3
    case l1Unusable = 4
    case cannotListen = 5
    case halted = 6

    static let help = """
        EXIT STATUS
          0  stopped on SIGTERM or SIGINT: everything is sealed and checkpointed
          1  failed while running, for example because the disk is full, or the
             system lacks memory, threads or open files; what was acknowledged
             is safe
          2  an option, or the configuration, key or deployment file is not usable
          3  the data directory is refused: in use, not writable, on a full disk,
             corrupted, of another deployment or version, or behind what it
             posted to L1
          4  L1 or its consensus node does not answer, or is another chain, or there
             is no rollup contract where the deployment says
          5  cannot listen on the given address, or the TLS files are not usable
          6  the rollup is halted on L1: nothing can be posted any more
          64 the command line is not understood
        """

    /// The status that fits what went wrong at start.
    init(_ error: any Error) {
        switch error {
        case is KeyFileError, is DeploymentError, is ConfigurationError: self = .badConfiguration
        case let error as SystemCallFailed: self = error.isShortage ? .failed : .dataRefused
        case is StoreRefused, is RecoveryRefused, is SQLiteFailed, is PosterError, is BatchPruned, is CocoaError: self = .dataRefused
        case is EthereumError, is OtherChain, is BeaconError: self = .l1Unusable
        case is RollupHalted: self = .halted
        case is GatewayError: self = .cannotListen
        default: self = .failed
        }
    }

    /// Says what went wrong on stderr and ends the process.
    static func end(_ error: any Error) -> Never {
        FileHandle.standardError.write(Data("memexd: \(text(error))\n".utf8))
        ExitStatus(error).end()
    }

    /// An error in one sentence. Foundation's own descriptions of what the file system refused are no prose.
    static func text(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        return "cannot use \(error.filePath ?? "the file"): \(reason(error))"
    }

    /// What the file system's refusal means.
    static func reason(_ error: any Error) -> String {
        ((error as? CocoaError)?.underlying as? POSIXError).map { SystemCallFailed.text($0.code.rawValue) } ?? error.localizedDescription
    }

    func end() -> Never { exit(rawValue) }
}

/// Options that do not fit each other or the machine.
struct ConfigurationError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
