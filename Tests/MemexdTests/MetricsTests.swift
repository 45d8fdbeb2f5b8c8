import Engine
import Foundation
import Gateway
import FoundationNetworking
import Sequencer
import Settlement
import Testing

@testable import memexd

/// The page is what Prometheus reads, and the server serves it.
@Suite struct MetricsTests {
    @Test func aMetricHasHelpTypeAndValue() {
        var page = MetricsPage()
        page.add("memex_things_total", .counter, "Things.", 3)
        page.add("memex_parts", .gauge, "Parts by colour.", label: "colour", [(key: "red", value: 1), (key: "a \"b\"\\\n", value: 2)])
        #expect(
            page.text == """
                # HELP memex_things_total Things.
                # TYPE memex_things_total counter
                memex_things_total 3
                # HELP memex_parts Parts by colour.
                # TYPE memex_parts gauge
                memex_parts{colour="red"} 1
                memex_parts{colour="a \\"b\\"\\\\\\n"} 2

                """)
    }

    @Test func theGatewaysCodesAreLabels() {
        let statistics = GatewayStatistics()
        statistics.accepted.add()
        statistics.closes.add(1009)
        statistics.closes.add(4321)
        statistics.rejects.add(RejectCode.badSignature.rawValue)
        statistics.longestPauseMs.raise(to: 7300)
        statistics.longestPauseMs.raise(to: 250)
        var page = MetricsPage()
        page.add(statistics, openCount: 3)
        for line in [
            "memex_connections_open 3", "memex_connections_accepted_total 1", "memex_closes_total{code=\"1009\"} 1",
            "memex_closes_total{code=\"other\"} 1", "memex_rejects_total{code=\"badSignature\"} 1",
            "memex_gateway_longest_pause_ms 7300", "memex_gateway_pauses_total{during=\"step_in_place\"} 0",
        ] { #expect(page.text.contains("\n\(line)\n"), "\(line) in \(page.text)") }
    }

    @Test func theProcessMeasuresItself() throws {
        var page = MetricsPage()
        page.addProcess()
        let line = try #require(page.text.split(separator: "\n").first { $0.hasPrefix("process_resident_memory_bytes") })
        #expect(try #require(UInt64(line.split(separator: " ")[1])) > 1 << 20)
        #expect(page.text.contains("process_cpu_seconds_total"))
    }

    @Test func aNodeThatSealsNothingIsNotHealthy() {
        func health(_ number: UInt64, ageMs: UInt64, hasFailed: Bool = false) -> Health {
            Health(
                head: SealedHead(number: number, timeMs: 1_000_000), nowMs: 1_000_000 + ageMs, idleBlockIntervalMs: 10_000,
                hasFailed: hasFailed)
        }
        #expect(health(0, ageMs: 99_000).isGood)
        #expect(health(7, ageMs: 30_000) == health(7, ageMs: 0))
        #expect(health(7, ageMs: 31_000).problem == "no block was sealed for 31 s")
        #expect(health(7, ageMs: 0, hasFailed: true).json.contains("\"failing\""))
        #expect(health(7, ageMs: 0).json == "{\"status\":\"ok\",\"block\":7}\n")
    }

    @Test func aBacklogIsShown() {
        let backlog = Backlog(batches: 3, bytes: 500, oldestTimeMs: 1_000)
        var page = MetricsPage()
        page.add(BacklogWatch.Status(backlog: backlog, refusal: "too much"), nowMs: 8_000)
        for line in [
            "memex_l1_backlog_batches 3", "memex_l1_backlog_bytes 500", "memex_l1_backlog_age_ms 7000", "memex_new_orders_taken 0",
        ] {
            #expect(page.text.contains("\n\(line)\n"), "\(line)")
        }
        #expect(page.text.contains("\nmemex_l1_batches_posted_total{carrier=\"blob\"} 0\n"))
        let health = Health(head: SealedHead(), nowMs: 0, idleBlockIntervalMs: 1, hasFailed: false, refusal: "too much")
        #expect(health.problem == "no new orders are taken: too much")
    }

    @Test func whatL1HasGotAndCostIsShown() {
        var posted = PostingTotals()
        (posted.batchesAsCalldata, posted.batchesInBlobs, posted.gas, posted.blobGas) = (2, 5, 300_000, 655_360)
        (posted.gasFees, posted.blobGasFees) = (7_999_999_999, 12_345_000_000_000)
        var page = MetricsPage()
        page.add(BacklogWatch.Status(posted: posted), nowMs: 0)
        for line in [
            "memex_l1_batches_posted_total{carrier=\"calldata\"} 2", "memex_l1_batches_posted_total{carrier=\"blob\"} 5",
            "memex_l1_gas_total 300000", "memex_l1_blob_gas_total 655360", "memex_l1_fees_gwei_total{for=\"gas\"} 7",
            "memex_l1_fees_gwei_total{for=\"blob_gas\"} 12345",
        ] {
            #expect(page.text.contains("\n\(line)\n"), "\(line) in \(page.text)")
        }
    }

    @Test func servesOverHTTP() async throws {
        let listen = try #require(ListenAddress("127.0.0.1:0"))
        let server = try await MetricsServer(listen) {
            "memex_answer 42\n"
        } health: {
            Health(head: SealedHead(), nowMs: 0, idleBlockIntervalMs: 1, hasFailed: true)
        }
        let task = Task { try await server.run() }
        defer { task.cancel() }
        let port = try #require(try await server.port())
        func get(_ path: String) async throws -> (status: Int?, body: String) {
            // The server shares the pool's threads with tests that keep them for minutes.
            let request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")), timeoutInterval: 600)
            let (data, response) = try await URLSession.shared.data(for: request)
            return ((response as? HTTPURLResponse)?.statusCode, String(decoding: data, as: UTF8.self))
        }
        let page = try await get("/metrics")
        #expect(page.status == 200 && page.body == "memex_answer 42\n")
        #expect(try await get("/healthz").status == 503)
        #expect(try await get("/other").status == 404)

        let second = try await MetricsServer(try #require(ListenAddress("127.0.0.1:\(port)"))) {
            ""
        } health: {
            Health(head: SealedHead(), nowMs: 0, idleBlockIntervalMs: 1, hasFailed: true)
        }
        await #expect(throws: (any Error).self, "the port is taken") { try await second.run { Issue.record("it does not listen") } }
    }
}
