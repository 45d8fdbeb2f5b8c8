import CLibuv
import Engine
import Signing

/// Signs receipts in groups, on libuv's thread pool, one group at a time: what comes while one is signed makes the next, so that groups grow
/// with the load and the loop's thread spends nothing on it. Loop's thread, but for the work itself.
final class ReceiptSigner {
    struct Request {
        let session: UInt32
        let nonce: UInt64
        let receipt: Receipt
    }

    private let key: PrivateKey
    private let domain: SigningDomain
    private let work = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
    private var waiting = Fifo<Request>()
    /// The group being signed: untouched by the loop's thread until the work is done.
    private var group: [Request] = []
    private var signed: [SignedReceipt] = []
    private var isBusy = false
    /// Gets what was signed, in order. Loop's thread.
    var deliver: (Request, SignedReceipt) -> Void = { _, _ in }

    init(key: PrivateKey, domain: SigningDomain) {
        self.key = key
        self.domain = domain
        work.initialize(to: uv_work_t())
    }

    deinit { work.deallocate() }

    func append(_ request: Request) { waiting.append(request) }

    /// Whether something waits and no group is being signed.
    var isReady: Bool { !isBusy && !waiting.isEmpty }

    /// Begins to sign what waits.
    func sign(on loop: UnsafeMutablePointer<uv_loop_t>) {
        guard isReady else { return }
        while group.count < ReceiptGroup.countMax, let request = waiting.popFirst() { group.append(request) }
        isBusy = true
        // Released in `finish`.
        work.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let result = uv_queue_work(
            loop, work, { Unmanaged<ReceiptSigner>.fromOpaque($0!.pointee.data).takeUnretainedValue().sign() },
            { work, _ in Unmanaged<ReceiptSigner>.fromOpaque(work!.pointee.data).takeRetainedValue().finish() })
        precondition(result == 0, "libuv refused work")
    }

    /// On a thread of the pool.
    private func sign() { signed = ReceiptGroup.sign(group.map(\.receipt), key: key, domain: domain) }

    private func finish() {
        isBusy = false
        for (request, receipt) in zip(group, signed) { deliver(request, receipt) }
        group.removeAll(keepingCapacity: true)
        signed.removeAll()
    }
}
