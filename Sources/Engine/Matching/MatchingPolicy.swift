/// What an incoming order does with the resting order (the maker) that it meets next.
package enum MakerEncounter {
    /// They trade as much as both have.
    case fill
    /// They trade this many lots, at least 1 and fewer than both have; then the incoming order stops.
    case fillAndStop(lots: UInt64)
    /// The maker leaves the book without a trade; the incoming order goes on.
    case remove
    /// Both lose the lots of the smaller one without a trade; what has none left is gone.
    case reduce
    /// The maker stays; the incoming order stops before it.
    case stop
}

/// What a match means outside of the book. Conforming types are specialised into ``Book/match(side:limit:lots:policy:)``: decisions that
/// are constants cost nothing.
///
/// While a match runs the policy reads the book only through its arguments: levels, counts and best prices are written when a
/// level is done with.
package protocol MatchingPolicy {
    /// Decides about the maker in `slot`, which rests at `priceCode`; `lots` are what the incoming order has left.
    mutating func meet(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64) -> MakerEncounter

    /// `lots` were traded at `priceCode`; `remaining` is what the maker has left (its record still says what it had before).
    mutating func filled(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64)

    /// `lots` were taken off both without a trade; `remaining` is what the maker has left (its record still says what it had before).
    mutating func reduced(_ maker: UnsafePointer<Order>, slot: UInt32, priceCode: UInt32, lots: UInt64, remaining: UInt64)

    /// The maker leaves the book: filled, removed or reduced to nothing, after it was told so. Its record is still as it was; its slot is given back right after.
    mutating func leaving(_ maker: UnsafePointer<Order>, slot: UInt32)
}
