import Engine
import Signing
import Testing

@Suite struct TokenSymbolTests {
    @Test(arguments: ["A", "USDX", "~SIXTEEN!BORN!!~"])
    func textAndBack(text: String) throws {
        let symbol = try #require(TokenSymbol(text))
        #expect(symbol.isValid && symbol.text == text)
        #expect(withUnsafeBytes(of: symbol) { Array($0.prefix(text.utf8.count)) } == Array(text.utf8))
    }

    @Test(arguments: ["", "A B", "SEVENTEENCHARACTE", "é", "A\u{7F}", "A\0", "\n"])
    func noSymbols(text: String) { #expect(TokenSymbol(text) == nil) }

    @Test func whateverTheBytesThereIsAText() {
        #expect(TokenSymbol(word0: 0xFF41, word1: 0).text == "A?")
        #expect(TokenSymbol(word0: .max, word1: .max).text.count == 16)
    }
}
