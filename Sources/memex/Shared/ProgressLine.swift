import Foundation
import Synchronization

/// How far something is, on stderr: one line that grows on a terminal, a plain line for every tenth elsewhere, nothing with --json.
final class ProgressLine: Sendable {
    private enum Style { case bar, lines, none }

    private static let width = 30
    private let style: Style
    private let lastTenth = Mutex(-1)

    init(_ output: Output) {
        style = output.isJSON ? .none : isatty(STDERR_FILENO) == 1 ? .bar : .lines
    }

    /// `text` says what is done, for example "batch 3 of 9".
    func show(_ done: UInt64, of total: UInt64, _ text: String) {
        guard total > 0 else { return }
        let share = min(1, Double(done) / Double(total))
        switch style {
        case .none: return
        case .bar:
            _ = isNext(share)
            let filled = Int(share * Double(Self.width))
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
            // Back to the line's start, and away with what a longer text left there.
            write("\r[\(bar)] \(text)\u{1B}[K")
        case .lines:
            if isNext(share) { write("\(text)\n") }
        }
    }

    /// Ends a bar's line, if there is one.
    func finish() {
        if style == .bar, lastTenth.withLock({ $0 >= 0 }) { write("\n") }
    }

    /// Whether another tenth is begun.
    private func isNext(_ share: Double) -> Bool {
        let tenth = Int(share * 10)
        return lastTenth.withLock { last in
            defer { last = max(last, tenth) }
            return tenth > last
        }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
