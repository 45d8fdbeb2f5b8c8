import Foundation

extension OperationStream {
    /// Reads an op file: 64 bytes of header (`PEEROPS1`, u32 version 1, u32 record size 24, u64 records, u64 of them prefill, u64 seed, i32 lowest
    /// and highest tick, u64 highest id), then ``Operation`` records, all little-endian. Takes the trades' digest from `FILE.expected` if there is one.
    package static func read(file path: String) throws -> OperationStream {
        let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        return try data.withUnsafeBytes { bytes in
            guard bytes.count >= 64, bytes.prefix(8).elementsEqual("PEEROPS1".utf8),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self) == 1, bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self) == 24
            else { throw FlowError.notOperations(path) }
            let count = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
            guard UInt64(bytes.count - 64) / 24 >= count else { throw FlowError.notOperations(path) }
            let records = UnsafeRawBufferPointer(rebasing: bytes[64..<64 + Int(count) * 24])
            var stream = OperationStream()
            stream.prefillCount = Int(bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            stream.idMax = bytes.loadUnaligned(fromByteOffset: 48, as: UInt64.self)
            stream.operations = records.withMemoryRebound(to: Operation.self) { Array($0) }
            stream.expected = expectation(beside: path)
            return stream
        }
    }

    private static func expectation(beside path: String) -> TradeDigest? {
        guard let text = try? String(contentsOfFile: path + ".expected", encoding: .utf8) else { return nil }
        var trades: UInt64?
        var hash: UInt64?
        for field in text.split(whereSeparator: \.isWhitespace) {
            if field.hasPrefix("trades=") { trades = UInt64(field.dropFirst(7)) }
            if field.hasPrefix("hash=") { hash = UInt64(field.dropFirst(5), radix: 16) }
        }
        guard let trades, let hash else { return nil }
        return TradeDigest(trades: trades, hash: hash)
    }
}

/// Flow that cannot be read.
package enum FlowError: Error, CustomStringConvertible {
    case notOperations(String)
    case badRecord(file: String, line: String)
    case decompressorFailed(String)
    case nothingToSend(String)

    package var description: String {
        switch self {
        case .notOperations(let path): "\(path) is no op file (PEEROPS1, version 1, whole records)"
        case .badRecord(let file, let line): "\(file): cannot read the record `\(line)`"
        case .nothingToSend(let path): "\(path) has no order at prices that are replayed (LOBSTER 400 to 650 dollars, Bitstamp 150 to 400)"
        case .decompressorFailed(let path): "xz could not unpack \(path); is it installed (Debian: xz-utils)?"
        }
    }
}
