import Foundation

/// Where c-kzg's library lies.
package enum KZGLibraryPath {
    package static let variable = "MEMEX_KZG_LIBRARY"
    /// Where `Deploy/setup` puts it, below the project's root.
    private static let installed = ".venv/lib/libckzg.so"

    /// The path that is named, else that of the environment, else what `Deploy/setup` has put into a directory above the executable; nil: none.
    package static func find(named path: String? = nil) -> String? {
        if let path { return path }
        if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty { return path }
        guard var folder = executable?.deletingLastPathComponent() else { return nil }
        while folder.path != "/" {
            let candidate = folder.appending(path: installed).path
            if FileManager.default.fileExists(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static var executable: URL? {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map { URL(filePath: $0) }
    }
}
