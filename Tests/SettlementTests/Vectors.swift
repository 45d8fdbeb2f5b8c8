import Foundation

@testable import Settlement

/// Golden values of Tests/Vectors, made by other people's implementations.
enum Vectors {
    static func load(_ name: String) throws -> JSONValue {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Vectors/\(name).json")
        return try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
    }
}

struct MissingText: Error {}

/// The text of a value that must be one.
func text(_ value: JSONValue?) throws -> String {
    guard let text = value?.text else { throw MissingText() }
    return text
}
