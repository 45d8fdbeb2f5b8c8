import Foundation

/// The checkpoint files of a directory, and what they are good for together.
///
/// A state can be had from a whole file alone, or from a whole file and the increments that lead from it to that block. Where both are there, either
/// will do if the other is damaged.
struct CheckpointList: Equatable {
    private(set) var names: Set<CheckpointName>

    init(_ names: some Sequence<CheckpointName>) { self.names = Set(names) }

    init(directory: String) throws {
        self.init(try FileManager.default.contentsOfDirectory(atPath: directory).compactMap { CheckpointName(fileName: $0) })
    }

    mutating func remove(_ name: CheckpointName) { names.remove(name) }

    /// The files that give the newest state, in the order in which they are to be loaded; empty if none can be had.
    var newestChain: [CheckpointName] {
        for block in Set(names.map(\.block)).sorted(by: >) {
            if let chain = chain(to: block) { return chain }
        }
        return []
    }

    private func chain(to block: UInt64) -> [CheckpointName]? {
        let whole = CheckpointName(block: block)
        if names.contains(whole) { return [whole] }
        // An increment builds on an older block, so this ends.
        for increment in names where increment.block == block {
            if let previous = increment.previousBlock, let chain = chain(to: previous) { return chain + [increment] }
        }
        return nil
    }

    /// What may go after the whole file of block `folded` was made of older files: everything before the whole file that it was made of, so that every
    /// state since then can still be had in two ways.
    func obsolete(afterFolding chain: [CheckpointName]) -> [CheckpointName] {
        guard let base = chain.first else { return [] }
        return names.filter { $0.block < base.block || $0.block == base.block && $0.previousBlock != nil }
    }
}

extension CheckpointList {
    /// Removes every file whose name ends in `suffix`.
    static func removeFiles(endingIn suffix: String, directory: String) throws {
        for file in try FileManager.default.contentsOfDirectory(atPath: directory) where file.hasSuffix(suffix) {
            unlink(directory + "/" + file)
        }
    }
}
