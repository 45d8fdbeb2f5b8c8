/// What an attacker does, and how far it goes in before it begins.
enum AttackKind: String, CaseIterable, Comparable {
    /// Connects and says nothing.
    case silent
    /// Begins TLS and never goes on.
    case halfTLS = "half-tls"
    /// Begins TLS, hangs up on the answer, and comes again: costs it nothing, and the gateway a key exchange and a signature.
    case hellos
    /// Sends the head of a request that never ends, a byte at a time.
    case slowHeads = "slow-heads"
    /// Sends a message a byte at a time.
    case slowFrames = "slow-frames"
    /// Sends what is no record of TLS behind its handshake.
    case garbageRecords = "garbage-records"
    /// Sends what are no frames behind the upgrade.
    case garbageFrames = "garbage-frames"
    /// Sends pings as fast as they are taken.
    case pings
    /// Sends batches with signatures that do not fit.
    case badSignatures = "bad-signatures"

    /// How far a connection must have come for the attack.
    enum Stage: Comparable { case connected, secured, upgraded }

    var stage: Stage {
        switch self {
        case .silent, .halfTLS, .hellos: .connected
        case .slowHeads, .garbageRecords: .secured
        case .slowFrames, .garbageFrames, .pings, .badSignatures: .upgraded
        }
    }

    /// Whether there is nothing to attack without TLS.
    var needsTLS: Bool { [.halfTLS, .hellos, .garbageRecords].contains(self) }

    /// Whether its bytes go past TLS.
    var isRaw: Bool { stage == .connected || self == .garbageRecords }

    /// Steps a second of each connection. With a step it sends the next piece, or connects again if it was thrown out.
    var stepsPerSecond: Double {
        switch self {
        case .silent, .halfTLS: 1
        case .garbageRecords, .garbageFrames: 5
        case .slowHeads, .slowFrames: 10
        case .hellos, .badSignatures: 20
        case .pings: 100
        }
    }

    static func < (left: AttackKind, right: AttackKind) -> Bool { left.rawValue < right.rawValue }
}

/// Who attacks, from how many addresses and how hard. Read from `KIND:CONNECTIONS,…`.
struct AttackPlan: Equatable, Sendable {
    /// Connections of each kind.
    var connections: [AttackKind: Int]
    /// Addresses that each kind comes from, one after the other as it is thrown out.
    var addresses = 256
    static let addressesMax = 1 << 16
    /// Factor to the steps a second of all kinds.
    var pace = 1.0

    /// All kinds: what the standard set attacks with.
    static let standard = AttackPlan([
        .silent: 100, .halfTLS: 100, .hellos: 10, .slowHeads: 100, .slowFrames: 100, .garbageRecords: 10, .garbageFrames: 10, .pings: 10,
        .badSignatures: 10,
    ])

    var isNone: Bool { connections.isEmpty }

    init(_ connections: [AttackKind: Int] = [:]) { self.connections = connections }

    /// Nil if `text` is no such list, and not `standard` for ``standard``.
    init?(_ text: String) {
        connections = [:]
        if text == "standard" {
            self = Self.standard
            return
        }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 2, let kind = AttackKind(rawValue: String(fields[0])), let count = Int(fields[1]),
                (1...10_000).contains(count), connections.updateValue(count, forKey: kind) == nil
            else { return nil }
        }
    }
}
