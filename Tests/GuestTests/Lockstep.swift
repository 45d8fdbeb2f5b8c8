import Engine
import Foundation
import Proof
import RandomStreams
import Testing

/// The host's exchange and the guest side by side: every call goes to both, and of every call the reject code, all events and all cells that
/// the host has written must be the same bytes. At the end all pages of both arenas must be.
final class Lockstep {
    let host: HostedExchange
    private let guest: GuestProcess
    /// Calls that the guest has been sent but not been asked about.
    private var sent: Group?
    private var open = Group()
    private(set) var callCount = 0
    private(set) var eventCount = 0
    private(set) var cellCount = 0

    /// Calls in the guest's encoding (`differential.c`) and the answers that the host would give.
    private struct Group {
        var request: [UInt8] = []
        var expected: [UInt8] = []
        /// For each call what it was, where its answer starts, and the cells asked for.
        var calls: [(call: EngineCall, answer: Int, cells: [UInt32])] = []
    }

    /// Both as if `withdrawalCount` withdrawals had been recorded.
    init(withdrawalCount: UInt64) throws {
        host = try HostedExchange()
        guest = try GuestProcess()
        for arena in [host.arenaBytes, guest.arena.base] {
            (arena + Layout.header).assumingMemoryBound(to: StateHeader.self).pointee.withdrawalCount = withdrawalCount
        }
    }

    /// Makes the call on the host and hands its events to `observe`; compares with the guest some calls later. Throws when they differ.
    func perform(_ call: EngineCall, observe: (UnsafeBufferPointer<Event>) -> Void) throws {
        host.exchange.clearEvents()
        let code = host.exchange.perform(call)
        let events = host.exchange.events
        observe(events)
        let answer = open.expected.count
        withUnsafeBytes(of: (UInt32(code.rawValue), UInt32(events.count))) { open.expected.append(contentsOf: $0) }
        open.expected.append(contentsOf: UnsafeRawBufferPointer(events))
        var cells: [UInt32] = []
        var bytes: [UInt8] = []
        host.exchange.drainDirtyCells { cell, contents in
            cells.append(cell)
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: contents, count: Layout.cellBytes))
        }
        open.expected += bytes
        open.request += Self.encode(call, cells: cells)
        open.calls.append((call, answer, cells))
        callCount += 1
        eventCount += events.count
        cellCount += cells.count
        if open.request.count > 1 << 17 { try exchangeGroups() }
    }

    /// Compares what has been sent, and sends what has come together since: so both sides work at the same time, and neither waits for the other
    /// with a full pipe, because the guest reads a whole group before it answers.
    private func exchangeGroups() throws {
        try compare()
        guard !open.calls.isEmpty else { return }
        try #require(guest.send(open.request), "the guest has stopped before call \(callCount - open.calls.count)")
        sent = open
        open = Group()
    }

    private func compare() throws {
        guard let group = sent else { return }
        sent = nil
        let actual = guest.receive(group.expected.count)
        guard actual != group.expected else { return }
        let position = zip(actual, group.expected).firstIndex(of: !=) ?? actual.count
        let index = group.calls.lastIndex { $0.answer <= position } ?? 0
        let number = callCount - open.calls.count - group.calls.count + index
        let (call, answer, cells) = group.calls[index]
        let eventCount = group.expected.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: answer + 4, as: UInt32.self)) }
        var place = "code or number of events"
        if position >= answer + 8 {
            let block = (position - answer - 8) / 64
            place = block < eventCount ? "event \(block) of \(eventCount)" : "cell \(String(cells[block - eventCount], radix: 16))"
        }
        let end = min(position + 64, group.expected.count)
        Issue.record(
            """
            call \(number): the guest differs in \(place), at byte \(position - answer) of its answer\(actual.count < group.expected.count ? ", or stopped" : "")
            host:  \(Self.hexadecimal(group.expected[position..<end]))
            guest: \(Self.hexadecimal(actual[position..<min(end, actual.count)]))
            \(call)
            """)
        throw Difference()
    }

    struct Difference: Error {}

    /// Compares what is left and then the whole arenas; the guest must end by itself. Returns the number of pages compared.
    func finish() throws -> Int {
        try exchangeGroups()
        try compare()
        let status = try guest.finish()
        #expect(status == 0, "the guest ended with status \(status)")
        let (cells, pages) = guest.arena.differences(from: host, limit: 10)
        #expect(cells.isEmpty, "cells differ: \(cells.map { String($0 * Layout.cellBytes, radix: 16) })")
        return pages
    }

    private static func encode(_ call: EngineCall, cells: [UInt32]) -> [UInt8] {
        var what: UInt32
        var body: [UInt8] = []
        switch call {
        case .beginBlock(let number, let timeMs):
            what = 1
            withUnsafeBytes(of: (number, timeMs)) { body += $0 }
        case .consume(let message):
            what = 2
            withUnsafeBytes(of: message) { body += $0 }
        case .execute(let signer, let nonce, let payload):
            what = 3
            withUnsafeBytes(of: nonce) { body += $0 }
            withUnsafeBytes(of: signer) { body += $0 }
            body += payload
        case .disconnect(let signer):
            what = 5
            withUnsafeBytes(of: signer) { body += $0 }
        }
        var bytes: [UInt8] = []
        withUnsafeBytes(of: (what, UInt32(body.count), UInt32(cells.count), UInt32(0))) { bytes += $0 }
        bytes += body
        cells.withUnsafeBytes { bytes += $0 }
        return bytes
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

extension Zip2Sequence {
    /// The position of the first pair for which `condition` holds.
    fileprivate func firstIndex(of condition: (Sequence1.Element, Sequence2.Element) -> Bool) -> Int? {
        var index = 0
        for (first, second) in self {
            if condition(first, second) { return index }
            index += 1
        }
        return nil
    }
}
