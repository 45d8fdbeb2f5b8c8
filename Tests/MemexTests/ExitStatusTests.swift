import Engine
import Gateway
import PostingStore
import Settlement
import Signing
import Testing

@testable import memex

struct ExitStatusTests {
    @Test func everyErrorHasItsStatus() throws {
        #expect(ExitStatus(CommandRefused(code: 26, text: "")) == .refused)
        #expect(ExitStatus(EthereumError.reverted(reason: "x", data: [])) == .refused)
        #expect(ExitStatus(DecimalError.zero(what: "price")) == .usage)
        #expect(ExitStatus(ListingError.unknown("token", "X", known: [])) == .usage)
        #expect(ExitStatus(EthereumError.cannotConnect(url: "", reason: "")) == .cannotConnect)
        #expect(ExitStatus(GatewayClientError.closed(code: 1001)) == .cannotConnect)
        #expect(ExitStatus(KeyFileError.notFound("k")) == .fileProblem)
        #expect(ExitStatus(DeploymentError.notJSON(path: "d")) == .fileProblem)
        #expect(ExitStatus(EthereumError.wrongChain(expected: 1, actual: 2)) == .mismatch)
        #expect(ExitStatus(L1ReaderError.wrongInbox) == .mismatch)
        #expect(ExitStatus(BatchPruned(number: 0, firstKept: 1)) == .mismatch)
        #expect(ExitStatus(CancellationError()) == nil)
    }

    @Test func refusalsNameTheirCode() {
        #expect("\(CommandRefused(code: 26, text: "No."))" == "refused: No. (insufficientBalance, code 26)")
        #expect(CommandRefused(code: 9999, text: "").name == "unknown")
    }
}
