import Foundation
import Signing

/// A file with a private key on each line.
enum KeyList {
    static func read(_ path: String) throws -> [PrivateKey] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let keys = try text.split(whereSeparator: \.isNewline).map { try PrivateKey(hex: $0.trimmingCharacters(in: .whitespaces)) }
        guard keys.count > 1 else { throw LoadFailure("\(path) must hold at least two keys, one on each line.") }
        return keys
    }
}
