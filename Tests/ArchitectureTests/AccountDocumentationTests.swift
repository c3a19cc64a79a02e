import Foundation
import Testing

/// The codes of accounts' and keys' fields in Errors.md, compared with the code.
@Suite("Documentation of accounts")
struct AccountDocumentationTests {
    private static func text(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
    }

    @Test("Errors.md has the codes of the fields of accounts and keys, and no others")
    func fieldCodes() throws {
        var codes: Set<Substring> = []
        for name in [
            "Core/BodyReader", "People/UserEndpoints", "People/KeyEndpoints",
            "People/PasswordEndpoints",
        ] {
            let text = try Self.text("Sources/Web/\(name).swift")
            for match in text.matches(of: /problems\.add\([^"]*"[^\n]*?",\s*"([a-z_]+)"/) {
                codes.insert(match.1)
            }
            for match in text.matches(of: /problems\.add\(\s*name, "([a-z_]+)"/) {
                codes.insert(match.1)
            }
            for match in text.matches(of: /"([a-z]+_[a-z]+|missing|empty)",\s*\n?\s*"[A-Z]/) {
                codes.insert(match.1)
            }
        }
        let problems = try Self.text("Sources/Web/People/AccountProblems.swift")
        codes.formUnion(problems.matches(of: /case \.\w+: "([a-z_]+)"/).map(\.1))
        // The last one is of other sections: no account or key has a number.
        codes.subtract([
            "key_name_taken", "too_many_keys", "last_admin", "signed_in_elsewhere", "unknown_key",
            "bad_value",
        ])
        let page = try Self.text("Sources/waybill/Documentation.docc/Errors.md")
        let start = try #require(page.range(of: "## Accounts and keys"))
        let rest = page[start.upperBound...]
        let section = rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        let told = section.matches(of: /(?m)^\| (`[^|]*)\|/)
            .flatMap { $0.1.matches(of: /`([a-z_]+)`/).map(\.1) }
        #expect(Set(told).sorted() == codes.sorted())
    }
}
