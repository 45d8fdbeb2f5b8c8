import ArgumentParser
import Foundation

/// Times as people read them.
enum Moment {
    /// `2026-11-22 22:40:32 UTC`
    static func text(seconds: UInt64) -> String {
        var time = time_t(clamping: seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return String(seconds) }
        func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday)) "
            + "\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec)) UTC"
    }

    static func text(milliseconds: UInt64) -> String { text(seconds: milliseconds / 1000) }

    /// How far `time` lies from `now`, both in seconds: `in 3 h 5 min`, `12 s ago`.
    static func distance(to time: UInt64, from now: UInt64) -> String {
        time >= now ? "in " + span(time - now) : span(now - time) + " ago"
    }

    /// The two largest units of a span of seconds.
    static func span(_ seconds: UInt64) -> String {
        let units: [(String, UInt64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
        var rest = seconds
        var parts: [String] = []
        for (name, length) in units where parts.count < 2 {
            if rest >= length {
                parts.append("\(rest / length) \(name)")
                rest %= length
            } else if !parts.isEmpty {
                break
            }
        }
        return parts.isEmpty ? "0 s" : parts.joined(separator: " ")
    }
}

/// A point in time as typed: a span from now (`90m`), a time (`2026-11-23T12:00:00Z`), or milliseconds since 1970.
enum Deadline: Equatable, ExpressibleByArgument {
    case after(TimeSpan)
    case at(milliseconds: UInt64)

    init?(argument: String) {
        if let span = TimeSpan(argument: argument) {
            self = .after(span)
        } else if let number = UInt64(argument), number > 100_000_000_000 {
            // Fewer digits would be seconds, or a slip: such times are long gone.
            self = .at(milliseconds: number)
        } else if let date = try? Date(argument, strategy: .iso8601), date.timeIntervalSince1970 > 0 {
            self = .at(milliseconds: UInt64(date.timeIntervalSince1970) * 1000)
        } else {
            return nil
        }
    }

    /// In milliseconds since 1970; `nowMs` is the server's time.
    func milliseconds(nowMs: UInt64) -> UInt64 {
        switch self {
        case .after(let span): nowMs + span.milliseconds
        case .at(let milliseconds): milliseconds
        }
    }
}

/// A span of time as typed: `45s`, `90m`, `12h`, `30d`.
struct TimeSpan: Equatable, ExpressibleByArgument {
    let milliseconds: UInt64

    init?(argument: String) {
        let lengths: [Character: UInt64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = argument.last, let length = lengths[unit], let number = UInt64(argument.dropLast()), number > 0 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: length)
        // A thousand years: beyond any clock that this will meet, far below what adds up to an overflow.
        guard !overflow, product <= 365_250 * 86_400_000 else { return nil }
        milliseconds = product
    }
}
