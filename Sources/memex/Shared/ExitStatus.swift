import ArgumentParser
import Blobs
import Foundation
import Gateway
import PostingStore
import Rollup
import Sequencer
import Settlement
import Signing

/// How memex ends. The numbers are part of its interface.
enum ExitStatus: Int32 {
    case done = 0
    case refused = 1
    case usage = 2
    case cannotConnect = 3
    case fileProblem = 4
    case mismatch = 5

    static let help = """
        EXIT STATUS
          0  done
          1  the exchange or the contract refused; the message says why
          2  the command line is not usable: something is missing, unknown or not exact
          3  cannot connect, no answer in time, or nobody named has the blob of a batch
          4  a local file is not usable: key, deployment, certificate, data
          5  the other side is not what the deployment file says, or contradicts itself
        """

    /// The status that fits an error of ours; nil for those of the parser of the command line.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error.status
        case is CommandRefused: self = .refused
        case let error as DepositError:
            if case .insufficient = error { self = .refused } else { self = .mismatch }
        case let error as L1ReaderError:
            switch error {
            case .noBeacon: self = .usage
            case .noBlob: self = .cannotConnect
            default: self = .mismatch
            }
        case is ABIError: self = .mismatch
        case is DecimalError, is HexError, is ListingError: self = .usage
        case is KeyFileError, is DeploymentError: self = .fileProblem
        case let error as RebuildError:
            switch error {
            case .noSuchBatch, .alreadyBeyond: self = .usage
            case .unusableCheckpoint: self = .fileProblem
            case .wrongClaim: self = .mismatch
            }
        case is KZGError: self = .fileProblem
        case is BlobPostingRefused: self = .usage
        case let error as BeaconError:
            switch error {
            case .unusable(_, let reason): self.init(reason)
            case .otherChain: self = .mismatch
            }
        case is PosterError, is BatchPruned, is MissingInboxMessage: self = .mismatch
        case is StoreRefused, is RecoveryRefused, is SQLiteFailed, is SystemCallFailed, is CocoaError, is OutputFailure: self = .fileProblem
        case let error as EthereumError: self.init(error)
        case let error as GatewayClientError: self.init(error)
        default: return nil
        }
    }

    private init(_ error: EthereumError) {
        switch error {
        case .cannotConnect, .timedOut, .httpStatus, .notIncluded: self = .cannotConnect
        case .node, .reverted, .transactionFailed, .nonceTaken: self = .refused
        case .malformedReply, .wrongChain, .noDeploymentBlock, .noContract, .otherContract: self = .mismatch
        }
    }

    private init(_ error: GatewayClientError) {
        switch error {
        case .badURL: self = .usage
        case .cannotConnect, .tls, .refused, .closed, .timedOut: self = .cannotConnect
        case .rejected: self = .refused
        case .malformed, .version, .otherExchange, .historyLost: self = .mismatch
        }
    }

    /// Says what went wrong on stderr and ends the process.
    static func end(_ error: any Error) -> Never {
        // The parsed options are out of reach here, and may be what is wrong.
        let isJSON = CommandLine.arguments.contains("--json")
        if let status = ExitStatus(error) {
            say(text(error))
            if isJSON, !(error is OutputFailure) { print(json(error, text(error), status).line) }
            exit(status.rawValue)
        }
        // The parser's own: help and version are no failures, and its messages show the usage.
        let code = Memex.exitCode(for: error)
        if code == .success || code != .validationFailure { Memex.exit(withError: error) }
        FileHandle.standardError.write(Data((Memex.fullMessage(for: error) + "\n").utf8))
        if isJSON { print(json(error, Memex.message(for: error), .usage).line) }
        exit(ExitStatus.usage.rawValue)
    }

    /// An error in one sentence. Foundation's own descriptions of what the file system refused are no prose.
    static func text(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        let reason = (error.underlying as? POSIXError).map { SystemCallFailed.text($0.code.rawValue) } ?? error.localizedDescription
        return error.filePath.map { "cannot use \($0): \(reason)" } ?? reason
    }

    /// What machines read on stdout instead of a result.
    private static func json(_ error: any Error, _ text: String, _ status: ExitStatus) -> JSON {
        var members: JSON = ["exitStatus": .integer(status.rawValue), "text": .text(text)]
        if let refused = error as? CommandRefused {
            members = members.adding(["code": .integer(refused.code), "reason": .text(refused.name)])
        }
        return ["error": members]
    }

    /// Prints a line for people on stderr.
    static func say(_ text: String) {
        FileHandle.standardError.write(Data("memex: \(text)\n".utf8))
    }
}

/// A failure that is told in one sentence, with what to do.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
