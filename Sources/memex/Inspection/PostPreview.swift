import BigInt
import Settlement

/// What `memex batch post` would send. Pure.
struct PostPreview {
    let preview: Poster.Preview
    /// Sealed blocks of the data directory that no batch holds yet; posting cuts one from them.
    let blocksNotCut: UInt64

    init(_ preview: Poster.Preview, blocksNotCut: UInt64) {
        self.preview = preview
        self.blocksNotCut = blocksNotCut
    }

    private var gas: UInt64 { preview.calls.reduce(0) { $0 + $1.gasLimit } }
    private var bytes: Int { preview.calls.reduce(0) { $0 + $1.bytes } }

    /// Wei for `gas` at what L1 asks now.
    private func fee(_ gas: UInt64) -> BigUInt { BigUInt(gas) * (preview.baseFee + preview.fees.tip) }

    /// With what its blob costs besides.
    private func fee(_ call: Poster.Preview.Call) -> BigUInt {
        fee(call.gasLimit) + (call.kind == .blob ? BigUInt(PostingGas.blob) * (preview.blobBaseFee ?? 0) : 0)
    }

    private var feeOfAll: BigUInt { preview.calls.reduce(0) { $0 + fee($1) } }

    var json: JSON {
        [
            "dryRun": true,
            "calls": .list(
                preview.calls.map { call in
                    [
                        "call": .text("\(call.call)"), "bytes": .integer(call.bytes), "inBlob": .flag(call.kind == .blob),
                        "gasLimit": .number(call.gasLimit), "feeWei": .text(String(fee(call))),
                    ]
                }),
            "bytes": .integer(bytes), "gasLimit": .number(gas), "feeWei": .text(String(feeOfAll)),
            "baseFeePerBlobGasWei": .optional(preview.blobBaseFee) { .text(String($0)) },
            "baseFeePerGasWei": .text(String(preview.baseFee)), "maxPriorityFeePerGasWei": .text(String(preview.fees.tip)),
            "maxFeePerGasWei": .text(String(preview.fees.cap)), "inFlight": .integer(preview.inFlight),
            "blocksNotCut": .number(blocksNotCut), "refusal": .optional(preview.refusal) { .text($0) },
        ]
    }

    var text: String {
        var lines: [String] = []
        if preview.calls.isEmpty {
            lines.append("L1 has every batch of the directory")
        } else {
            var table = TextTable("call", "in", ">bytes", ">gas at most", ">ether at most now")
            for call in preview.calls {
                table.add(
                    "\(call.call)", call.kind == .blob ? "blob" : "calldata", String(call.bytes), String(call.gasLimit),
                    Self.ether(fee(call)))
            }
            table.add("all", "", String(bytes), String(gas), Self.ether(feeOfAll))
            lines.append(table.text)
            lines.append(
                "\nL1 asks for \(preview.baseFee) wei a unit of gas; \(preview.fees.cap) would be offered, \(preview.fees.tip) of it as a tip."
                    + (preview.blobBaseFee.map { " A unit of blob gas costs \($0) wei; a blob takes \(PostingGas.blob)." } ?? ""))
        }
        if preview.inFlight > 0 { lines.append("\(preview.inFlight) transactions sent before wait for inclusion.") }
        if blocksNotCut > 0 { lines.append("\(blocksNotCut) sealed blocks are in no batch yet; posting cuts one from them first.") }
        if let refusal = preview.refusal { lines.append("It would stop there: \(refusal)") }
        return lines.joined(separator: "\n") + "\nNothing was sent."
    }

    /// Ether with nine decimals, rounded down.
    static func ether(_ wei: BigUInt) -> String {
        let gwei = wei / 1_000_000_000
        let fraction = String(gwei % 1_000_000_000)
        return "\(gwei / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count) + fraction
    }
}
