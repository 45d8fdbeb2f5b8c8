/// The machine's memory of 2^36 bytes as the guest sees it.
///
/// | region | address | what |
/// | --- | --- | --- |
/// | program | 0x0_1000_0000 | code, constants and initial data (`guest.ld`) |
/// | scratch | 0x0_2000_0000 | globals, working memory, stack (from the end down): zero at the start |
/// | input | 0x0_4000_0000 | one batch (``GuestInput``) |
/// | arena | 0x8_0000_0000 | the exchange's state |
enum MachineMemory {
    /// What a ``BatchReader`` needs beside the batch. The first MiB of scratch belongs to the linker.
    static var batchWorkspace: UnsafeMutableRawPointer { address(0x2010_0000) }
    /// One envelope, put together from the batch.
    static var envelope: UnsafeMutableRawPointer { address(0x2020_0000) }
    static var input: UnsafeRawPointer { UnsafeRawPointer(address(0x4000_0000)) }
    static var arena: UnsafeMutableRawPointer { address(0x8_0000_0000) }

    private static func address(_ value: UInt) -> UnsafeMutableRawPointer {
        // No address of the map is 0.
        UnsafeMutableRawPointer(bitPattern: value).unsafelyUnwrapped
    }
}
