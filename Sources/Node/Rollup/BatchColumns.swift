import Engine

/// The columns of a batch being written.
struct BatchColumns {
    private var columns = [[UInt8]](repeating: [], count: BatchFormat.Column.count)

    /// Bytes of all columns.
    private(set) var byteCount = 0

    mutating func append(byte: UInt8, to column: Int) {
        columns[column].append(byte)
        byteCount += 1
    }

    mutating func append(bytes: UnsafeRawBufferPointer, to column: Int) {
        columns[column].append(contentsOf: bytes)
        byteCount += bytes.count
    }

    mutating func append(varint value: UInt64, to column: Int) {
        byteCount += Self.append(varint: value, to: &columns[column])
    }

    /// The lengths that the counts do not give, then the columns.
    func write(to bytes: inout [UInt8]) {
        for (column, content) in columns.enumerated() where BatchFormat.Column.hasLength(column) {
            Self.append(varint: UInt64(content.count), to: &bytes)
        }
        for content in columns { bytes.append(contentsOf: content) }
    }

    /// Appends LEB128 and returns its length.
    @discardableResult
    static func append(varint value: UInt64, to bytes: inout [UInt8]) -> Int {
        var rest = value
        var count = 1
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
            count += 1
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
        return count
    }
}
