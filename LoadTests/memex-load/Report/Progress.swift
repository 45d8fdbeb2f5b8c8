import Foundation

/// Lines on standard error that tell how far a measurement is.
enum Progress {
    /// Whether anything is said; set before the first line, by the command's `--quiet`.
    nonisolated(unsafe) static var isOn = true

    static func line(_ text: String) {
        if isOn { FileHandle.standardError.write(Data("memex-load: \(text)\n".utf8)) }
    }
}
