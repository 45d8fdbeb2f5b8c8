import Foundation

/// Prints results: tables for people, lines of JSON for machines. Only one of the two texts is made.
struct Output {
    let isJSON: Bool

    /// Throws ``OutputFailure`` if not all of it could be written: whoever reads a cut-off result must not take it for the whole.
    func show(_ json: @autoclosure () throws -> JSON, _ text: @autoclosure () throws -> String) throws {
        try Self.write((isJSON ? try json().line : try text()) + "\n", to: STDOUT_FILENO)
    }

    /// Writes all of `text` or throws.
    static func write(_ text: String, to descriptor: Int32) throws(OutputFailure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OutputFailure(errorNumber: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether nobody reads what is printed any more, as behind `| head -1`.
    static func isAbandoned() -> Bool {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&descriptor, 1, 0) > 0 && descriptor.revents & Int16(POLLERR | POLLNVAL) != 0
    }

    /// Tells people on stderr how it goes; machines hear nothing.
    func progress(_ text: String) {
        if !isJSON { ExitStatus.say(text) }
    }
}

/// The result could not be printed, for example because the disk is full. What the command did is done.
struct OutputFailure: Error, CustomStringConvertible {
    let errorNumber: Int32

    var description: String { "done, but the result could not be printed: \(String(cString: strerror(errorNumber)))" }
}
