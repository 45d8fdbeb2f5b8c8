import COpenSSL
import Glibc

/// What lies below one ``TLSStream``: OpenSSL reads the peer's bytes where the caller has them, and writes into a buffer that the caller takes.
///
/// A BIO of our own, because OpenSSL's memory BIOs copy everything once more in each direction and never give memory back.
struct TLSChannel: ~Copyable {
    /// Encrypted bytes for the peer.
    var output = ByteBuffer(capacity: 0)
    /// Encrypted bytes from the peer where the caller has them; they come after ``held``.
    private var unread = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Encrypted bytes from the peer that were kept.
    private var held = ByteBuffer(capacity: 0)

    var hasInput: Bool { !held.isEmpty || !unread.isEmpty }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        holdInput()
        unread = bytes
    }

    mutating func holdInput() {
        held.append(unread)
        unread = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    mutating func releaseMemory() {
        output.shrink(to: 0)
        held.shrink(to: 0)
    }

    /// Moves up to `byteCount` bytes to `target`; 0 if there are none.
    private mutating func read(into target: UnsafeMutableRawPointer, _ byteCount: Int) -> Int {
        guard held.isEmpty else {
            let count = min(byteCount, held.count)
            if let base = held.bytes.baseAddress { memcpy(target, base, count) }
            held.consume(count)
            return count
        }
        guard let base = unread.baseAddress else { return 0 }
        let count = min(byteCount, unread.count)
        memcpy(target, base, count)
        unread = UnsafeRawBufferPointer(rebasing: unread[count...])
        return count
    }

    // MARK: OpenSSL

    /// A BIO over `channel`, which must outlive it. Nil for want of memory.
    static func bio(_ channel: UnsafeMutablePointer<TLSChannel>) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, channel)
        BIO_set_init(bio, 1)
        return bio
    }

    /// One for the process; OpenSSL only reads it.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memex") else { return nil }
        BIO_meth_set_read(method) { bio, target, byteCount in
            guard let target, byteCount > 0, let channel = TLSChannel.of(bio) else { return -1 }
            BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            let count = channel.pointee.read(into: target, Int(byteCount))
            guard count > 0 else {
                BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            return Int32(count)
        }
        BIO_meth_set_write(method) { bio, source, byteCount in
            guard let source, byteCount > 0, let channel = TLSChannel.of(bio) else { return -1 }
            channel.pointee.output.append(UnsafeRawBufferPointer(start: source, count: Int(byteCount)))
            return byteCount
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }()

    private static func of(_ bio: OpaquePointer?) -> UnsafeMutablePointer<TLSChannel>? {
        BIO_get_data(bio)?.assumingMemoryBound(to: TLSChannel.self)
    }
}
