// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled with the same strictness; see `Tests/ArchitectureTests` for the arrows.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A library target: one module, one job.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A test target; all of them may use the temporary servers in `Tests/TestSupport`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

/// The fuzz targets: tests with fixed seeds, or libFuzzer's program (`Tests/FuzzTests/run`), which
/// cannot be linked without its sanitizer.
let fuzzed: [Target.Dependency] = [
    "Web", "Providers", "Spool", "FastCGI", "Domain", "Security", "JSON",
]
let fuzzing: [Target] =
    Context.environment["WAYBILL_FUZZER"] == nil
    ? [
        .testTarget(
            name: "FuzzTests", dependencies: fuzzed + ["TestSupport"],
            exclude: ["Fixtures", "Fuzzer", "run"], swiftSettings: strict)
    ]
    : [
        .executableTarget(
            name: "fuzzer", dependencies: fuzzed, path: "Tests/FuzzTests",
            exclude: ["Fixtures", "FuzzTests.swift", "Mutations.swift", "run"],
            sources: ["Targets", "Fuzzer"], swiftSettings: strict)
    ]

let package = Package(
    name: "waybill",
    products: [.executable(name: "waybill", targets: ["waybill"])],
    targets: [
        .systemLibrary(name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev", "libcrypt-dev"])]),

        module("System"),
        module("Domain"),
        module("JSON"),
        module("Settings"),
        module("Telemetry", ["System", "JSON"]),
        module("Security", ["CCrypto"]),
        module("FastCGI", ["CFastCGI", "System"]),
        module("Postgres", ["CPostgres", "System"]),
        module("Providers", ["Domain", "Security", "JSON", "Settings"]),
        module("HTTPClient", ["Domain"]),
        module("Sending", ["Domain", "Telemetry", "System"]),
        module("Webhooks", ["Domain", "Security", "Telemetry", "JSON", "System"]),
        module("Accounts", ["Domain", "Security", "Telemetry", "System"]),
        module("Simulator", ["FastCGI", "Domain", "Security", "Telemetry", "JSON", "System"]),
        module("Store", ["Postgres", "Domain", "Telemetry", "System"]),
        module("Spool", ["Domain", "Telemetry", "System"]),
        module("Web", ["FastCGI", "Domain", "Security", "Telemetry", "JSON", "System"]),
        module(
            "Demo",
            [
                "Store", "Postgres", "Providers", "Domain", "Security", "Telemetry", "JSON",
                "Settings",
                "System",
            ]),
        .executableTarget(
            name: "waybill",
            dependencies: [
                "Web", "Accounts", "Sending", "Webhooks", "Simulator", "HTTPClient", "Store",
                "Spool", "Providers", "Postgres",
                "FastCGI", "Domain", "Security", "Telemetry", "JSON", "Settings", "System", "Demo",
            ],
            swiftSettings: strict),

        // Foundation's client trusts no other certificates than the system's on Linux.
        .systemLibrary(
            name: "COpenSSL", path: "Tests/COpenSSL", pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"])]),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        tests("ArchitectureTests", []),
        tests("SystemTests", ["System"]),
        tests("DomainTests", ["Domain"]),
        tests("JSONTests", ["JSON"]),
        tests("SettingsTests", ["Settings"]),
        tests("SecurityTests", ["Security"]),
        tests(
            "AccountsTests", ["Accounts", "Domain", "Security", "Telemetry", "System"]),
        tests("TelemetryTests", ["Telemetry", "System"]),
        tests("FastCGITests", ["FastCGI", "System"]),
        tests("PostgresTests", ["Postgres", "System"]),
        tests("ProvidersTests", ["Providers", "Domain", "Security", "JSON", "Settings"]),
        tests("HTTPClientTests", ["HTTPClient", "Domain"]),
        tests("SendingTests", ["Sending", "Domain", "Telemetry", "System"]),
        tests(
            "WebhooksTests", ["Webhooks", "Domain", "Security", "Telemetry", "JSON", "System"]),
        tests("SpoolTests", ["Spool", "Domain", "Telemetry", "System"]),
        tests(
            "SimulatorTests",
            ["Simulator", "FastCGI", "Domain", "Security", "Telemetry", "JSON"]),
        tests(
            "StoreTests",
            [
                "Store", "Accounts", "Postgres", "Providers", "Domain", "Security", "Telemetry",
                "System",
            ]),
        tests("WebTests", ["Web", "FastCGI", "Domain", "Security", "Telemetry", "JSON", "System"]),
        tests(
            "WaybillTests",
            [
                "waybill", "Web", "FastCGI", "Providers", "Simulator", "Domain", "Security", "JSON",
                "Settings", "System", "Demo", "Telemetry",
            ]),
        tests("DemoTests", ["Demo", "Providers", "Security", "System"]),
        tests(
            "ThirdProviderTests",
            [
                "waybill", "Providers", "Domain", "JSON", "Security", "Settings", "Store",
                "Postgres", "Telemetry",
            ]),
        tests("EndToEndTests", ["waybill", "Web", "Domain", "COpenSSL", "Security", "System"]),
        tests("BrowserTests", ["waybill", "Domain"]),
    ] + fuzzing,
    swiftLanguageModes: [.v6]
)
