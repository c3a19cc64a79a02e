import Foundation
import Testing

/// README.md and the pages of Documentation.docc, compared with the code.
@Suite("Documentation")
struct DocumentationTests {
    private static let pages = "Sources/waybill/Documentation.docc"

    /// README.md, and every page by its path.
    private static let files: [String] =
        ["README.md"]
        + ((try? FileManager.default.contentsOfDirectory(atPath: path(pages)).sorted()) ?? [])
        .filter { $0.hasSuffix(".md") }.map { "\(pages)/\($0)" }

    private static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(name).path
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// The texts of all Swift files below a folder.
    private static func sources(_ folder: String) throws -> [String] {
        let found = FileManager.default.enumerator(atPath: path(folder))
        return try (found?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
            .map { try text("\(folder)/\($0)") }
    }

    @Test("README.md is short: under 300 lines, with a link to every page")
    func frontDoor() throws {
        let readme = try Self.text("README.md")
        #expect(readme.split(separator: "\n", omittingEmptySubsequences: false).count < 300)
        let index = try Self.text("\(Self.pages)/Waybill.md")
        #expect(Self.files.count > 8)
        for page in Self.files.dropFirst() where !page.hasSuffix("/Waybill.md") {
            #expect(readme.contains("](\(page))"), "README.md does not link \(page)")
            let name = page.split(separator: "/").last ?? ""
            #expect(index.contains("](\(name))"), "Waybill.md does not link \(name)")
        }
    }

    @Test("Every link leads somewhere", arguments: files)
    func links(file: String) throws {
        let folder = URL(fileURLWithPath: Self.path(file)).deletingLastPathComponent()
        for match in try Self.text(file).matches(of: /\]\(([^)\s#]+)(?:#[^)]*)?\)/) {
            guard !match.1.contains("://") else { continue }
            let target = folder.appendingPathComponent(String(match.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(file) links \(match.1)")
        }
    }

    @Test("Every path that is named is there", arguments: files)
    func paths(file: String) throws {
        let named = try Self.text(file).matches(
            of:
                /`((?:Sources|Tests|Migrations|nginx|systemd)\/[\w.\/+-]*|\.ci\/\w+|\.env\.example)`/
        )
        for name in named.map(\.1) {
            #expect(
                FileManager.default.fileExists(atPath: Self.path(String(name))),
                "\(file) names \(name)")
        }
    }

    @Test("API.md has the routes of the code, and no others")
    func routes() throws {
        var routes: Set<String> = []
        for text in try Self.sources("Sources/Web") {
            for match in text.matches(of: /RouteDescription\(\s*"([A-Z]+)",\s*"(\/[^"]*)"/) {
                routes.insert("\(match.1) \(match.2)")
            }
        }
        #expect(routes.count > 6)
        let rows = try Self.text("\(Self.pages)/API.md").matches(
            of: /(?m)^\| `([A-Z]+) (\/(?!callbacks)[^`?]*)/)
        #expect(Set(rows.map { "\($0.1) \($0.2)" }) == routes)
    }

    @Test("Errors.md has the codes of the code and of nginx, and no others")
    func codes() throws {
        var codes: Set<Substring> = []
        for text in try Self.sources("Sources/Web") + Self.sources("Sources/waybill") {
            for match in text.matches(
                of: /(?:Problem|self\.init|\.unavailable|refusal)\(\s*(?:\.\w+,\s*)?"([a-z_]+)"/)
            {
                codes.insert(match.1)
            }
            for match in text.matches(of: /\bcode = .*"([a-z_]+)" : "([a-z_]+)"/) {
                codes.formUnion([match.1, match.2])
            }
        }
        for text in try Self.sources("Sources/Domain/Reports") {
            // Of Refusal and Malformation, whose raw values are codes.
            for list in text.matches(of: /enum (?:Reason|Code): String[^}]*\}/) {
                codes.formUnion(list.output.matches(of: /case \w+ = "([a-z_]+)"/).map(\.1))
            }
        }
        let map = try #require(
            try Self.text("nginx/http.conf").firstMatch(of: /map \$status \$waybill_code \{[^}]*\}/)
        )
        codes.formUnion(map.output.matches(of: /\s([a-z_]+);/).map(\.1))
        #expect(codes.count > 40)
        let rows = try Self.text("\(Self.pages)/Errors.md")
            .matches(of: /(?m)^\| \d[^|]*\|([^|]*)\|/)
        let told = rows.flatMap { $0.1.matches(of: /`([a-z_]+)`/).map(\.1) }
        #expect(Set(told) == codes)
    }

    @Test("Errors.md has the codes of a send request's fields, and no others")
    func fieldCodes() throws {
        var codes: Set<Substring> = []
        for text in try Self.sources("Sources/Web/Sending") {
            for match in text.matches(of: /problems\.add\(\s*[^\n]*?,?\s*"([a-z_]+)",\s/) {
                codes.insert(match.1)
            }
            for match in text.matches(of: /(?:code: |problem = |\s)\(\s*"(\w+)",|code: "(\w+)"/) {
                codes.insert(match.1 ?? match.2 ?? "")
            }
        }
        let number = try Self.text("Sources/Domain/Values/PhoneNumber.swift")
        codes.formUnion(number.matches(of: /case [.\w, ]+: "([a-z_]+)"/).map(\.1))
        let page = try Self.text("\(Self.pages)/Errors.md")
        let start = try #require(page.range(of: "## Fields"))
        let told = page[start.upperBound...].matches(of: /(?m)^\| (`[^|]*)\|/)
            .flatMap { $0.1.matches(of: /`([a-z_]+)`/).map(\.1) }
        // What a provider's own limits are is in its folder.
        func common(_ codes: some Sequence<Substring>) -> [Substring] {
            codes.filter { !$0.contains("_for_") }.sorted()
        }
        #expect(common(Set(told)) == common(codes))
    }
}
