import Foundation

/// Prints results: tables for people, lines of JSON for machines. Only one of the two texts is made.
struct Output {
    let isJSON: Bool

    func show(_ json: @autoclosure () -> JSON, _ text: @autoclosure () -> String) {
        print(isJSON ? json().line : text())
        fflush(nil)
    }

    /// Tells people on stderr how it goes; machines hear nothing.
    func progress(_ text: String) {
        if !isJSON { ExitStatus.say(text) }
    }
}
