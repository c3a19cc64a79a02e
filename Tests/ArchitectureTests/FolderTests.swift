import Foundation
import Testing

/// The compiler keeps modules apart, and nothing keeps a module's folders apart but this.
@Suite("Folders")
struct FolderTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources")

    private static let modules =
        (try? FileManager.default.contentsOfDirectory(atPath: sources.path).sorted()) ?? []

    @Test("No folder of a module knows another both ways", arguments: modules)
    func oneWay(module: String) throws {
        let folders = try Folders(of: Self.sources.appendingPathComponent(module))
        for (folder, users) in folders.edges {
            for (other, uses) in users where folder < other {
                guard let back = folders.edges[other]?[folder] else { continue }
                Issue.record(
                    """
                    \(module): \(folder) and \(other) know each other: \(folder) uses \
                    \(uses.sorted().joined(separator: ", ")), and \(other) uses \
                    \(back.sorted().joined(separator: ", "))
                    """)
            }
        }
    }

    @Test("The comparison finds what it looks for")
    func findsCycles() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("waybill-folders-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = [
            "A/Apple.swift": "package struct Apple { let stalk: Stalk }\nprivate struct Core {}",
            "B/Stalk.swift": "/// Of an Apple.\nstruct Stalk { let text = \"Apple\" }",
            "C/Core.swift": "enum Core { static let pear = Pear() }\nextension Apple {}",
            "Pear.swift": "@frozen public struct Pear: Sendable {}\nlet core = Core.self",
        ]
        for (name, text) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let edges = try Folders(of: folder).edges
        #expect(edges["A"] == ["B": ["Stalk (Apple.swift)"]])
        #expect(edges["B"] == nil)
        #expect(edges["C"] == [".": ["Pear (Core.swift)"], "A": ["Apple (Core.swift)"]])
        #expect(edges["."] == ["C": ["Core (Pear.swift)"]])
    }
}

/// Which folders of a module use names that others declare.
private struct Folders {
    /// By folder and the folder that it uses: the names, each with the file that uses it. Files beside
    /// the folders are the folder `.`.
    private(set) var edges: [String: [String: Set<String>]] = [:]

    init(of module: URL) throws {
        let found = FileManager.default.enumerator(at: module, includingPropertiesForKeys: nil)
        let files = (found?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
        let depth = module.standardizedFileURL.pathComponents.count
        let texts = try files.map { file in
            let path = file.standardizedFileURL.pathComponents.dropFirst(depth)
            return (
                folder: path.count > 1 ? path.first ?? "." : ".", name: file.lastPathComponent,
                code: Self.code(in: try String(contentsOf: file, encoding: .utf8))
            )
        }
        var homes: [Substring: String] = [:]
        for text in texts {
            for name in Self.declared(in: text.code, onlyForOthers: true) {
                homes[name] = text.folder
            }
        }
        for text in texts {
            // A private type may have another folder's name.
            let own = Set(Self.declared(in: text.code, onlyForOthers: false))
            for name in Set(text.code.matches(of: /\w+/).map(\.output)).subtracting(own) {
                guard let home = homes[name], home != text.folder else { continue }
                edges[text.folder, default: [:]][home, default: []].insert("\(name) (\(text.name))")
            }
        }
    }

    /// A file's text without comments and literals.
    private static func code(in text: String) -> String {
        text.replacing(/#*"""[\s\S]*?"""#*/, with: "")
            .replacing(/"(?:[^"\\\n]|\\.)*"/, with: "")
            .replacing(/\/\/[^\n]*/, with: "")
    }

    /// The types and functions at a file's top level, without private ones or with them.
    private static func declared(in code: String, onlyForOthers: Bool) -> [Substring] {
        code.matches(
            of:
                #/
                (?m)^(?:@\w+\s+)*
                (?:(public|package|internal|final|indirect|private|fileprivate)\s+)*
                (?:struct|enum|class|actor|protocol|typealias|func)\s+(\w+)
            /#
        ).compactMap { match in
            let isPrivate = match.output.0.prefix { $0 != "\n" }.contains("private")
            return isPrivate && onlyForOthers ? nil : match.output.2
        }
    }
}
