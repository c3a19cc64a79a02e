import Foundation
import Testing

/// Who may call what stands in one table.
@Suite("The table of access")
struct TableTests {
    private static let web = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/Web")

    private static func texts() throws -> [String: String] {
        let found = FileManager.default.enumerator(atPath: web.path)
        let names = (found?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
        return Dictionary(
            uniqueKeysWithValues: try names.map {
                ($0, try String(contentsOf: web.appendingPathComponent($0), encoding: .utf8))
            })
    }

    @Test("Every route has an entry, and every entry a route")
    func whole() throws {
        let texts = try Self.texts()
        var routes: Set<String> = []
        for text in texts.values {
            for match in text.matches(of: /RouteDescription\(\s*"([A-Z]+)",\s*"(\/[^"]*)"/) {
                routes.insert("\(match.1) \(match.2)")
            }
        }
        let table = try #require(texts["Access/AccessTable.swift"])
        let entries = table.matches(of: /"([A-Z]+ \/[^"]*)": \./).map { String($0.1) }
        #expect(routes.count > 20)
        #expect(Set(entries) == routes)
        #expect(Set(entries).count == entries.count)
    }

    @Test("No route is made without its description, but those of the providers' callbacks")
    func described() throws {
        for (name, text) in try Self.texts() {
            let made = text.matches(of: /Router\.Route\(\s*("|method|_)/)
            let isFree = name.hasPrefix("Callbacks/") || name == "Core/Router.swift"
            #expect(made.isEmpty || isFree, "\(name)")
        }
    }
}
