import Glibc

/// `run-ops`: replays an op file through the book of module Engine. LoadTests/run-ops compiles it together with Engine's sources.
@main enum RunOps {
    static func main() {
        do throws(Complaint) {
            let arguments = CommandLine.arguments
            if arguments.count == 4, arguments[1] == "--compare", let rounds = Int(arguments[3]), rounds > 0 {
                exit(try Comparison(try OpFile(path: arguments[2]), rounds: rounds).run() ? 0 : 1)
            }
            guard arguments.count == 2 else { throw Complaint(description: "give one op file (try --help)") }
            exit(try run(path: arguments[1]) ? 0 : 1)
        } catch {
            let line = "run-ops: \(error)\n"
            _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(2)
        }
    }

    /// Prints the figures of a run; false if they are not the expected ones.
    static func run(path: String) throws(Complaint) -> Bool {
        let file = try OpFile(path: path)
        let expected = ExpectedOutcome(path: path + ".expected")
        var replay = try Replay(file)
        replay.apply(file.operations[..<file.setupCount])
        let start = nanoseconds()
        replay.apply(file.operations[file.setupCount...])
        let elapsed = max(1, nanoseconds() - start)

        let count = file.operations.count - file.setupCount
        let figures = replay.figures()
        let hundredths = elapsed * 100 / UInt64(max(1, count))
        let rate = UInt64(Double(count) / Double(elapsed) * 1e9)
        print(
            "ops/s=\(rate) ns/op=\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) "
                + figures.map { "\($0.name)=\($0.value)" }.joined(separator: " "))
        guard let expected else {
            print("nothing to compare with: there is no \(path).expected")
            return true
        }
        let compared = figures.filter { expected.figures[$0.name] != nil }
        guard !compared.isEmpty else { throw Complaint(description: "\(path).expected names none of the figures above") }
        let different = compared.filter { expected.figures[$0.name] != $0.value }
        for figure in different { print("DIFFERENT: \(figure.name)=\(figure.value), expected \(expected.figures[figure.name] ?? "")") }
        if different.isEmpty { print("as expected: \(compared.map(\.name).joined(separator: ", "))") }
        return different.isEmpty
    }

    static func nanoseconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// What a file's generator says must come out: words of the form name=value.
struct ExpectedOutcome {
    private(set) var figures: [String: String] = [:]

    /// Nil if there is no file at `path`.
    init?(path: String) {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var text: [UInt8] = []
        while case let byte = getc(file), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
        for word in String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { figures[String(parts[0])] = String(parts[1]) }
        }
    }
}
