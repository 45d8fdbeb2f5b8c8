import Foundation

/// Ack times against the offered rate, both logarithmic, as SVG.
struct LatencyPlot {
    let title: String
    let points: [SweepPoint]
    let knee: SweepPoint?
    let boundMicroseconds: Double

    private static let width = 860.0
    private static let height = 520.0
    private static let left = 92.0
    private static let right = 120.0
    private static let top = 64.0
    private static let bottom = 64.0

    private struct Curve {
        let name: String
        let color: String
        let value: (SweepPoint) -> Double
    }

    private static var curves: [Curve] {
        [
            Curve(name: "p50", color: "#2166ac", value: \.p50Microseconds), Curve(name: "p99", color: "#1b7837", value: \.p99Microseconds),
            Curve(name: "p99.9", color: "#b35806", value: \.p999Microseconds),
        ]
    }

    var svg: String {
        let points = points.sorted { $0.offeredPerSecond < $1.offeredPerSecond }
        let rates = LogAxis(holding: points.map(\.offeredPerSecond))
        let times = LogAxis(holding: points.flatMap { [$0.p50Microseconds, $0.p999Microseconds] } + [boundMicroseconds])
        func x(_ rate: Double) -> Double { Self.left + rates.place(rate) * (Self.width - Self.left - Self.right) }
        func y(_ time: Double) -> Double { Self.height - Self.bottom - times.place(time) * (Self.height - Self.top - Self.bottom) }

        var body = ""
        for tick in rates.ticks {
            body += line(x(tick), Self.top, x(tick), Self.height - Self.bottom, "#e4e4e4")
            body += text(x(tick), Self.height - Self.bottom + 20, Self.rate(tick), "middle")
        }
        for tick in times.ticks {
            body += line(Self.left, y(tick), Self.width - Self.right, y(tick), "#e4e4e4")
            body += text(Self.left - 8, y(tick) + 4, Self.time(tick), "end")
        }
        body += line(Self.left, Self.height - Self.bottom, Self.width - Self.right, Self.height - Self.bottom, "#444")
        body += line(Self.left, Self.top, Self.left, Self.height - Self.bottom, "#444")
        body += line(Self.left, y(boundMicroseconds), Self.width - Self.right, y(boundMicroseconds), "#c0392b", dashes: "2 4")
        body += text(Self.left + 6, y(boundMicroseconds) - 6, "bound for p99", "start", color: "#c0392b")
        if let knee {
            let place = x(knee.offeredPerSecond)
            body += line(place, Self.top, place, Self.height - Self.bottom, "#555", dashes: "6 4")
            body += text(place, Self.top - 8, "knee: \(TextTable.count(knee.offeredPerSecond))/s", "middle", color: "#333")
        }
        for curve in Self.curves {
            let path = points.map { Self.pair(x($0.offeredPerSecond), y(curve.value($0))) }.joined(separator: " ")
            body += "<polyline fill=\"none\" stroke=\"\(curve.color)\" stroke-width=\"2\" points=\"\(path)\"/>\n"
            for point in points {
                let isKept = point.ackedPerSecond >= 0.99 * point.offeredPerSecond
                let center = (x(point.offeredPerSecond), y(curve.value(point)))
                body +=
                    "<circle cx=\"\(Self.number(center.0))\" cy=\"\(Self.number(center.1))\" r=\"3.5\" stroke=\"\(curve.color)\" stroke-width=\"1.5\" "
                    + "fill=\"\(isKept ? curve.color : "#fff")\"/>\n"
            }
        }
        body += legend(points.last, y)
        body += text(Self.left, 26, title, "start", size: 15, color: "#111")
        body += text(
            (Self.left + Self.width - Self.right) / 2, Self.height - 16, "offered commands/s (hollow: less than 99 % acknowledged)",
            "middle")
        body +=
            "<text transform=\"translate(20 \(Self.number((Self.top + Self.height - Self.bottom) / 2))) rotate(-90)\" "
            + "text-anchor=\"middle\" font-size=\"12\" fill=\"#333\">time from due to ack</text>\n"
        return
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" width=\"\(Int(Self.width))\" "
            + "height=\"\(Int(Self.height))\" font-family=\"sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\(body)</svg>\n"
    }

    /// Names at the right ends of the curves, far enough apart to be read.
    private func legend(_ last: SweepPoint?, _ y: (Double) -> Double) -> String {
        guard let last else { return "" }
        var lowest = Double.infinity
        return Self.curves.map { curve in
            let place = min(y(curve.value(last)) + 4, lowest - 16)
            lowest = place
            return text(Self.width - Self.right + 10, place, curve.name, "start", size: 13, color: curve.color)
        }.joined()
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String, dashes: String? = nil) -> String {
        let dash = dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
        return
            "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\" stroke=\"\(color)\"\(dash)/>\n"
    }

    private func text(
        _ x: Double, _ y: Double, _ text: String, _ anchor: String, size: Int = 12, color: String = "#333"
    ) -> String {
        let safe = text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        return
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\" fill=\"\(color)\">\(safe)</text>\n"
    }

    private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
    private static func pair(_ x: Double, _ y: Double) -> String { "\(number(x)),\(number(y))" }

    private static func rate(_ value: Double) -> String {
        value >= 1e6 ? short(value / 1e6) + " M" : value >= 1e3 ? short(value / 1e3) + " k" : short(value)
    }

    private static func time(_ microseconds: Double) -> String {
        microseconds >= 1e6
            ? short(microseconds / 1e6) + " s" : microseconds >= 1e3 ? short(microseconds / 1e3) + " ms" : short(microseconds) + " us"
    }

    private static func short(_ value: Double) -> String { String(format: "%g", value) }
}
