/// Whether a connection's input goes before that of strangers. Pure; in units of ``InputBudget``.
///
/// Anybody can open connections, begin handshakes, and sign or missign batches of accounts that do not exist, from as many addresses as he can get; limits of
/// an address do not help against many. Only a batch that the executor answered with an ack shows that an account is behind a connection, and accounts need
/// funds. So an ack buys a connection some of the loop's time, ahead of all who have earned none, until the next.
struct Standing {
    /// What an ack buys: some 8 ms, 256 signatures.
    static let units = 8192

    private(set) var rest = 0

    var isStranger: Bool { rest <= 0 }

    mutating func earn() { rest = Self.units }

    mutating func spend(_ cost: Int) { rest -= cost }

    /// It did what no client of good will does.
    mutating func lose() { rest = 0 }
}
