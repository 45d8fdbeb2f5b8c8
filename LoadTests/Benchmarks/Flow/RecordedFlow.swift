import Foundation

/// Recorded order flow as operations on a book: what `conv_lobster.py` and `lobops` of the op files' author do, in one go.
///
/// An execution of a resting order becomes an immediate-or-cancel order from the other side at its price, for what the book has there; a partial cancel
/// becomes a cancel and an add of the rest; orders that were there before the recording are the prefill. Each session ends with cancels of
/// all that still rests, so sessions can follow each other.
package struct RecordedFlow {
    /// How a recording is written.
    package enum Format: Sendable {
        /// `seconds,type,id,quantity,price in 1/10000 dollar,direction`.
        case lobster
        /// `id,time,exchange's time,price,volume in satoshi,created | changed | deleted,bid | ask`.
        case bitstamp
    }

    private enum Change {
        case add(id: UInt64, side: UInt8, tick: Int32, lots: UInt32)
        case shrink(id: UInt64, lots: UInt32)
        case delete(id: UInt64)
        case execute(id: UInt64, lots: UInt32)
    }

    private var before: [Change] = []
    private var changes: [Change] = []

    /// Unpacks and reads `path`.
    package init(xzFile path: String, format: Format) throws {
        try self.init(text: try Self.unpack(path), format: format, name: path)
    }

    /// Reads a recording; `name` is for its error messages.
    init(text: String, format: Format, name: String) throws {
        var recording = Recording()
        for line in text.split(separator: "\n") where line.first?.isNumber == true {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let good = format == .lobster ? recording.readLobster(fields) : recording.readBitstamp(fields)
            guard good else { throw FlowError.badRecord(file: name, line: String(line)) }
        }
        changes = recording.changes
        before = recording.beforeIds.map { id in
            let order = recording.before[id]!
            return .add(id: id, side: order.side, tick: order.tick, lots: order.lots)
        }
    }

    static func unpack(_ path: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["xz", "-dc", path]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw FlowError.decompressorFailed(path) }
        return String(decoding: data, as: UTF8.self)
    }

    /// Operations of so many whole sessions that there are at least `count` of them; none if the recording has none that can be used.
    package func stream(count: Int) -> OperationStream {
        var player = Player()
        var before = -1
        while player.stream.operations.count < count, player.stream.operations.count > before {
            before = player.stream.operations.count
            player.play(self.before, changes)
        }
        return player.stream
    }

    /// Lines in, changes out.
    private struct Recording {
        /// Orders that were there before the recording: what they must have had.
        var before: [UInt64: (side: UInt8, tick: Int32, lots: UInt32)] = [:]
        /// Their ids in the order in which the recording names them.
        var beforeIds: [UInt64] = []
        var changes: [Change] = []
        private var seen: Set<UInt64> = []
        /// Lots left of orders, where records tell those and not what was traded.
        private var left: [UInt64: UInt32] = [:]

        mutating func readLobster(_ fields: [Substring]) -> Bool {
            guard fields.count >= 6, let type = Int(fields[1]), let id = UInt64(fields[2]), let lots = UInt32(fields[3]),
                let price = Int32(fields[4])
            else { return false }
            let tick = price / 100
            guard tick >= 40_000, tick <= 65_000 else { return true }
            let side: UInt8 = fields[5] == "1" ? 0 : 1
            switch type {
            case 1:
                seen.insert(id)
                changes.append(.add(id: id, side: side, tick: tick, lots: lots))
            case 2...4 where id != 0:
                if seen.insert(id).inserted { wasBefore(id, side, tick, 0) }
                before[id]?.lots += lots
                changes.append(type == 2 ? .shrink(id: id, lots: lots) : type == 3 ? .delete(id: id) : .execute(id: id, lots: lots))
            default: break  // executions of hidden orders, halts
            }
            return true
        }

        mutating func readBitstamp(_ fields: [Substring]) -> Bool {
            guard fields.count == 7, let id = UInt64(fields[0]), let price = Double(fields[3]), let volume = UInt64(fields[4]) else {
                return false
            }
            let tick = Int32((price * 100).rounded())
            guard tick >= 15_000, tick <= 40_000 else { return true }
            let lots = UInt32((volume + 999) / 1000)
            let side: UInt8 = fields[6] == "bid" ? 0 : 1
            switch fields[5] {
            case "created":
                guard lots > 0 else { break }
                seen.insert(id)
                left[id] = lots
                changes.append(.add(id: id, side: side, tick: tick, lots: lots))
            case "changed":
                guard let had = left[id], had > lots else { break }
                left[id] = lots
                changes.append(.execute(id: id, lots: had - lots))
            default:
                if seen.insert(id).inserted { wasBefore(id, side, tick, max(lots, 1)) }
                if lots == 0, let had = left[id], had > 0 {
                    left[id] = 0
                    changes.append(.execute(id: id, lots: had))
                } else {
                    changes.append(.delete(id: id))
                }
            }
            return true
        }

        private mutating func wasBefore(_ id: UInt64, _ side: UInt8, _ tick: Int32, _ lots: UInt32) {
            before[id] = (side, tick, lots)
            beforeIds.append(id)
        }
    }

    /// Changes in, operations out, with a book to know what is still there.
    private struct Player {
        var stream = OperationStream()
        private let book = NaiveBook()
        private var numbers: [UInt64: UInt64] = [:]

        mutating func play(_ before: [Change], _ changes: [Change]) {
            numbers.removeAll(keepingCapacity: true)
            for case .add(let id, let side, let tick, let lots) in before {
                // Nobody knows when these came, so they must not cross.
                let own: NaiveSide = side == 0 ? .buy : .sell
                if let best = book.bestPrice(own.opposite), own.accepts(best, limit: UInt32(tick)) { continue }
                add(id, side, tick, lots)
            }
            if stream.prefillCount == 0 { stream.prefillCount = stream.operations.count }
            for change in changes { play(change) }
            for order in book.all { cancel(order) }
            stream.sessionEnds.append(stream.operations.count)
        }

        private mutating func play(_ change: Change) {
            switch change {
            case .add(let id, let side, let tick, let lots): add(id, side, tick, lots)
            case .delete(let id):
                if let order = resting(id) { cancel(order) }
            case .shrink(let id, let lots):
                guard let order = resting(id) else { return }
                cancel(order)
                if order.lots > UInt64(lots) {
                    add(id, order.side == .buy ? 0 : 1, Int32(order.price), UInt32(order.lots) - lots)
                }
            case .execute(let id, let lots):
                guard let order = resting(id) else { return }
                var there: UInt64 = 0
                book.forEach(order.side) { other in
                    guard order.side.opposite.accepts(other.price, limit: order.price), there < UInt64(lots) else { return false }
                    there += other.lots
                    return true
                }
                send(Operation.Kind.take, order.side == .buy ? 1 : 0, Int32(order.price), UInt32(min(UInt64(lots), there)))
            }
        }

        private func resting(_ id: UInt64) -> NaiveOrder? { numbers[id].flatMap { book.order($0) } }

        private mutating func add(_ id: UInt64, _ side: UInt8, _ tick: Int32, _ lots: UInt32) {
            let left = send(Operation.Kind.add, side, tick, lots)
            numbers[id] = stream.idMax
            guard left > 0 else { return }
            book.rest(NaiveOrder(number: stream.idMax, account: 0, side: side == 0 ? .buy : .sell, price: UInt32(tick), lots: left))
        }

        private mutating func cancel(_ order: NaiveOrder) {
            let side: UInt8 = order.side == .buy ? 0 : 1
            stream.operations.append(Operation(id: order.number, tick: 0, lots: 0, kind: Operation.Kind.cancel, side: side))
            _ = book.remove(order.number)
        }

        /// Appends an order and fills what it can; returns the lots left.
        @discardableResult
        private mutating func send(_ kind: UInt8, _ side: UInt8, _ tick: Int32, _ lots: UInt32) -> UInt64 {
            stream.idMax += 1
            stream.operations.append(Operation(id: stream.idMax, tick: tick, lots: lots, kind: kind, side: side))
            return book.fill(side == 0 ? .buy : .sell, limit: UInt32(tick), lots: UInt64(lots)) { _, _, _ in }
        }
    }
}
