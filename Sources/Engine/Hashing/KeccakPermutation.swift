/// keccak-f[1600] (FIPS 202, section 3.3) on 25 lanes, lane x + 5y of the state at index x + 5y.
///
/// The state is in 25 locals and the round's rotations and indices are written out, so that nothing is indexed at run time.
enum KeccakPermutation {
    /// The round constant of `round`, 0...23 (FIPS 202, section 3.2.5). A switch, not a table: no global to initialize.
    @inline(__always)
    private static func roundConstant(_ round: Int) -> UInt64 {
        switch round {
        case 0: 0x0000_0000_0000_0001
        case 1: 0x0000_0000_0000_8082
        case 2: 0x8000_0000_0000_808a
        case 3: 0x8000_0000_8000_8000
        case 4: 0x0000_0000_0000_808b
        case 5: 0x0000_0000_8000_0001
        case 6: 0x8000_0000_8000_8081
        case 7: 0x8000_0000_0000_8009
        case 8: 0x0000_0000_0000_008a
        case 9: 0x0000_0000_0000_0088
        case 10: 0x0000_0000_8000_8009
        case 11: 0x0000_0000_8000_000a
        case 12: 0x0000_0000_8000_808b
        case 13: 0x8000_0000_0000_008b
        case 14: 0x8000_0000_0000_8089
        case 15: 0x8000_0000_0000_8003
        case 16: 0x8000_0000_0000_8002
        case 17: 0x8000_0000_0000_0080
        case 18: 0x0000_0000_0000_800a
        case 19: 0x8000_0000_8000_000a
        case 20: 0x8000_0000_8000_8081
        case 21: 0x8000_0000_0000_8080
        case 22: 0x0000_0000_8000_0001
        default: 0x8000_0000_8000_8008
        }
    }

    @inline(__always)
    private static func rotated(_ lane: UInt64, _ count: UInt64) -> UInt64 { (lane &<< count) | (lane &>> (64 &- count)) }

    /// Chi for one lane.
    @inline(__always)
    private static func chi(_ lane: UInt64, _ next: UInt64, _ second: UInt64) -> UInt64 { lane ^ (~next & second) }

    /// Applies the 24 rounds to `state`.
    static func apply(_ state: inout InlineArray<25, UInt64>) {
        var a0 = state[0], a1 = state[1], a2 = state[2], a3 = state[3], a4 = state[4]
        var b0 = state[5], b1 = state[6], b2 = state[7], b3 = state[8], b4 = state[9]
        var c0 = state[10], c1 = state[11], c2 = state[12], c3 = state[13], c4 = state[14]
        var d0 = state[15], d1 = state[16], d2 = state[17], d3 = state[18], d4 = state[19]
        var e0 = state[20], e1 = state[21], e2 = state[22], e3 = state[23], e4 = state[24]
        var round = 0
        while round < 24 {
            // Theta: the parity of each column, then what each column is changed by.
            let p0 = a0 ^ b0 ^ c0 ^ d0 ^ e0
            let p1 = a1 ^ b1 ^ c1 ^ d1 ^ e1
            let p2 = a2 ^ b2 ^ c2 ^ d2 ^ e2
            let p3 = a3 ^ b3 ^ c3 ^ d3 ^ e3
            let p4 = a4 ^ b4 ^ c4 ^ d4 ^ e4
            let t0 = p4 ^ rotated(p1, 1)
            let t1 = p0 ^ rotated(p2, 1)
            let t2 = p1 ^ rotated(p3, 1)
            let t3 = p2 ^ rotated(p4, 1)
            let t4 = p3 ^ rotated(p0, 1)
            // Rho and pi: row by row of the result.
            let aa0 = a0 ^ t0
            let aa1 = rotated(b1 ^ t1, 44)
            let aa2 = rotated(c2 ^ t2, 43)
            let aa3 = rotated(d3 ^ t3, 21)
            let aa4 = rotated(e4 ^ t4, 14)
            let bb0 = rotated(a3 ^ t3, 28)
            let bb1 = rotated(b4 ^ t4, 20)
            let bb2 = rotated(c0 ^ t0, 3)
            let bb3 = rotated(d1 ^ t1, 45)
            let bb4 = rotated(e2 ^ t2, 61)
            let cc0 = rotated(a1 ^ t1, 1)
            let cc1 = rotated(b2 ^ t2, 6)
            let cc2 = rotated(c3 ^ t3, 25)
            let cc3 = rotated(d4 ^ t4, 8)
            let cc4 = rotated(e0 ^ t0, 18)
            let dd0 = rotated(a4 ^ t4, 27)
            let dd1 = rotated(b0 ^ t0, 36)
            let dd2 = rotated(c1 ^ t1, 10)
            let dd3 = rotated(d2 ^ t2, 15)
            let dd4 = rotated(e3 ^ t3, 56)
            let ee0 = rotated(a2 ^ t2, 62)
            let ee1 = rotated(b3 ^ t3, 55)
            let ee2 = rotated(c4 ^ t4, 39)
            let ee3 = rotated(d0 ^ t0, 41)
            let ee4 = rotated(e1 ^ t1, 2)
            // Chi and iota.
            a0 = chi(aa0, aa1, aa2) ^ roundConstant(round)
            a1 = chi(aa1, aa2, aa3)
            a2 = chi(aa2, aa3, aa4)
            a3 = chi(aa3, aa4, aa0)
            a4 = chi(aa4, aa0, aa1)
            b0 = chi(bb0, bb1, bb2)
            b1 = chi(bb1, bb2, bb3)
            b2 = chi(bb2, bb3, bb4)
            b3 = chi(bb3, bb4, bb0)
            b4 = chi(bb4, bb0, bb1)
            c0 = chi(cc0, cc1, cc2)
            c1 = chi(cc1, cc2, cc3)
            c2 = chi(cc2, cc3, cc4)
            c3 = chi(cc3, cc4, cc0)
            c4 = chi(cc4, cc0, cc1)
            d0 = chi(dd0, dd1, dd2)
            d1 = chi(dd1, dd2, dd3)
            d2 = chi(dd2, dd3, dd4)
            d3 = chi(dd3, dd4, dd0)
            d4 = chi(dd4, dd0, dd1)
            e0 = chi(ee0, ee1, ee2)
            e1 = chi(ee1, ee2, ee3)
            e2 = chi(ee2, ee3, ee4)
            e3 = chi(ee3, ee4, ee0)
            e4 = chi(ee4, ee0, ee1)
            round &+= 1
        }
        state[0] = a0
        state[1] = a1
        state[2] = a2
        state[3] = a3
        state[4] = a4
        state[5] = b0
        state[6] = b1
        state[7] = b2
        state[8] = b3
        state[9] = b4
        state[10] = c0
        state[11] = c1
        state[12] = c2
        state[13] = c3
        state[14] = c4
        state[15] = d0
        state[16] = d1
        state[17] = d2
        state[18] = d3
        state[19] = d4
        state[20] = e0
        state[21] = e1
        state[22] = e2
        state[23] = e3
        state[24] = e4
    }
}
