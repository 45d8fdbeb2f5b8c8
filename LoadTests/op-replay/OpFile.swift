import Glibc

/// One record of an op file: 24 bytes, little-endian.
struct Operation: BitwiseCopyable {
    enum Kind {
        static let add: UInt8 = 0
        static let cancel: UInt8 = 1
        static let immediateOrCancel: UInt8 = 2
    }
    var id: UInt64
    /// In ticks; the limit of an order, 0 of a cancel.
    var price: Int32
    var quantity: UInt32
    /// A ``Kind``.
    var kind: UInt8
    /// 0 buy, 1 sell.
    var side: UInt8
    var reserved16: UInt16
    var reserved32: UInt32
}

/// A sentence for whoever ran the command.
struct Complaint: Error, CustomStringConvertible {
    let description: String
}

/// An op file in memory, checked: every id, price, side and size of it can be handed to the book.
///
/// | offset | header, 64 bytes |
/// | --- | --- |
/// | 0 | "PEEROPS1" |
/// | 8 | version, u32: 1 |
/// | 12 | bytes of a record, u32: 24 |
/// | 16 | records, u64 |
/// | 24 | records at the beginning that only set the book up and are not timed, u64 |
/// | 32 | seed, u64 |
/// | 40 | lowest and highest price in ticks, 2 x i32 |
/// | 48 | highest id, u64 |
/// | 56 | zero |
struct OpFile {
    let operations: UnsafeBufferPointer<Operation>
    let setupCount: Int
    let priceMin: Int32
    let priceMax: Int32
    let idMax: Int

    /// Reads and checks the file at `path`.
    init(path: String) throws(Complaint) {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Complaint(description: "cannot open \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Complaint(description: "\(path) is no file")
        }
        let byteCount = Int(status.st_size)
        guard byteCount >= 64 else {
            throw Complaint(description: "\(path) has \(byteCount) bytes, less than the header of an op file (64)")
        }
        let mapping = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE | Int32(MAP_POPULATE), descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw Complaint(description: "cannot map \(path): \(String(cString: strerror(errno)))")
        }
        guard memcmp(mapping, "PEEROPS1", 8) == 0 else {
            throw Complaint(description: "\(path) is no op file: it does not begin with PEEROPS1")
        }
        let version = mapping.load(fromByteOffset: 8, as: UInt32.self)
        let recordBytes = mapping.load(fromByteOffset: 12, as: UInt32.self)
        guard version == 1, recordBytes == 24 else {
            throw Complaint(description: "\(path) has version \(version) with records of \(recordBytes) bytes; known is version 1 with 24")
        }
        let count = mapping.load(fromByteOffset: 16, as: UInt64.self)
        guard count == UInt64(byteCount - 64) / 24, (byteCount - 64) % 24 == 0 else {
            throw Complaint(
                description:
                    "\(path) says that it has \(count) records, but has room for \((byteCount - 64) / 24) and \((byteCount - 64) % 24) bytes"
            )
        }
        let setup = mapping.load(fromByteOffset: 24, as: UInt64.self)
        guard setup <= count else { throw Complaint(description: "\(path): \(setup) of \(count) records are to set up") }
        let idMax = mapping.load(fromByteOffset: 48, as: UInt64.self)
        guard idMax < UInt64(UInt32.max) else { throw Complaint(description: "\(path): the highest id \(idMax) does not fit 32 bits") }
        operations = UnsafeBufferPointer(start: (mapping + 64).assumingMemoryBound(to: Operation.self), count: Int(count))
        setupCount = Int(setup)
        priceMin = mapping.load(fromByteOffset: 40, as: Int32.self)
        priceMax = mapping.load(fromByteOffset: 44, as: Int32.self)
        self.idMax = Int(idMax)
        guard priceMin <= priceMax, Int(priceMax) - Int(priceMin) < Int(PriceCode.count) else {
            throw Complaint(
                description: "\(path): prices from \(priceMin) to \(priceMax) ticks; a book has room for \(PriceCode.count) of them")
        }
        try check(path)
    }

    private func check(_ path: String) throws(Complaint) {
        for (position, operation) in operations.enumerated() {
            func fault(_ text: String) -> Complaint { Complaint(description: "\(path): record \(position + 1) \(text)") }
            guard operation.id >= 1, operation.id <= UInt64(idMax) else { throw fault("has id \(operation.id), not in 1...\(idMax)") }
            guard operation.kind <= Operation.Kind.immediateOrCancel, operation.side <= 1 else {
                throw fault("has type \(operation.kind) and side \(operation.side); known are types 0 to 2, sides 0 and 1")
            }
            guard operation.kind != Operation.Kind.cancel else { continue }
            guard operation.price >= priceMin, operation.price <= priceMax else {
                throw fault("has price \(operation.price), not in \(priceMin)...\(priceMax) as the header says")
            }
            guard operation.quantity > 0 else { throw fault("has quantity 0") }
        }
    }
}
