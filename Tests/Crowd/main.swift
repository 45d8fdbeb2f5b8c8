import Gateway
import Glibc

// Opens many connections to a gateway and asks the time over each: the tests' crowd, in a process of its own because one may not have
// files enough for both ends of ten thousand connections.
//
//     Crowd URL CERTIFICATE CONNECTIONS
//
// Prints a line with the number of connections once all have had their answer, and again for every line on stdin; ends with it.

let arguments = CommandLine.arguments
guard arguments.count == 4, let connectionCount = Int(arguments[3]) else { fatalError("Crowd URL CERTIFICATE CONNECTIONS") }
try DescriptorLimit.raise(to: connectionCount + 64)
let url = try GatewayURL(arguments[1])
let time: [UInt8] = [Wire.ToServer.time] + [UInt8](repeating: 0, count: 15)

/// Waits for a message that begins with `type` and passes over others.
func expect(_ type: UInt8, from connection: ClientConnection) throws {
    var isThere = false
    while !isThere {
        try connection.pump(timeoutMs: 30_000)
        while connection.takeMessage({ if $0.first == type { isThere = true } }) {}
    }
}

var connections: [ClientConnection] = []
for _ in 0..<connectionCount {
    let connection = try ClientConnection(url, trust: .file(arguments[2]), timeoutMs: 30_000)
    try expect(Wire.ToClient.hello, from: connection)
    connections.append(connection)
}
repeat {
    for connection in connections {
        time.withUnsafeBytes { connection.enqueue($0) }
        try connection.flush()
    }
    for connection in connections { try expect(Wire.ToClient.time, from: connection) }
    print(connections.count)
    fflush(nil)
} while readLine() != nil
