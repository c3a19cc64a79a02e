import Domain
import Testing

@testable import Store

@Suite("Texts on their way through the database", .blocking)
struct TextTests {
    private static let texts: [String] = [
        "", " ", "\u{FFFD}", "👩‍👩‍👧‍👦🏳️‍🌈", "e\u{301}", "\u{E9}", "\u{10FFFF}", "\u{FEFF}x",
        "שלום \u{202E}abc", "\u{1}\u{8}\t\n\r\u{1F}\u{7F}\u{85}\u{2028}", #"\x00 \u0000 \\ \"#,
        #"{"a",NULL}"#, "NULL", "'; drop table report; --", "$1", "%s%n",
        String(repeating: "x", count: 100_000), String(repeating: "🙂", count: 25_000),
        // Not characters, but valid in UTF-8; a literal may not hold them.
        String(
            String.UnicodeScalarView([0xFDD0, 0xFFFE, 0x1_FFFF].compactMap(Unicode.Scalar.init))),
    ]

    /// A report with a text in every field that takes one.
    private static func report(_ number: Int, _ text: String) -> Report {
        Report(
            message: .test(number), provider: .infobip, providerMessageID: text, status: .sent,
            outcome: Outcome(
                provider: .infobip, statusGroup: text, statusName: text, statusDescription: text,
                errorGroup: text, errorCode: text, errorName: text, errorDescription: text),
            recipient: text, sender: text, price: Report.Price(amount: "1", currency: text),
            bulkID: text, callbackData: text, network: text)
    }

    @Test("every text without NUL comes back as it went, code point by code point")
    func survive() throws {
        let database = try TestDatabase()
        let reports = Self.texts.enumerated().map { Self.report($0, $1) }
        let rejects = Self.texts.map { Reject(reason: $0, place: $0, detail: $0, excerpt: []) }
        let failures = WriterHarness(try database.responder).write(
            Self.texts.indices.map { index in
                .sample([reports[index]], rejects: [rejects[index]], uri: Self.texts[index])
            })
        #expect(failures.isEmpty)
        #expect(
            try database.run("select count(*) from quarantine where reason = 'database_refused'")
                == "0")
        #expect(try database.run("select count(*) from quarantine") == "\(Self.texts.count)")

        let store = MessageStore(try database.pool(), logger: .silent) { _, _ in .test(0) }
        for (number, text) in Self.texts.enumerated() {
            let report = try #require(try store.reports(of: .test(number), limit: 1).first).report
            let outcome = report.outcome
            let read = [
                outcome.statusGroup, outcome.statusName, outcome.statusDescription,
                outcome.errorGroup, outcome.errorCode, outcome.errorName, outcome.errorDescription,
                report.recipient, report.sender, report.price?.currency, report.bulkID,
                report.callbackData, report.network,
                try store.message(.test(number))?.providerMessageID,
            ]
            // Swift takes texts of other code points for equal, PostgreSQL does not.
            let isExact = read.allSatisfy { $0.map { Array($0.utf8) } == Array(text.utf8) }
            #expect(isExact, "text \(number)")
        }
    }

    @Test("texts that Swift takes for equal are two reports")
    func differByCodePoint() throws {
        let database = try TestDatabase()
        let reports = [Self.report(1, "e\u{301}"), Self.report(1, "\u{E9}")]
        #expect(WriterHarness(try database.responder).write([.sample(reports)]).isEmpty)
        #expect(try database.run("select count(*) from report") == "2")
        #expect(try database.run("select count(*) from outcome") == "2")
    }

    @Test("a NUL in any field is quarantined and costs no other report")
    func quarantineNul() throws {
        let database = try TestDatabase()
        let text = "a\0b"
        func report(_ number: Int, _ change: (inout Fields) -> Void) -> Report {
            var fields = Fields()
            change(&fields)
            return Report(
                message: .test(number), provider: .plivo, providerMessageID: fields.name,
                status: .sent,
                outcome: Outcome(provider: .plivo, errorDescription: fields.error),
                recipient: fields.recipient,
                price: Report.Price(amount: fields.amount, currency: fields.currency),
                attributes: fields.attributes)
        }
        let poisons = [
            report(1) { $0.name = text }, report(2) { $0.error = text },
            report(3) { $0.recipient = text }, report(4) { $0.amount = text },
            report(5) { $0.currency = text }, report(6) { $0.attributes = "\"\0\"" },
        ]
        let good = (10..<40).map { number in report(number) { _ in } }
        let mixed = (poisons + good).shuffled()
        #expect(WriterHarness(try database.responder).write([.sample(mixed)]).isEmpty)
        #expect(try database.run("select count(*) from report") == "30")
        #expect(try database.run("select count(*) from message") == "30")
        let places = try database.run("select place from quarantine order by place")
        #expect(
            Set(places.split(separator: "\n").map(String.init))
                == Set(poisons.map { "message \($0.message)" }))
    }

    private struct Fields {
        var name = "name"
        var error = "error"
        var recipient = "+1"
        var amount = "1.0"
        var currency = "EUR"
        var attributes = "{}"
    }
}
