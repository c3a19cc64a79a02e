import Foundation
import Testing

/// A provider is a folder and a line: nothing else may name one.
@Suite("Names of providers")
struct ProviderNameTests {
    /// What may name the providers, and why.
    private static let allowed: [String] = [
        // Their own folders, and the programs that stand in for them.
        "Sources/Providers/Infobip/", "Sources/Providers/Plivo/", "Sources/Simulator/",
        "Sources/waybill/Commands/SimulateCommand.swift",
        // The line.
        "Sources/waybill/Wiring.swift",
        // Documentation, and the paths of the guides that are replaced.
        "Sources/waybill/Documentation.docc/", "nginx/guides.conf",
        // Examples in the descriptions of routes.
        "Sources/Web/Messages/MessageRoutes.swift", "Sources/Web/Sending/SendingRoutes.swift",
        "Sources/Web/DeadLetters/DeadLetterRoutes.swift",
        "Sources/Web/Quarantine/QuarantineRoutes.swift",
        "Sources/Web/Status/ServiceRoutes.swift",
        "Sources/Web/Inbound/InboundRoutes.swift", "Sources/Web/OptOuts/OptOutRoutes.swift",
        "Sources/Web/Live/LiveRoutes.swift", "Sources/Web/Statistics/StatisticsRoutes.swift",
        // For allow-lists: a provider needs none.
        "nginx/callbacks-of-infobip.conf", "nginx/callbacks-of-plivo.conf",
    ]

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The providers: each has a folder.
    private static let names: [String] = {
        let folder = root.appendingPathComponent("Sources/Providers").path
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return entries.filter { !$0.contains(".") && $0 != "Shared" }.map { $0.lowercased() }
    }()

    private static let files: [String] = ["Sources", "nginx", "systemd", "Migrations"].flatMap {
        top -> [String] in
        let folder = root.appendingPathComponent(top).resolvingSymlinksInPath()
        let entries = FileManager.default.enumerator(atPath: folder.path)?.compactMap {
            $0 as? String
        }
        return (entries ?? []).map { "\(top)/\($0)" }.sorted()
    }

    /// What a file says in lower case, but for its comments: one may cite a provider as its reason.
    private static func text(_ file: String) -> String? {
        let url = root.appendingPathComponent(file)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
        let mark =
            switch url.pathExtension {
            case "swift": "//"
            case "sql": "--"
            case "md": "\u{0}"
            default: "#"
            }
        let lines = text.split(separator: "\n").map { line in
            String(line.firstRange(of: mark).map { line[..<$0.lowerBound] } ?? line)
        }
        return lines.joined(separator: "\n").lowercased()
    }

    @Test("Only a provider's own folder and the line in the wiring name it")
    func naming() {
        #expect(Self.names.count >= 2 && Self.files.count > 100)
        for file in Self.files where !Self.allowed.contains(where: file.hasPrefix) {
            guard let text = Self.text(file) else { continue }
            for name in Self.names where text.contains(name) {
                Issue.record("\(file) names \(name)")
            }
        }
    }

    @Test("The list of what may name a provider holds nothing that is gone or names none")
    func listIsShort() {
        for entry in Self.allowed where !entry.hasSuffix("Documentation.docc/") {
            let named = Self.files.contains { file in
                let text = file.hasPrefix(entry) ? Self.text(file) ?? "" : ""
                return Self.names.contains(where: text.contains)
            }
            #expect(named, "\(entry)")
        }
    }

    @Test("No provider's folder names another provider, and what they share names none")
    func foldersApart() {
        for file in Self.files where file.hasPrefix("Sources/Providers/") {
            let own = file.split(separator: "/")[2].lowercased()
            guard let text = Self.text(file) else { continue }
            for name in Self.names where name != own && text.contains(name) {
                Issue.record("\(file) names \(name)")
            }
        }
    }
}
