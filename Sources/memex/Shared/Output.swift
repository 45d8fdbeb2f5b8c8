import Foundation

/// Prints results: tables for people, lines of JSON for machines. Only one of the two texts is made.
struct Output {
    let isJSON: Bool

    func show(_ json: @autoclosure () throws -> JSON, _ text: @autoclosure () throws -> String) rethrows {
        print(isJSON ? try json().line : try text())
        fflush(nil)
    }

    /// Tells people on stderr how it goes; machines hear nothing.
    func progress(_ text: String) {
        if !isJSON { ExitStatus.say(text) }
    }
}
