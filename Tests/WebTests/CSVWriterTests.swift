import Domain
import Testing

@testable import Web

@Suite("CSV")
struct CSVWriterTests {
    private func cell(_ text: String?) -> String {
        var csv = CSVWriter()
        csv.text(text)
        return String(decoding: csv.bytes, as: UTF8.self)
    }

    @Test(
        "A text is quoted where RFC 4180 wants it, and nowhere else",
        arguments: [
            ("", ""), ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"so\"", "\"say \"\"so\"\"\""),
            ("one\r\ntwo", "\"one\r\ntwo\""), ("a;b", "\"a;b\""), (" padded", "\" padded\""),
            ("Grüße, 你好", "\"Grüße, 你好\""), ("100%", "100%"),
        ])
    func quoting(text: String, expected: String) {
        #expect(cell(text) == expected)
    }

    @Test(
        "What a spreadsheet takes for a formula begins with an apostrophe",
        arguments: [
            ("=1+1", "'=1+1"), ("+447700900123", "'+447700900123"), ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "\"'\tx\""), ("\rx", "\"'\rx\""),
            ("\nx", "\"'\nx\""), ("\u{FF1D}1", "'\u{FF1D}1"), ("\u{FF0B}1", "'\u{FF0B}1"),
            ("\u{FF0D}1", "'\u{FF0D}1"), ("\u{FF20}x", "'\u{FF20}x"), ("  =1", "\"'  =1\""),
            ("\u{A0}=1", "'\u{A0}=1"), ("\u{200B}=1", "'\u{200B}=1"), ("\u{FEFF}=1", "'\u{FEFF}=1"),
            ("'quoted", "''quoted"),
            ("=cmd|' /C calc'!A0,\"x\"", "\"'=cmd|' /C calc'!A0,\"\"x\"\"\""),
        ])
    func formulas(text: String, expected: String) {
        #expect(cell(text) == expected)
    }

    @Test("Other texts have none", arguments: ["1=1", "a+b", "x@y", "(+44)", "•••123", "é", "  x"])
    func harmless(text: String) {
        #expect(!cell(text).contains("'"))
    }

    @Test("Dropping one apostrophe from each cell that begins with one gives every text back")
    func undo() {
        for text in ["=1", "'=1", "''", "'", "+44", "x'", "-", "\t", "'+"] {
            var csv = CSVWriter()
            csv.text(text)
            csv.endRow()
            let read = Self.rows(csv.bytes)[0][0]
            #expect((read.hasPrefix("'") ? String(read.dropFirst()) : read) == text)
        }
    }

    @Test("Numbers, flags, ids and times are in the API's form", arguments: 0..<200)
    func values(seed: UInt64) {
        var random = SystemRandomNumberGenerator()
        let time = Timestamp(
            microseconds: Int64.random(in: 0...4_000_000_000_000_000, using: &random)
                / (seed % 3 == 0 ? 1000 : 1) * (seed % 3 == 0 ? 1000 : 1))
        let id = MessageID(high: random.next(), low: random.next())
        var csv = CSVWriter()
        csv.time(time)
        csv.time(time.advanced(by: .seconds(86_400)))
        csv.identifier(id)
        csv.integer(Int(seed))
        csv.flag(true)
        csv.flag(nil)
        csv.time(nil)
        csv.endRow()
        let expected = [
            time.description, time.advanced(by: .seconds(86_400)).description, id.description,
            String(seed), "true", "", "",
        ]
        #expect(Self.rows(csv.bytes) == [expected])
    }

    /// Reads CSV as RFC 4180 has it.
    static func rows(_ bytes: [UInt8]) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        var index = 0
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte != 0x22 {
                    cell.append(byte)
                } else if index < bytes.count, bytes[index] == 0x22 {
                    cell.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
            } else if byte == 0x22 {
                isQuoted = true
            } else if byte == 0x2C {
                row.append(text(cell))
                cell = []
            } else if byte == 0x0D, index < bytes.count, bytes[index] == 0x0A {
                index += 1
                rows.append(row + [text(cell)])
                (row, cell) = ([], [])
            } else {
                cell.append(byte)
            }
        }
        return rows
    }
}

@Suite("The format of an answer")
struct AnswerFormatTests {
    private func format(_ accept: String?, _ format: String? = nil) -> String {
        do throws(Problem) {
            return try AnswerFormat.negotiated(format: format, accept: accept).rawValue
        } catch {
            return error.code
        }
    }

    @Test(
        "The Accept header is read with its qualities; JSON wins a tie",
        arguments: [
            (nil, "json"), ("", "json"), ("*/*", "json"), ("text/csv", "csv"),
            ("TEXT/CSV", "csv"), ("text/csv; header=present", "csv"), ("text/*", "csv"),
            ("application/json", "json"), ("application/*", "json"),
            ("text/csv;q=0.5, application/json;q=0.4", "csv"),
            ("text/csv;q=0.5, application/json", "json"),
            ("text/csv, application/json", "json"), ("text/csv, */*;q=0.1", "csv"),
            ("text/csv, */*", "csv"), ("text/html, */*;q=0.8", "json"),
            ("application/json;q=0, */*", "csv"), ("text/csv;q=0, */*", "json"),
            ("text/html", "not_acceptable"), ("text/csv;q=0", "not_acceptable"),
            ("nonsense", "not_acceptable"), ("text/csv;q=2", "not_acceptable"),
        ] as [(String?, String)])
    func accept(header: String?, expected: String) {
        #expect(format(header) == expected)
    }

    @Test("The query wins")
    func query() {
        #expect(format("text/csv", "json") == "json")
        #expect(format("text/html", "csv") == "csv")
    }
}
