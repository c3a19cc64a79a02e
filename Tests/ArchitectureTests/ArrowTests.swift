import Foundation
import Testing

/// SwiftPM lets a target import what its dependencies depend on; this test does not.
@Suite("Architecture")
struct ArrowTests {
    /// Which of our modules each module may import: the picture in README.md.
    private static let arrows: [String: Set<String>] = [
        "System": [],
        "Domain": [],
        "JSON": [],
        "Settings": [],
        "Telemetry": ["System", "JSON"],
        "Security": ["CCrypto"],
        "FastCGI": ["CFastCGI", "System"],
        "Postgres": ["CPostgres", "System"],
        "Providers": ["Domain", "Security", "JSON", "Settings"],
        "HTTPClient": ["Domain"],
        "Sending": ["Domain", "Telemetry", "System"],
        "Webhooks": ["Domain", "Security", "Telemetry", "JSON", "System"],
        "Spool": ["Domain", "Telemetry", "System"],
        "Accounts": ["Domain", "Security", "Telemetry", "System"],
        "Simulator": ["FastCGI", "Domain", "Security", "Telemetry", "JSON", "System"],
        "Store": ["Postgres", "Domain", "Telemetry", "System"],
        "Web": ["FastCGI", "Domain", "Security", "Telemetry", "JSON", "System"],
        "Demo": [
            "Store", "Postgres", "Providers", "Domain", "Security", "Telemetry", "JSON", "Settings",
            "System",
        ],
        "waybill": [
            "Web", "Accounts", "Sending", "Webhooks", "Simulator", "HTTPClient", "Store", "Spool",
            "Providers", "Postgres",
            "FastCGI", "Domain", "Security", "Telemetry", "JSON", "Settings", "System", "Demo",
        ],
    ]

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func sources(_ module: String) -> [URL] { files(in: "Sources/\(module)") }

    private static func files(in path: String) -> [URL] {
        let folder = root.appendingPathComponent(path)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    @Test("A module imports only what the arrows allow", arguments: arrows.keys.sorted())
    func imports(module: String) throws {
        let ours = Set(Self.arrows.keys).union(["CCrypto", "CFastCGI", "CPostgres"])
        let allowed = try #require(Self.arrows[module])
        let files = Self.sources(module)
        #expect(!files.isEmpty)
        for file in files {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard
                    let match = line.firstMatch(
                        of:
                            #/
                            ^\s*(?:@\w+\s+)?
                            (?:(?:private|fileprivate|internal|package|public)\s+)?
                            import\s+(?:\w+\s+)?(\w+)
                        /#
                    )
                else { continue }
                let imported = String(match.1)
                let isAllowed = !ours.contains(imported) || allowed.contains(imported)
                #expect(isAllowed, "\(file.lastPathComponent) imports \(imported)")
            }
        }
    }

    @Test("Every folder of Sources is in the picture")
    func completeness() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        let known = Set(Self.arrows.keys).union(["CCrypto", "CFastCGI", "CPostgres"])
        #expect(Set(folders) == known)
    }

    @Test(
        "JSON is read by the strict reader and written by one writer",
        arguments: arrows.keys.sorted())
    func oneReader(module: String) throws {
        for file in Self.sources(module) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for reader in [
                "JSONDecoder", "JSONEncoder", "JSONSerialization", "Decodable", "Encodable",
                "Codable", "removingPercentEncoding", "addingPercentEncoding",
            ] {
                #expect(!text.contains(reader), "\(file.lastPathComponent) has \(reader)")
            }
        }
    }

    @Test("No file of Swift is longer than 400 lines")
    func lengths() throws {
        for file in Self.files(in: "Sources") + Self.files(in: "Tests") {
            let lines = try String(contentsOf: file, encoding: .utf8)
                .split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(lines <= 401, "\(file.lastPathComponent) has \(lines) lines")
        }
    }
}
