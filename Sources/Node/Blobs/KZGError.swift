/// Why blobs can be neither made nor checked.
package enum KZGError: Error, Equatable, CustomStringConvertible {
    /// No library is named, and none lies where `Deploy/setup` puts it.
    case notFound
    case cannotLoad(path: String, reason: String)
    /// It lacks a function of c-kzg's interface, or is laid out otherwise than the one that this version knows.
    case otherLibrary(path: String, reason: String)
    /// The trusted setup beside the library.
    case badSetup(path: String, reason: String)
    /// The library refused what it was given: no blob has such bytes.
    case badBlob
    /// It lacked memory, or has a defect.
    case failed(code: Int32)

    package var description: String {
        switch self {
        case .notFound:
            "blobs need c-kzg's library, which is not there: run Deploy/setup, or name it by --kzg-library or MEMEX_KZG_LIBRARY"
        case .cannotLoad(let path, let reason): "cannot load the library \(path), which blobs need: \(reason); Deploy/setup makes one"
        case .otherLibrary(let path, let reason): "\(path) is not the version of c-kzg that blobs need: \(reason); Deploy/setup makes it"
        case .badSetup(let path, let reason):
            "cannot use the trusted setup \(path), which blobs need beside c-kzg's library: \(reason); Deploy/setup puts it there"
        case .badBlob: "these bytes are no blob: a field element is not below the modulus"
        case .failed(let code): "c-kzg failed with code \(code)"
        }
    }
}
