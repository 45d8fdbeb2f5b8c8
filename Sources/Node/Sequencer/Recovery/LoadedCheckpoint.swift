import Engine
import Foundation
import Logging
import Proof

/// The newest state that the checkpoint files give, loaded.
struct LoadedCheckpoint {
    let head: CheckpointHead
    /// The files that it came from, the whole one first.
    let chain: [CheckpointName]
}

/// Exchange and tree in the state that replay starts from.
struct StartState {
    let hosted: HostedExchange
    let tree: StateTree
    /// Nil: genesis.
    let loaded: LoadedCheckpoint?
    /// Files that were not used because something is wrong with them.
    let unusable: [CheckpointName]

    /// Loads the newest state for which every file is good, or genesis if there is none: whether the journal reaches back that far, replay finds out.
    init(_ configuration: SequencerConfiguration, logger: Logger) throws {
        let directory = configuration.directory.checkpoints
        var list = try CheckpointList(directory: directory)
        var unusable: [CheckpointName] = []
        while true {
            let hosted = try HostedExchange()
            let tree = try StateTree()
            let names = list.newestChain
            guard !names.isEmpty else {
                self.init(hosted: hosted, tree: tree, loaded: nil, unusable: unusable)
                return
            }
            do {
                let chain = try CheckpointChain(names, directory: directory, deployment: configuration.deployment)
                try chain.load(into: hosted, tree)
                logger.info(
                    "checkpoint loaded",
                    metadata: ["block": "\(chain.head.header.number)", "root": "\(chain.head.header.stateRoot)", "files": "\(names.count)"])
                self.init(hosted: hosted, tree: tree, loaded: LoadedCheckpoint(head: chain.head, chain: names), unusable: unusable)
                return
            } catch let error as CheckpointUnusable {
                logger.error(
                    "checkpoint is not usable, falling back to others and the journal",
                    metadata: ["file": "\(directory)/\(error.name.fileName)", "reason": "\(error)"])
                list.remove(error.name)
                unusable.append(error.name)
            }
        }
    }

    private init(hosted: HostedExchange, tree: StateTree, loaded: LoadedCheckpoint?, unusable: [CheckpointName]) {
        self.hosted = hosted
        self.tree = tree
        self.loaded = loaded
        self.unusable = unusable
    }

    /// Renames the files that were not used, so that nothing takes them for good ones, and removes what a crash left half written. To be called once
    /// the node is known to start.
    func tidy(_ directory: String) throws {
        for name in unusable {
            let path = directory + "/" + name.fileName
            rename(path, path + CheckpointFormat.unusableSuffix)
        }
        try CheckpointList.removeFiles(endingIn: CheckpointFormat.temporarySuffix, directory: directory)
    }
}
