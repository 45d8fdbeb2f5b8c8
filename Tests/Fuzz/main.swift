import CFuzzer
import Glibc

/// Coverage-guided fuzzing of everything that reads bytes from outside: `Deploy/fuzz TARGET [libFuzzer's options]`.
///
/// A target must survive any input; what it checks beyond that (whole and cut input agree, what decodes encodes to the same bytes) it
/// checks with preconditions, which end the process, which libFuzzer reports with the input.
let targets: [String: (UnsafeRawBufferPointer) -> Void] = [
    "upgrade": fuzzUpgrade,
    "frames": fuzzFrames,
    "messages": fuzzMessages,
    "answers": fuzzAnswers,
    "journal": fuzzJournal,
    "batch": BatchTarget.fuzz,
    "log": LogTarget.fuzz,
]

guard CommandLine.argc > 1, let target = targets[CommandLine.arguments[1]] else {
    print("usage: Fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's options and corpus directories]")
    exit(2)
}

/// libFuzzer calls back without a context.
nonisolated(unsafe) var chosen: (UnsafeRawBufferPointer) -> Void = target

// libFuzzer reads its options behind the program's name.
var arguments: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) } + [nil]
var count = Int32(arguments.count - 1)
let status = arguments.withUnsafeMutableBufferPointer { buffer in
    var base = buffer.baseAddress
    return LLVMFuzzerRunDriver(&count, &base) { data, size in
        chosen(UnsafeRawBufferPointer(start: data, count: size))
        return 0
    }
}
exit(status)

/// A precondition that says why also in an optimised build.
func require(_ condition: Bool, _ reason: @autoclosure () -> String) {
    if !condition { fatalError(reason()) }
}
