import Domain
import Foundation
import Testing
import Web

@testable import waybill

@Suite("Importing users")
struct UserImportTests {
    private static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/people").path

    /// What becomes of each record, in words.
    private func plan(
        _ file: ImportFile, role: Role = .viewer, known: [String] = []
    ) -> [String] {
        UserImport(role: role, isDryRun: true, skipsBad: false)
            .plan(file, known: Set(known.compactMap { EmailAddress($0) }))
            .map { line in
                switch line.fate {
                case .take(let user, let note):
                    let hash = user.passwordHash.map { String($0.prefix(7)) } ?? "-"
                    let draft = user.draft
                    return "\(line.place) \(draft.email) \(draft.name) \(draft.role) \(hash)"
                        + (note.map { " (\($0.prefix(30)))" } ?? "")
                case .exists(let email): return "\(line.place) \(email) exists"
                case .bad(let problem): return "\(line.place) bad: \(problem)"
                }
            }
    }

    private func file(_ name: String) throws -> ImportFile {
        try ImportFile(path: "\(Self.fixtures)/\(name)")
    }

    private func file(text: String) throws -> ImportFile {
        try ImportFile(Array(text.utf8), named: "users")
    }

    @Test("CSV of the NextAuth guide's table is taken, with the hashes")
    func csv() throws {
        let file = try file("nextauth.csv")
        #expect(
            plan(file, known: ["DAVE@example.com"]) == [
                "line 2 Ann@Example.com Miller, Ann viewer $2b$10$",
                "line 3 bob@example.com Bob \"the boss\" admin $2a$04$",
                "line 4 carol@example.com carol viewer - (\"USER\" is no role of ours; wit)",
                "line 6 dave@example.com exists",
            ])
        #expect(file.columns.contains("emailVerified"))
    }

    @Test("so are JSON lines and an array")
    func json() throws {
        #expect(
            plan(try file("nextauth.jsonl"), role: .operator) == [
                "line 1 ann@example.com Ann Miller operator $2b$10$",
                "line 2 bob@example.com bob admin $2a$04$",
                "line 3 carol@example.com carol operator - (without a password: \"waybill u)",
            ])
        #expect(
            plan(try file("nextauth.json")) == [
                "entry 1 ann@example.com Ann Miller viewer $2b$10$",
                "entry 2 bob@example.com bob operator $2a$04$",
            ])
    }

    @Test("each bad record says what is wrong with it, and never shows a password")
    func bad() throws {
        let plan = plan(try file("bad.csv"))
        #expect(
            plan == [
                "line 2 ann@example.com Ann viewer $2b$10$",
                "line 3 bad: \"not an address\" is no address",
                "line 4 bad: the password is no bcrypt hash ($2a$, $2b$ or $2y$) of cost 4 to 14",
                "line 5 bad: 4 fields, and the header names 3",
                "line 6 bad: the address of line 2 again",
                "line 7 bad: no address",
                "line 8 bad: the password is no bcrypt hash ($2a$, $2b$ or $2y$) of cost 4 to 14",
                "line 9 dave@example.com Dave viewer $2y$04$",
            ])
        let lines = try file(text: "{\"email\":\"a@b\"}\n\n{\"email\":\n[1]\n{\"email\":1}\n")
        #expect(
            self.plan(lines) == [
                "line 1 a@b a viewer - (without a password: \"waybill u)",
                "line 3 bad: The JSON text ends before it is complete.",
                "line 4 bad: it is no JSON object", "line 5 bad: \"1\" is no address",
            ])
    }

    @Test(
        "what is none of the three is refused as a whole",
        arguments: [
            ("", "empty"), ("  \n", "empty"), ("email,email\n", "twice"), ("email\n\"a", "line 2"),
            ("email\na\"b\n", "line 2"), ("[{\"email\":]", "byte"), ("email\n\"a\"b\n", "line 2"),
        ])
    func refused(text: String, word: String) {
        #expect {
            try file(text: text)
        } throws: { error in
            "\(error)".contains(word)
        }
    }

    @Test("a file that is not UTF-8, or is not there, is refused")
    func unreadable() {
        #expect(throws: CommandFailure.self) { try ImportFile([0x65, 0xFF], named: "users") }
        #expect(throws: CommandFailure.self) { try file("nothing.csv") }
    }

    @Test("CSV has quoted commas, line breaks and quotation marks, and LF or CRLF")
    func records() throws {
        let text = "a,b\r\n\"x,\"\"y\"\"\r\nz\",\n\n,last"
        let records = try CSVRecords(text).records
        #expect(
            records == [
                CSVRecords.Record(line: 1, fields: ["a", "b"]),
                CSVRecords.Record(line: 2, fields: ["x,\"y\"\r\nz", ""]),
                CSVRecords.Record(line: 5, fields: ["", "last"]),
            ])
        #expect(try CSVRecords("").records.isEmpty)
        #expect(try CSVRecords("\n\r\n\n").records.isEmpty)
        #expect(try CSVRecords("\u{FEFF}a\n").records.first?.fields == ["\u{FEFF}a"])
    }

    @Test("a mark at the beginning of a file, as spreadsheets write it, belongs to no column")
    func byteOrderMark() throws {
        #expect(try file(text: "\u{FEFF}email\na@b\n").columns == ["email"])
    }

    @Test("random bytes end in records or an error, and never in a crash")
    func garbage() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("a,\"\r\n{}[]:@ é\u{FEFF}".utf8)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            if let file = try? ImportFile(bytes, named: "users") { _ = plan(file) }
        }
    }
}
