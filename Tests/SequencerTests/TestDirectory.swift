import CSQLite
import Engine
import Foundation
import Testing

@testable import Sequencer

/// A fresh directory that vanishes with the value.
struct TestDirectory: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("memex-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

extension DeploymentIdentity {
    static let test = DeploymentIdentity(chainId: 31337, rollup: .numbered(0xAA), genesis: .numbered(7))
}

extension Address {
    static func numbered(_ number: UInt32) -> Address {
        var address = Address()
        address.word0 = 0x4D_4D_4D_4D
        address.word4 = number.bigEndian
        return address
    }
}

extension Hash256 {
    /// A big-endian ABI word.
    static func numbered(_ number: UInt64) -> Hash256 {
        var hash = Hash256()
        hash.word3 = number.bigEndian
        return hash
    }
}

extension InboxMessage {
    init(kind: UInt64, a: Hash256 = .zero, b: UInt64 = 0, c: Hash256 = .zero, d: Hash256 = .zero) {
        self.init()
        self.kind = .numbered(kind)
        self.a = a
        self.b = .numbered(b)
        self.c = c
        self.d = d
    }

    static func deposit(owner: Address, token: UInt64, atoms: UInt64) -> InboxMessage {
        InboxMessage(kind: Kind.deposit, a: owner.word, b: token, c: .numbered(atoms))
    }

    static func token(id: UInt64, address: Address, decimals: UInt64) -> InboxMessage {
        InboxMessage(kind: Kind.tokenListed, a: address.word, b: id, c: .numbered(decimals | 9 << 8))
    }

    static func market(id: UInt64, feeOwner: Address, base: UInt64, quote: UInt64, lotExponent: UInt64) -> InboxMessage {
        var c = Hash256()
        c.word3 = (base | quote << 32).bigEndian
        c.word2 = (lotExponent | UInt64(2) << 8 | UInt64(5) << 24).bigEndian
        return InboxMessage(kind: Kind.marketListed, a: feeOwner.word, b: id, c: c)
    }
}

extension Address {
    /// As an ABI word.
    var word: Hash256 {
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in 0..<20 { bytes[12 + index] = self[index] }
        return bytes.withUnsafeBytes { Hash256(loadingFrom: $0.baseAddress!) }
    }
}

/// Runs SQL behind the back of the code under test.
func tamper(_ path: String, _ sql: String) throws {
    var handle: OpaquePointer?
    #expect(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    defer { sqlite3_close_v2(handle) }
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    try #require(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle)))")
}
