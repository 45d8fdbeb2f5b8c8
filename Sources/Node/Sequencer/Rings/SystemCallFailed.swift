import Glibc

/// A system call failed for a reason outside the program.
package struct SystemCallFailed: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let errorNumber: Int32
    /// What the call was about, for example a path; may be empty.
    package let subject: String

    package init(_ call: String, _ errorNumber: Int32, subject: String = "") {
        self.call = call
        self.errorNumber = errorNumber
        self.subject = subject
    }

    package var description: String {
        "\(call)\(subject.isEmpty ? "" : " \(subject)"): \(Self.text(errorNumber))"
    }

    /// Whether the system is out of something that it may have again before long: memory, threads, open files. Else a file or its disk is to be mended.
    package var isShortage: Bool { [EMFILE, ENFILE, ENOMEM, EAGAIN].contains(errorNumber) }

    /// What an error number means, with what to do about it where that can be told.
    package static func text(_ errorNumber: Int32) -> String {
        let meaning = "\(String(cString: strerror(errorNumber))) (errno \(errorNumber))"
        return remedy(errorNumber).map { "\(meaning): \($0)" } ?? meaning
    }

    private static func remedy(_ errorNumber: Int32) -> String? {
        switch errorNumber {
        case ENOSPC: "the disk is full; free some space there and start again"
        case EDQUOT: "this user's quota on the disk is used up; raise it or free some space, and start again"
        case EFBIG: "allow larger files: ulimit -f, or LimitFSIZE= of a systemd service"
        case EACCES, EPERM: "let the user that runs this own it (chown), or choose another path"
        case EROFS: "choose a path that can be written to; under systemd see StateDirectory= and ReadWritePaths="
        case ENOTDIR, EEXIST: "something that is no directory is in the way; move it or choose another path"
        case ENOENT: "make it, or choose another path"
        case EMFILE, ENFILE: "allow more open files: ulimit -n, or LimitNOFILE= of a systemd service"
        case ENOMEM: "allow more memory: ulimit -v, vm.max_map_count, or MemoryMax= of a systemd service"
        case EAGAIN: "allow more threads: ulimit -u, or TasksMax= of a systemd service"
        case EIO: "the disk does not work; see the kernel's log (dmesg)"
        default: nil
        }
    }
}
