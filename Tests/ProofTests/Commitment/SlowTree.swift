import Engine

/// The state tree as its definition reads: recursive, from the cells that are not zero. Shares nothing with ``StateTree`` but keccak.
struct SlowTree {
    private(set) var cells: [UInt32: [UInt8]] = [:]

    mutating func set(_ index: UInt32, _ bytes: [UInt8]) {
        cells[index] = bytes.allSatisfy { $0 == 0 } ? nil : bytes
    }

    func root() -> Hash256 { hash(height: 29, of: cells.keys.sorted()[...], from: 0) }

    func path(_ index: UInt32) -> [Hash256] {
        let indices = cells.keys.sorted()
        return (0..<29).map { height in
            let first = (index >> UInt32(height) ^ 1) << UInt32(height)
            let inside = indices.filter { $0 >> UInt32(height) == first >> UInt32(height) }
            return hash(height: height, of: inside[...], from: first)
        }
    }

    private static let zeros: [Hash256] = {
        var zeros = [hash([UInt8](repeating: 0, count: 64))]
        for _ in 0..<29 { zeros.append(hash(bytes(zeros[zeros.count - 1]) + bytes(zeros[zeros.count - 1]))) }
        return zeros
    }()

    private func hash(height: Int, of indices: ArraySlice<UInt32>, from first: UInt32) -> Hash256 {
        if indices.isEmpty { return Self.zeros[height] }
        if height == 0 { return Self.hash(cells[first] ?? []) }
        let middle = first + 1 << UInt32(height - 1)
        let split = indices.firstIndex { $0 >= middle } ?? indices.endIndex
        let left = hash(height: height - 1, of: indices[..<split], from: first)
        let right = hash(height: height - 1, of: indices[split...], from: middle)
        return Self.hash(Self.bytes(left) + Self.bytes(right))
    }

    private static func hash(_ bytes: [UInt8]) -> Hash256 { bytes.withUnsafeBytes { Keccak256.hash($0) } }
    private static func bytes(_ hash: Hash256) -> [UInt8] { withUnsafeBytes(of: hash) { Array($0) } }
}
