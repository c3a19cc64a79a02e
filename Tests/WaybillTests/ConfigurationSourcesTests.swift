import Foundation
import Settings
import Testing

@testable import waybill

/// Compares the sources with the table: the types prevent reading a setting without an entry; these
/// tests prevent entries elsewhere and other ways of reading the environment.
@Suite("Settings in the sources")
struct ConfigurationSourcesTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private struct Source {
        /// From `Sources` on.
        let path: String
        let text: String
    }

    private static func sources() throws -> [Source] {
        let folder = root.appendingPathComponent("Sources")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (files?.compactMap { $0 as? URL } ?? [])
            .filter { $0.pathExtension == "swift" }
            .map { file in
                Source(
                    path: String(file.path.dropFirst(folder.path.count + 1)),
                    text: try String(contentsOf: file, encoding: .utf8))
            }
    }

    private static let names = Set(WaybillSettings.table.settings.map(\.name))

    @Test("Every entry that is made is in the table, and only files of settings make entries")
    func entries() throws {
        var declared: Set<String> = []
        for source in try Self.sources() {
            let entries = source.text.matches(of: /\bSetting\(\s*"([^"]+)"/).map { $0.output.1 }
            guard !entries.isEmpty else { continue }
            let isAtHome =
                source.path.contains(/\/\w*Settings(\+\w+)?\.swift$/)
                || source.path == "Settings/Setting.swift"
            #expect(isAtHome, "\(source.path) makes an entry")
            for name in entries where !name.hasPrefix("\\(") { declared.insert(String(name)) }
        }
        #expect(declared.subtracting(Self.names).isEmpty)
        // The others are the lanes', whose names have a prefix for each provider.
        let others = Self.names.subtracting(declared)
        #expect(
            others.allSatisfy {
                $0.hasSuffix("_RATE") || $0.hasSuffix("_CONCURRENCY")
                    || $0.hasSuffix("_BATCH_LIMIT")
            })
        #expect(declared.count > 40)
    }

    @Test(
        "A setting's name is only in its entry, and no other file names an unknown one")
    func literals() throws {
        let literal = /"((?:INFOBIP|PLIVO|WAYBILL|DATABASE|MIGRATE|APP|LOG)_[A-Z0-9_]*[A-Z0-9])"/
        // The demo sets variables for what it starts, and a database role names its setting.
        let others = ["Demo/", "Store/Migrations/Grants.swift"]
        var counts: [String: Int] = [:]
        for source in try Self.sources() {
            for match in source.text.matches(of: literal) {
                let name = String(match.output.1)
                #expect(Self.names.contains(name), "\(source.path) names \(name)")
                if !others.contains(where: source.path.hasPrefix) {
                    counts[name, default: 0] += 1
                }
            }
        }
        #expect(counts.filter { $0.value > 1 }.isEmpty)
    }

    @Test("Only the environment's reader reads the environment")
    func environment() throws {
        /// Files that read other variables: systemd's, and those that a child inherits.
        let others: Set<String> = [
            "Settings/ProcessEnvironment.swift", "System/Service/ServiceManager.swift",
            "waybill/Serve/ResponderSockets.swift", "waybill/Commands/SimulateCommand.swift",
        ]
        let reading = /\bgetenv\(|ProcessInfo\.processInfo\.environment|\benviron\b/
        for source in try Self.sources() where source.text.contains(reading) {
            let isKnown = others.contains(source.path) || source.path.contains("Demo")
            #expect(isKnown, "\(source.path) reads the environment")
        }
    }
}
