import Engine
import Foundation
import Testing

@testable import Gateway

/// Threads that are kept on cores.
@Suite(.serialized) struct CoreTests {
    /// The cores that each thread of this name may run on, as the kernel lists them.
    private func allowedCores(of name: String) throws -> [String] {
        let folder = "/proc/self/task/"
        return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { thread in
            // A thread may end meanwhile.
            guard let text = try? String(contentsOfFile: folder + thread + "/comm", encoding: .utf8), text == name + "\n" else {
                return nil
            }
            return try? Self.allowedCores(folder + thread)
        }
    }

    private static func allowedCores(_ folder: String) throws -> String {
        let status = try String(contentsOfFile: folder + "/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
        return String(line.split(separator: "\t")[1])
    }

    /// Some core that there is.
    private func core() throws -> Int32 {
        let list = try Self.allowedCores("/proc/thread-self")
        return try #require(Int32(list.prefix { $0.isNumber }))
    }

    @Test func aThreadStaysOnItsCore() throws {
        let core = try core()
        let rig = try Rig(cores: [core])
        // Other tests have such threads, too; this rig's has begun when it has answered.
        _ = try rig.client().submit([.place(lots: 1)], key: Rig.key())
        #expect(try allowedCores(of: "memex-gateway").contains("\(core)"))
    }

    /// More threads than cores: they share.
    @Test func coresAreDealtOutInTurn() throws {
        let rig = try Rig(threads: 2, cores: [core()])
        for client in try ThreadTests.clients(rig) { _ = try client.submit([.place(lots: 1)], key: Rig.key()) }
    }

    @Test func aCoreThatIsNotThereIsRefused() throws {
        let core = try core()
        #expect(throws: GatewayError.system(action: "keep a thread on core 1023", reason: "this process has no such core")) {
            _ = try Rig(cores: [core, 1023])
        }
    }

    @Test func coresAreNumbersWithCommas() {
        #expect(GatewayConfiguration.cores("2,3") == [2, 3])
        #expect(GatewayConfiguration.cores("0") == [0])
        for text in ["", "a", "1,", ",1", "-1", "1-3", "1, 2"] { #expect(GatewayConfiguration.cores(text) == nil, "\(text)") }
    }
}
