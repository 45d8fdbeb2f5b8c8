import Engine
import Rollup

extension ChainStore {
    /// Cuts the sealed blocks that no batch holds yet into batches, whatever their age: for a node that is stopped and may not come back. One that
    /// does come back goes on after them. Returns how many were cut; at most a batch's worth is held in memory.
    ///
    /// The node must not run: hold its ``Journal``, which is exclusive, open meanwhile.
    package func cutRemainder(holding journal: Journal) throws -> Int {
        let last = try lastBatch()
        var cutter = BatchCutter(number: last.map { $0.number + 1 } ?? 0, inboxStart: last?.inboxEnd ?? 0, ageMsMax: .max / 2)
        var count = 0
        try transaction {
            var number = (last?.lastBlock ?? 0) + 1
            while let stored = try block(number) {
                for batch in try cutter.add(stored.block) {
                    try append(batch)
                    count += 1
                }
                number += 1
            }
            if let batch = cutter.cut() {
                try append(batch)
                count += 1
            }
        }
        return count
    }
}
