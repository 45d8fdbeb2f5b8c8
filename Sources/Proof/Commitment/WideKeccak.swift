import CKeccak
import Engine

/// keccak-256 of many 64-byte inputs at once, as wide as this processor can: the tree is hashed with it, off the path of an order.
package enum WideKeccak {
    /// Inputs hashed together: 8 or 4; 0 if the processor has no unit for it, then they are hashed one by one.
    package static let lanes = Int(memex_keccak_lanes())

    /// As `Keccak256.hash64Many`, with the same result. `lanes` is 0, 4 or 8, at most ``lanes``.
    package static func hash64Many(
        _ inputs: UnsafeRawPointer, count: Int, into outputs: UnsafeMutablePointer<Hash256>, lanes: Int = WideKeccak.lanes
    ) {
        if lanes > 0 {
            memex_keccak64_many(Int32(lanes), inputs, count, outputs)
        } else {
            Keccak256.hash64Many(inputs, count: count, into: outputs)
        }
    }

    /// Hashes the 64 bytes at each of the first `count` of `inputs` to where the same entry of `outputs` points.
    /// No output may overlap an input of another index.
    static func hash64Scattered(
        _ inputs: UnsafePointer<UnsafeRawPointer?>, count: Int, into outputs: UnsafePointer<UnsafeMutableRawPointer?>,
        lanes: Int = WideKeccak.lanes
    ) {
        if lanes > 0 {
            memex_keccak64_scattered(Int32(lanes), inputs, count, outputs)
        } else {
            for index in 0..<count {
                if let input = inputs[index], let output = outputs[index] {
                    output.storeBytes(of: Keccak256.hash64(input), as: Hash256.self)
                }
            }
        }
    }
}
