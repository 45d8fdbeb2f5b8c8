import Engine
import Foundation

/// A private key on disk: `0x`, 64 hexadecimal digits and a line feed, readable by its owner alone (mode 0600). Not encrypted.
package enum KeyFile {
    /// Writes a new file; an existing one is never overwritten.
    package static func write(_ key: PrivateKey, to path: String) throws(KeyFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST ? .alreadyExists(path) : .cannotWrite(path, errorNumber: errno)
        }
        defer { close(descriptor) }
        // The umask can only have taken bits away; say exactly what is meant.
        guard fchmod(descriptor, 0o600) == 0 else { throw .cannotWrite(path, errorNumber: errno) }
        let text = Array((key.secretHex + "\n").utf8)
        guard Glibc.write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
            let errorNumber = errno
            unlink(path)
            throw .cannotWrite(path, errorNumber: errorNumber)
        }
    }

    /// Reads a key. A file that others may read or write is refused, since its key must be taken for stolen.
    package static func read(_ path: String) throws(KeyFileError) -> PrivateKey {
        // A pipe without a writer must not hold anybody up.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .notFound(path) : .cannotRead(path, errorNumber: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .cannotRead(path, errorNumber: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path) }
        guard status.st_mode & 0o077 == 0 else { throw .openToOthers(path, mode: UInt16(status.st_mode & 0o777)) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .cannotRead(path, errorNumber: errno) }
        let text = String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        do { return try PrivateKey(hex: text) } catch { throw .notAKey(path, error) }
    }
}

/// What is wrong with a key file.
package enum KeyFileError: Error, Equatable, CustomStringConvertible {
    case notFound(String)
    case alreadyExists(String)
    case openToOthers(String, mode: UInt16)
    case notAFile(String)
    case notAKey(String, KeyError)
    case cannotRead(String, errorNumber: Int32)
    case cannotWrite(String, errorNumber: Int32)

    package var description: String {
        switch self {
        case .notFound(let path): "no key file at \(path); `memex keys new` makes one"
        case .alreadyExists(let path): "\(path) exists already and a key is never overwritten; choose another path"
        case .openToOthers(let path, let mode):
            "\(path) has mode \(String(mode, radix: 8)): others could have read the key; if you still trust it, `chmod 600 \(path)`"
        case .notAFile(let path): "\(path) is no file; a key is in a file of its own, which `memex keys new FILE` makes"
        case .notAKey(let path, let error): "\(path) holds no key: \(error)"
        case .cannotRead(let path, let errorNumber): "cannot read \(path): \(String(cString: strerror(errorNumber)))"
        case .cannotWrite(let path, let errorNumber): "cannot write \(path): \(String(cString: strerror(errorNumber)))"
        }
    }
}
