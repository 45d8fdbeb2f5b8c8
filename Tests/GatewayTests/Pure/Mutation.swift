import SeededRandom

/// Changes, cuts, repeats and inserts bytes.
func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let at = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
        case 2 where at < bytes.count: bytes.remove(at: at)
        case 3: bytes.removeLast(bytes.count - at)
        default: bytes.insert(contentsOf: bytes[at...].prefix(20), at: at)
        }
    }
    return bytes
}
