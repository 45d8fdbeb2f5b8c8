import Testing

@testable import memex

struct MomentTests {
    @Test func timesAreUTC() {
        #expect(Moment.text(seconds: 0) == "1970-01-01 00:00:00 UTC")
        #expect(Moment.text(milliseconds: 1_795_388_129_705) == "2026-11-22 22:55:29 UTC")
    }

    @Test(
        arguments: [
            (0, "0 s"), (59, "59 s"), (60, "1 min"), (3_661, "1 h 1 min"), (86_400, "1 d"), (90_000, "1 d 1 h"), (86_460, "1 d"),
        ] as [(UInt64, String)])
    func spansShowTwoUnits(seconds: UInt64, text: String) {
        #expect(Moment.span(seconds) == text)
        #expect(Moment.distance(to: seconds, from: 0) == "in \(text)")
    }

    @Test func deadlinesAreTyped() {
        #expect(Deadline(argument: "90m")?.milliseconds(nowMs: 7) == 5_400_007)
        #expect(Deadline(argument: "1795388129705") == .at(milliseconds: 1_795_388_129_705))
        #expect(Deadline(argument: "2026-11-22T22:55:29Z") == .at(milliseconds: 1_795_388_129_000))
        for text in ["", "1795388129", "yesterday", "2026-11-22", "-5m", "never"] { #expect(Deadline(argument: text) == nil, "\(text)") }
        #expect(ScheduleArgument(argument: "never")?.deadline == .some(nil))
        #expect(ScheduleArgument(argument: "30s") != nil && ScheduleArgument(argument: "soon") == nil)
    }

    @Test func spansAreTyped() {
        #expect(TimeSpan(argument: "45s")?.milliseconds == 45_000)
        #expect(TimeSpan(argument: "90m")?.milliseconds == 5_400_000)
        #expect(TimeSpan(argument: "30d")?.milliseconds == 2_592_000_000)
        for text in ["", "d", "0d", "-1d", "3", "1y", "1.5h", "99999999999999999999d", "18446744073709551615d", "365251d"] {
            #expect(TimeSpan(argument: text) == nil, "\(text)")
        }
    }
}
