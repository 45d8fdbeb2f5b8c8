import Engine
import Foundation
import Testing

@testable import Signing

@Suite struct KeyTests {
    @Test func `keys outside the group order are refused`() {
        #expect(throws: KeyError.outOfRange) { try PrivateKey(bytes: .zero) }
        #expect(throws: KeyError.outOfRange) { try PrivateKey(hex: SignatureTests.order) }
        #expect(throws: KeyError.notHex(.wrongByteCount(expected: 32, actual: 2))) { try PrivateKey(hex: "0xabcd") }
        #expect(throws: KeyError.notHex(.notADigit(position: 3))) { try PrivateKey(hex: "0xag") }
    }

    @Test func `descriptions do not show the secret`() throws {
        let key = PrivateKey.generate()
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains(key.secretHex.dropFirst(2)))
        }
        #expect("\(key)".contains(key.address.hex))
    }

    // Examples of EIP-55.
    @Test(arguments: [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7", "0xde709f2102306220921060314715629080e2fb77",
    ])
    func `addresses carry the checksum of EIP-55`(text: String) throws {
        let address = try Address(hex: text.lowercased())
        #expect(address.hex == text)
        #expect(try Address(checked: text) == address)
        #expect(try Address(checked: text.lowercased()) == address)
        #expect(try Address(checked: "0x" + text.dropFirst(2).uppercased()) == address)
    }

    @Test func `a mistyped checksum is caught`() {
        #expect(throws: HexError.badChecksum(expected: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")) {
            try Address(checked: "0x5aAeb6053f3E94C9b9A09f33669435E7Ef1BeAed")
        }
        #expect(throws: HexError.wrongByteCount(expected: 20, actual: 19)) {
            try Address(checked: "0x5aAeb6053f3E94C9b9A09f33669435E7Ef1BeA")
        }
    }

    @Test func `hex round trips and refuses what is not hex`() throws {
        #expect(try Hex.decode("0xDEADbeef") == [0xDE, 0xAD, 0xBE, 0xEF])
        #expect(try Hex.decode("") == [])
        #expect(Hex.encode([0, 0xA5]) == "0x00a5")
        #expect(throws: HexError.oddDigitCount(3)) { try Hex.decode("abc") }
        #expect(throws: HexError.notADigit(position: 1)) { try Hex.decode("aé0") }
        let hash = try Hash256(hex: "0x" + String(repeating: "0a", count: 32))
        #expect(hash.hex == "0x" + String(repeating: "0a", count: 32))
    }

    @Test func `key files are private and are never overwritten`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "memex-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "trader.key").path
        let key = PrivateKey.generate()

        #expect(throws: KeyFileError.notFound(path)) { try KeyFile.read(path) }
        try KeyFile.write(key, to: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try KeyFile.read(path).address == key.address)
        #expect(throws: KeyFileError.alreadyExists(path)) { try KeyFile.write(.generate(), to: path) }
        #expect(try KeyFile.read(path).address == key.address)

        chmod(path, 0o640)
        #expect(throws: KeyFileError.openToOthers(path, mode: 0o640)) { try KeyFile.read(path) }
        chmod(path, 0o600)
        try Data("not a key\n".utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
        #expect(throws: KeyFileError.self) { try KeyFile.read(path) }

        let pipe = folder.appending(path: "pipe").path
        mkfifo(pipe, 0o600)
        for path in [folder.path, "/dev/null", pipe] { #expect(throws: KeyFileError.notAFile(path)) { try KeyFile.read(path) } }
    }
}
