// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "memex",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // Deterministic core: built twice, for the host and (Embedded Swift) for the RISC-V guest.
        .target(name: "Engine", dependencies: ["CPrefetch"], path: "Sources/Engine", swiftSettings: strict),
        .target(
            name: "Proof", dependencies: ["Engine", "CKeccak"], path: "Sources/Proof", exclude: ["Guest"],
            swiftSettings: strict),

        // Node: everything that does I/O.
        .target(
            name: "Signing", dependencies: ["Engine", "CSecp256k1"], path: "Sources/Node/Signing",
            swiftSettings: strict),
        .target(
            name: "Rollup", dependencies: ["Engine", "Proof", "Signing"], path: "Sources/Node/Rollup",
            swiftSettings: strict),
        .target(
            name: "Sequencer",
            dependencies: ["Engine", "Proof", "Signing", "Rollup", "CLinux", "CSQLite", .product(name: "Logging", package: "swift-log")],
            path: "Sources/Node/Sequencer", swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "Engine", "Proof", "Signing", "Sequencer", "CLibuv", "CLinux", "CWslay", "COpenSSL",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Node/Gateway", swiftSettings: strict),
        .target(name: "Blobs", dependencies: ["Engine", "COpenSSL"], path: "Sources/Node/Blobs", swiftSettings: strict),
        .target(
            name: "Settlement",
            dependencies: [
                "Blobs", "Engine", "Proof", "Signing", "Rollup", "BigInt", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Node/Settlement", swiftSettings: strict),
        .target(
            name: "PostingStore", dependencies: ["BigInt", "Engine", "Sequencer", "Settlement"], path: "Sources/Node/PostingStore",
            swiftSettings: strict),

        // Several keccaks at once: needs functions compiled for AVX-512 and AVX2 beside the rest.
        .target(name: "CKeccak", path: "Sources/System/CKeccak"),

        // One function in a header: asks for a cache line.
        .systemLibrary(name: "CPrefetch", path: "Sources/System/CPrefetch"),

        // C libraries of the system.
        .systemLibrary(name: "CLinux", path: "Sources/System/CLinux"),
        .systemLibrary(name: "CLibuv", path: "Sources/System/CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CWslay", path: "Sources/System/CWslay", providers: [.apt(["libwslay-dev"])]),
        .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CSecp256k1", path: "Sources/System/CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CSQLite", path: "Sources/System/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

        // Executables: wiring only.
        .executableTarget(
            name: "memexd",
            dependencies: [
                "Engine", "Gateway", "PostingStore", "Sequencer", "Settlement", "Signing", "TOMLKit", "FlyingFox",
                .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/memexd", swiftSettings: strict),
        .executableTarget(
            name: "memex",
            dependencies: [
                "BigInt", "Blobs", "Engine", "Gateway", "PostingStore", "Rollup", "Sequencer", "Settlement", "Signing",
                .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/memex", swiftSettings: strict),
        .executableTarget(
            name: "memex-load",
            dependencies: [
                "Benchmarks", "CEcho", "CLibuv", "CLinux", "COpenSSL", "Engine", "Gateway", "Proof", "Rollup", "SeededRandom",
                "Sequencer", "Settlement",
                "Signing",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "LoadTests/memex-load", swiftSettings: strict),

        // Bare WebSocket echo in C: what memex-load compares the gateway's WebSocket layer with.
        .target(
            name: "CEcho", dependencies: ["CLibuv", "COpenSSL", "CWslay"], path: "LoadTests/CEcho",
            linkerSettings: [.linkedLibrary("wslay")]),
        // What memex-load measures the engine with.
        .target(name: "CMeasure", path: "LoadTests/CMeasure"),
        .target(
            name: "Benchmarks", dependencies: ["CMeasure", "Engine", "Proof", "SeededRandom"], path: "LoadTests/Benchmarks",
            swiftSettings: strict),

        // Tests mirror Sources.
        .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: strict),
        .target(name: "RandomStreams", dependencies: ["Engine", "SeededRandom"], path: "Tests/RandomStreams", swiftSettings: strict),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "Proof", "RandomStreams", "SeededRandom"], path: "Tests/EngineTests",
            swiftSettings: strict),
        .testTarget(
            name: "ProofTests", dependencies: ["Engine", "Proof", "SeededRandom"], path: "Tests/ProofTests", swiftSettings: strict),
        .testTarget(
            name: "GuestTests", dependencies: ["CLinux", "Engine", "Proof", "RandomStreams", "Rollup", "SeededRandom", "Signing"],
            path: "Tests/GuestTests", exclude: ["Guest"],
            swiftSettings: strict),
        // Builds and loads LoadTests/harness-adapter, which is no target: the harness wants one shared library that holds all.
        .testTarget(
            name: "HarnessAdapterTests", dependencies: ["SeededRandom"], path: "Tests/HarnessAdapterTests", swiftSettings: strict),
        .testTarget(
            name: "BenchmarksTests", dependencies: ["Benchmarks", "CMeasure", "Engine"], path: "Tests/BenchmarksTests",
            swiftSettings: strict),
        .testTarget(
            name: "LoadHarnessTests", dependencies: ["memex-load", "Engine", "Gateway", "SeededRandom", "Signing"],
            path: "Tests/LoadHarnessTests", swiftSettings: strict),
        .testTarget(name: "SigningTests", dependencies: ["Engine", "Signing"], path: "Tests/SigningTests", swiftSettings: strict),
        .testTarget(name: "RollupTests", dependencies: ["Rollup", "SeededRandom"], path: "Tests/RollupTests", swiftSettings: strict),
        .testTarget(
            name: "MemexdTests", dependencies: ["memexd", "Engine", "Gateway", "PostingStore", "Sequencer", "Settlement", "Signing"],
            path: "Tests/MemexdTests",
            swiftSettings: strict),
        // A node made to be killed; the tests of recovery run it as a child process.
        .executableTarget(
            name: "CrashNode", dependencies: ["Sequencer", "Signing", .product(name: "Logging", package: "swift-log")],
            path: "Tests/CrashNode", swiftSettings: strict),
        .testTarget(
            name: "SequencerTests", dependencies: ["CSQLite", "CrashNode", "SeededRandom", "Sequencer"], path: "Tests/SequencerTests",
            swiftSettings: strict
        ),
        // Clients for the tests of the gateway, thousands in a process of their own.
        .executableTarget(name: "Crowd", dependencies: ["Gateway"], path: "Tests/Crowd", swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Crowd", "Gateway", "Sequencer", "Signing", "Engine", "Proof", "RandomStreams", "SeededRandom",
                // wslay's event layer judges ours.
                "CWslay", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/GatewayTests", swiftSettings: strict),
        .testTarget(
            name: "BlobsTests", dependencies: ["Blobs", "Engine", "SeededRandom"], path: "Tests/BlobsTests", swiftSettings: strict),
        .testTarget(
            name: "SettlementTests",
            dependencies: [
                "Blobs", "Engine", "Proof", "Rollup", "SeededRandom", "Settlement", "Signing", "BigInt",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/SettlementTests", swiftSettings: strict),
        .testTarget(
            name: "MemexTests", dependencies: ["memex", "BigInt", "Engine", "Gateway", "PostingStore", "Rollup", "Settlement", "Signing"],
            path: "Tests/MemexTests",
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// Deploy/fuzz builds this one with libFuzzer; every other build would lack its library.
if Context.environment["MEMEX_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["CFuzzer", "Engine", "Gateway", "Rollup", "Sequencer", "Signing"], path: "Tests/Fuzz",
            exclude: ["CFuzzer", "seeds.py"], swiftSettings: strict),
    ]
}
