import Foundation

/// The adapter as the harness sees it: a shared library with C functions. Sendable because its one field never changes.
struct AdapterLibrary: @unchecked Sendable {
    typealias Push = @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer) -> Int32

    /// The harness's table of a queue's functions.
    struct Transport {
        var create: (@convention(c) (UInt32) -> UnsafeMutableRawPointer?)?
        var push: Push?
        var drain: (@convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer, UInt32) -> UInt32)?
        var flush: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
        var destroy: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
    }

    private let handle: UnsafeMutableRawPointer

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Builds the library as the README says, and loads it.
    init() throws {
        let output = FileManager.default.temporaryDirectory.appending(path: "memex-harness-\(UUID().uuidString).so")
        defer { try? FileManager.default.removeItem(at: output) }
        let (status, message) = try Self.runScript([output.path])
        guard status == 0 else { throw Failure(message: message) }
        guard let handle = dlopen(output.path, RTLD_NOW | RTLD_LOCAL) else { throw Failure(message: String(cString: dlerror())) }
        self.handle = handle
    }

    struct Failure: Error { let message: String }

    /// Runs the build script; returns its exit status and what it printed.
    static func runScript(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = root.appending(path: "LoadTests/build-harness-adapter")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private func symbol<Function>(_ name: String, as: Function.Type) -> Function {
        guard let address = dlsym(handle, "engine_\(name)") else { fatalError("the adapter has no engine_\(name)") }
        return unsafeBitCast(address, to: Function.self)
    }

    // MARK: What the harness calls

    var transport: UnsafePointer<Transport> {
        symbol("get_transport", as: (@convention(c) () -> UnsafeRawPointer).self)().assumingMemoryBound(to: Transport.self)
    }

    func initialize(_ transport: UnsafePointer<Transport>, _ queue: UnsafeMutableRawPointer?) {
        symbol("init", as: (@convention(c) (UInt64, UnsafeRawPointer?, UnsafeMutableRawPointer?) -> Void).self)(7, transport, queue)
    }

    func shutDown() { symbol("shutdown", as: (@convention(c) () -> Void).self)() }
    func flush() { symbol("flush", as: (@convention(c) () -> Void).self)() }

    func handle(_ message: HarnessMessage, sequence: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { record in
            let name = ["new_order", "cancel", "modify"][Int(Self.write(message, sequence: sequence, to: record.baseAddress!))]
            symbol("on_\(name)", as: (@convention(c) (UnsafeRawPointer) -> Void).self)(record.baseAddress! + 8)
        }
    }

    func handle(batch messages: [HarnessMessage], firstSequence: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 40 * messages.count, alignment: 8) { records in
            for (index, message) in messages.enumerated() {
                _ = Self.write(message, sequence: firstSequence + UInt64(index), to: records.baseAddress! + 40 * index)
            }
            symbol("on_batch", as: (@convention(c) (UnsafeRawPointer, UInt32) -> Void).self)(records.baseAddress!, UInt32(messages.count))
        }
    }

    var bestBid: Int64 { symbol("query_best_bid", as: (@convention(c) () -> Int64).self)() }
    var bestAsk: Int64 { symbol("query_best_ask", as: (@convention(c) () -> Int64).self)() }
    func depth(ticks: Int64, isSell: Bool) -> UInt64 {
        symbol("query_depth_at", as: (@convention(c) (Int64, UInt8) -> UInt64).self)(ticks, isSell ? 1 : 0)
    }

    // MARK: Its records

    /// Writes a tagged message (40 bytes); returns the tag.
    private static func write(_ message: HarnessMessage, sequence: UInt64, to record: UnsafeMutableRawPointer) -> UInt8 {
        record.initializeMemory(as: UInt8.self, repeating: 0, count: 40)
        func put(_ tag: UInt8, _ id: UInt64, _ ticks: Int64 = 0, _ quantity: UInt32 = 0, isSell: Bool = false, isImmediate: Bool = false)
            -> UInt8
        {
            record.storeBytes(of: tag, as: UInt8.self)
            record.storeBytes(of: id, toByteOffset: 8, as: UInt64.self)
            record.storeBytes(of: sequence, toByteOffset: 16, as: UInt64.self)
            guard tag != 1 else { return tag }
            record.storeBytes(of: ticks, toByteOffset: 24, as: Int64.self)
            record.storeBytes(of: quantity, toByteOffset: 32, as: UInt32.self)
            record.storeBytes(of: isSell ? 1 : 0, toByteOffset: 36, as: UInt8.self)
            record.storeBytes(of: isImmediate ? 1 : 0, toByteOffset: 37, as: UInt8.self)
            return tag
        }
        switch message {
        case .newOrder(let id, let ticks, let quantity, let isSell, let isImmediate):
            return put(0, id, ticks, quantity, isSell: isSell, isImmediate: isImmediate)
        case .cancel(let id): return put(1, id)
        case .modify(let id, let ticks, let quantity, let isSell): return put(2, id, ticks, quantity, isSell: isSell)
        }
    }

    /// Reads a report (64 bytes) as far as its kind carries something.
    static func report(at record: UnsafeRawPointer) -> HarnessReport {
        func word(_ offset: Int) -> UInt64 { record.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
        var report = HarnessReport(kind: record.load(as: UInt8.self), sequence: word(8))
        if report.kind != 1 { report.orderId = word(16) }
        if [0, 2, 3].contains(report.kind) { report.isSell = record.load(fromByteOffset: 1, as: UInt8.self) == 1 }
        if report.kind <= 3 { report.ticks = Int64(bitPattern: word(24)) }
        if [0, 1, 3].contains(report.kind) { report.quantity = record.load(fromByteOffset: 32, as: UInt32.self) }
        if report.kind == 1 { (report.makerId, report.takerId) = (word(40), word(48)) }
        return report
    }
}
