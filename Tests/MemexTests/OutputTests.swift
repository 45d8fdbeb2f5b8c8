import Foundation
import Testing

@testable import memex

struct OutputTests {
    @Test func tablesAlignAndNeverMoveTheCursor() {
        var table = TextTable("token", ">free", "note")
        table.add("USDX", "12.5", "")
        table.add("P\u{1B}[2J", "1000000", "x")
        #expect(table.text == "token     free  note\nUSDX      12.5\nP?[2J  1000000  x")
        #expect(TextTable.fields([("a", "1"), ("long", "2\n")]) == "a     1\nlong  2?")
    }

    @Test func whatCannotBePrintedIsSaid() throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let failure = #expect(throws: OutputFailure.self) { try Output.write("x\n", to: full.fileDescriptor) }
        #expect(failure.map { "\($0)" }?.contains("No space left") == true)
        #expect(ExitStatus(OutputFailure(errorNumber: ENOSPC)) == .fileProblem)
    }

    @Test func fileSystemErrorsAreOneSentence() {
        let error = #expect(throws: (any Error).self) {
            try FileManager.default.createDirectory(atPath: "/proc/none", withIntermediateDirectories: true)
        }
        #expect(
            error.map { ExitStatus.text($0) }
                == "cannot use /proc/none: No such file or directory (errno 2): make it, or choose another path")
        #expect(error.flatMap { ExitStatus($0) } == .fileProblem)
    }

    @Test func jsonKeepsOrderAndAllDigits() {
        let json: JSON = ["b": .integer(UInt64.max), "a": [.null, true, "q\"\\\n\u{1}ü"], "c": .optional(UInt64?.none) { .integer($0) }]
        #expect(json.line == #"{"b":18446744073709551615,"a":[null,true,"q\"\\\n\u0001ü"],"c":null}"#)
        #expect(JSON.object([]).adding(["x": 1]).line == #"{"x":1}"#)
    }
}
