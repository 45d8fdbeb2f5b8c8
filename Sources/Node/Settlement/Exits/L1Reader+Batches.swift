import Engine

/// Some batches, without reading the rollup's whole history: the contract says when each was posted, and the block of that time is found by
/// bisection, in some twenty requests.
extension L1Reader {
    /// The batches with these numbers, which must have been posted by the L1 block of `progress`. What the node shows is held against the contract's
    /// batch hashes. Throws ``EthereumError`` or ``L1ReaderError``.
    package func batches(_ numbers: Range<UInt64>, _ progress: RollupProgress) async throws -> [BatchOnL1] {
        guard let first = numbers.first, let last = numbers.last else { return [] }
        let start = try await block(atTime: contract.batch(first).postedAt, upTo: progress.l1Block)
        let end = first == last ? start : try await block(atTime: contract.batch(last).postedAt, upTo: progress.l1Block)
        let logs = try await contract.client.logs(
            of: contract.address, events: [RollupEvent.batchPostedTopic], blocks: start...max(start, end))
        var batches: [BatchOnL1] = []
        var previous = first == 0 ? .zero : try await contract.batch(first - 1).hash
        for log in logs {
            guard case .batchPosted(let posted) = try contract.event(log), numbers.contains(posted.number) else { continue }
            guard posted.number == first + UInt64(batches.count) else {
                throw L1ReaderError.missing("batch", first + UInt64(batches.count))
            }
            guard posted.hash(after: previous) == posted.batchHash, try await contract.batch(posted.number).hash == posted.batchHash else {
                throw L1ReaderError.wrongBatchHash(batch: posted.number)
            }
            previous = posted.batchHash
            let claimed = posted.number < progress.claimCount ? try await contract.claim(posted.number).root : nil
            batches.append(
                BatchOnL1(posted: posted, l1Block: log.blockNumber, transaction: log.transactionHash, claimedRoot: claimed))
        }
        guard batches.count == numbers.count else { throw L1ReaderError.missing("batch", first + UInt64(batches.count)) }
        return batches
    }

    /// The inbox messages that a batch consumes, held against the contract's accumulator. Throws ``EthereumError`` or ``L1ReaderError``.
    package func messages(of batch: BatchOnL1) async throws -> [InboxMessage] {
        let numbers = batch.posted.inboxStart..<batch.posted.inboxEnd
        guard let first = numbers.first, let last = numbers.last else { return [] }
        let start = try await block(atTime: contract.inboxTime(index: first), upTo: batch.l1Block)
        let end = try await block(atTime: contract.inboxTime(index: last), upTo: batch.l1Block)
        var accumulator = try await contract.inboxAccumulator(count: first)
        var messages: [InboxMessage] = []
        for (index, message) in try await contract.messages(in: start...max(start, end)) where numbers.contains(index) {
            guard index == first + UInt64(messages.count) else {
                throw L1ReaderError.missing("inbox message", first + UInt64(messages.count))
            }
            messages.append(message)
            accumulator = message.extending(accumulator)
        }
        guard messages.count == numbers.count else { throw L1ReaderError.missing("inbox message", first + UInt64(messages.count)) }
        guard accumulator == batch.posted.inboxAccumulator else { throw L1ReaderError.wrongInbox }
        return messages
    }

    /// The first L1 block, from that of the deployment on, whose time is not before `time` (seconds since 1970).
    private func block(atTime time: UInt64, upTo last: UInt64) async throws -> UInt64 {
        var low = deployedAtBlock
        var high = max(deployedAtBlock, last)
        while low < high {
            let middle = (low + high) / 2
            guard let block = try await contract.client.block(.number(middle)) else { throw L1ReaderError.missing("L1 block", middle) }
            if block.timestamp < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension RollupEvent.BatchPosted {
    /// What the contract's chain of batch hashes says of this batch behind the one with the hash `previous`.
    func hash(after previous: Hash256) -> Hash256 {
        keccak256(
            ABI.encode([
                .bytes32(previous), .uint(number), .uint(inboxEnd), .bytes32(inboxAccumulator), .uint(firstTimeMs), .uint(lastTimeMs),
                .bytes32(dataHash), .uint(inBlob ? dataSize : 0),
            ]))
    }
}
