import BigInt
import Engine

/// What L1 pays once: under this number it takes down that it has.
package enum PayoutId: Hashable, Sendable {
    /// A withdrawal record, by its id, from 1. Which cell holds it, and until when, does not matter.
    case record(UInt64)
    /// A balance, by the index of its cell.
    case balance(cell: UInt32)

    /// Above all ids of records.
    private static let balances = BigUInt(1) << 64

    /// As the contract numbers it: a record's id, or 2^64 + index of a balance's cell.
    package var number: BigUInt {
        switch self {
        case .record(let id): BigUInt(id)
        case .balance(let cell): Self.balances + BigUInt(cell)
        }
    }

    /// Nil if there cannot be such a number.
    package init?(number: BigUInt) {
        if let id = UInt64(exactly: number) {
            self = .record(id)
        } else if let cell = UInt32(exactly: number - Self.balances) {
            self = .balance(cell: cell)
        } else {
            return nil
        }
    }
}
