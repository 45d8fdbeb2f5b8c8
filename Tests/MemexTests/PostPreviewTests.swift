import BigInt
import Settlement
import Testing

@testable import memex

@Suite struct PostPreviewTests {
    @Test func saysWhatWouldBeSentAndWhatItCosts() {
        var preview = Poster.Preview(baseFee: 7, fees: Fees(tip: 3, cap: 20))
        preview.calls = [.init(call: .post(4), bytes: 260, gasLimit: 400_000), .init(call: .claim(4), bytes: 68, gasLimit: 300_000)]
        preview.inFlight = 2
        preview.refusal = "too old"
        let text = PostPreview(preview, blocksNotCut: 9).text
        for part in ["post batch 4", "claim batch 4", "700000", "2 transactions", "9 sealed blocks", "too old", "Nothing was sent."] {
            #expect(text.contains(part), "\(part)")
        }
        let json = PostPreview(preview, blocksNotCut: 9).json.line
        #expect(json.contains(#""call":"post batch 4","bytes":260,"inBlob":false,"gasLimit":400000,"feeWei":"4000000""#))
        #expect(json.contains(#""gasLimit":700000,"feeWei":"7000000""#))
        // A blob costs 131072 units of its own gas besides.
        preview.blobBaseFee = 2
        preview.calls[0].kind = .blob
        let inBlob = PostPreview(preview, blocksNotCut: 9)
        #expect(inBlob.json.line.contains(#""inBlob":true,"gasLimit":400000,"feeWei":"4262144""#))
        #expect(inBlob.json.line.contains(#""gasLimit":700000,"feeWei":"7262144","baseFeePerBlobGasWei":"2""#))
        #expect(inBlob.text.contains("a blob takes 131072"))
        #expect(PostPreview.ether(BigUInt(1_000_000_001_999_999_999)) == "1.000000001")
        #expect(PostPreview(Poster.Preview(baseFee: 7, fees: Fees(tip: 3, cap: 20)), blocksNotCut: 0).text.hasPrefix("L1 has every batch"))
    }

    @Test func countsWhatWasDone() {
        var report = PostReport()
        #expect(report.text == "L1 has everything already")
        report.add(Poster.Activity(sent: [.post(1)], included: [.post(1), .claim(1), .reclaim(0)], gasUsed: 5, inFlight: 1))
        // A reorganisation brought it again.
        report.add(Poster.Activity(included: [.post(1)], gasUsed: 2))
        #expect(report.text == "posted 1 batches and claimed 1 states for 7 gas" && report.doneCount == 2)
    }
}
