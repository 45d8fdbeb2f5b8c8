import Glibc
import Testing

@testable import Gateway

@Suite struct AddressLimitsTests {
    static let second: UInt64 = 1_000_000_000

    static func limits(_ adjust: (inout GatewayLimits) -> Void) -> AddressLimits {
        var limits = GatewayLimits()
        adjust(&limits)
        return AddressLimits(limits)
    }

    @Test func boundsConnections() throws {
        let table = Self.limits { $0.addressConnectionsMax = 2 }
        let (first, entry) = table.connect(.v4(1), at: 0)
        #expect(first == .serve && table.connect(.v4(1), at: 0).0 == .serve)
        #expect(table.connect(.v4(1), at: 0).0 == .explain(.tooManyConnections(open: 2, allowed: 2)))
        #expect(table.connect(.v4(2), at: 0).0 == .serve)
        // The one that was told why counts until it is gone.
        let known = try #require(entry)
        table.disconnect(known)
        #expect(table.connect(.v4(1), at: 0).0 == .explain(.tooManyConnections(open: 2, allowed: 2)))
        for _ in 0..<2 { table.disconnect(known) }
        #expect(table.connect(.v4(1), at: 0).0 == .serve)
    }

    @Test func boundsHandshakes() {
        let table = Self.limits { $0.addressHandshakes = Rate(perSecond: 1, burst: 3) }
        #expect((0..<5).map { _ in table.connect(.v6(7), at: 0).0 } == [.serve, .serve, .serve, .drop, .drop])
        #expect(table.connect(.v6(7), at: Self.second).0 == .serve)
    }

    @Test func badSignaturesShutAnAddressOutForAWhile() throws {
        let table = Self.limits {
            $0.addressBadSignatures = Rate(perSecond: 1, burst: 2)
            $0.addressRefusalMs = 5000
        }
        let entry = try #require(table.connect(.v4(9), at: 0).1)
        #expect((0..<4).map { _ in table.countBadSignature(entry, at: 0) } == [true, true, false, false])
        func refusal(seconds: UInt64) -> AddressLimits.Decision {
            .explain(.tooManyBadSignatures(Rate(perSecond: 1, burst: 2), retryAfterSeconds: seconds))
        }
        #expect(table.connect(.v4(9), at: 0).0 == refusal(seconds: 5))
        #expect(table.connect(.v4(9), at: 3 * Self.second + 1).0 == refusal(seconds: 2), "when it is over is said to the second")
        #expect(table.connect(.v4(8), at: 0).0 == .serve)
        #expect(table.connect(.v4(9), at: 5 * Self.second).0 == .serve)
    }

    @Test func boundsMessages() throws {
        let table = Self.limits { $0.addressMessages = Rate(perSecond: 10, burst: 3) }
        let entry = try #require(table.connect(.v4(9), at: 0).1)
        #expect((0..<4).map { _ in table.takeMessage(entry, at: 0) } == [true, true, true, false])
        #expect(table.takeMessage(entry, at: Self.second / 10))
    }

    /// What an address used up is remembered as long as it matters, and not longer.
    @Test func forgetsWhoLeftNothingBehind() throws {
        let table = Self.limits {
            $0.addressesMax = 3
            $0.addressHandshakes = Rate(perSecond: 1, burst: 10)
        }
        let entries = (0..<3).compactMap { table.connect(.v4($0), at: 0).1 }
        #expect(table.connect(.v4(3), at: 0).0 == .drop)
        for entry in entries { table.disconnect(entry) }
        // Their handshakes come in again within a second.
        #expect(table.connect(.v4(3), at: Self.second / 2).0 == .drop)
        #expect(table.connect(.v4(3), at: Self.second).0 == .serve)
        #expect(table.count == 1)
    }

    @Test func tellsAddresses() {
        func address(_ text: String) -> ClientAddress? {
            var storage = sockaddr_storage()
            return withUnsafeMutableBytes(of: &storage) { bytes in
                guard let base = bytes.baseAddress else { return nil }
                if text.contains(":") {
                    base.storeBytes(of: UInt16(AF_INET6), as: UInt16.self)
                    inet_pton(AF_INET6, text, base + 8)
                } else if !text.isEmpty {
                    base.storeBytes(of: UInt16(AF_INET), as: UInt16.self)
                    inet_pton(AF_INET, text, base + 4)
                }
                return ClientAddress(base)
            }
        }
        #expect(address("1.2.3.4") == .v4(0x0102_0304))
        #expect(address("::ffff:1.2.3.4") == .v4(0x0102_0304))
        #expect(address("2001:db8:1:2:3:4:5:6") == .v6(0x2001_0DB8_0001_0002))
        #expect(address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff::"))
        #expect(address("2001:db8:1:2::1") != address("2001:db8:1:3::1"))
        #expect(address("::1") == .v6(0) && address("") == nil)
    }
}
