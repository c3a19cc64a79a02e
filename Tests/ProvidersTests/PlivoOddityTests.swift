import Domain
import Security
import Testing

@testable import Providers

/// Parameters that cannot be read, or are written in another way, of reports that are stored.
@Suite("Oddities of Plivo's reports")
struct PlivoOddityTests {
    private func parse(_ form: String) throws -> ParsedCallback {
        let token = try #require(Secret("token"))
        let webhook = try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [token])))
        return try webhook.parse(
            ReceivedCallback(
                contentType: "application/x-www-form-urlencoded", body: Array(form.utf8)))
    }

    @Test(
        "The report is stored without the parameter, and one note says so",
        arguments: [
            ("Units=-1", RejectReason.badNumber, "Units"), ("Units=one", .badNumber, "Units"),
            ("Units=1.5", .badNumber, "Units"), ("Units=10001", .badNumber, "Units"),
            ("Units=None", .badNumber, "Units"),
            ("Units=99999999999999999999", .badNumber, "Units"),
            ("TotalAmount=free", .badPrice, "TotalAmount"),
            ("SentTime=None", .badTime, "SentTime"),
            ("SentTime=2026-02-30+00:00:00", .badTime, "SentTime"),
            ("DeliveryReportTime=now", .badTime, "DeliveryReportTime"),
            ("To=1&To=2", .duplicateKey, "To"), ("Units=1&Units=1&Units=1", .duplicateKey, "Units"),
        ])
    func oddity(parameters: String, reason: RejectReason, name: String) throws {
        let form = "MessageUUID=u&Status=delivered&\(parameters)"
        let parsed = try parse(form)
        let report = try #require(parsed.reports.first)
        #expect(report.status == .delivered)
        #expect(report.segments == nil && report.price == nil && report.recipient == nil)
        #expect(report.sentAt == nil && report.doneAt == nil)
        #expect(
            parsed.rejects == [
                Reject(
                    reason: reason.rawValue, place: name,
                    detail: "The report is stored without what is odd in it. \(reason.detail)",
                    excerpt: Array(form.utf8), cost: .field)
            ])
    }

    @Test("All odd parameters of a report are one note, with every place")
    func several() throws {
        let parsed = try parse(
            "MessageUUID=u&Status=sent&Units=x&SentTime=None&QueuedTime=2026-11-20+00:00:02")
        let report = try #require(parsed.reports.first)
        // The next known time replaces the one that cannot be read.
        #expect(try report.doneAt == utc("2026-11-20T00:00:02.000Z"))
        #expect(parsed.rejects.map(\.place) == ["SentTime, Units"])
        #expect(parsed.rejects.map(\.reason) == ["bad_time"])
        #expect(parsed.rejects.first?.detail.contains("bad_number") == true)
    }

    @Test("A parameter that came twice is kept with both values")
    func twice() throws {
        let report = try #require(
            try parse("MessageUUID=u&Status=sent&To=1&x=y&To=2").reports.first)
        #expect(report.attributes == #"{"x":"y","To":["1","2"]}"#)
    }

    @Test("Numbers, words and names are read in whatever form they are written")
    func otherForms() throws {
        let parsed = try parse(
            "MessageUUID=+u+&Status=+DELIVERED+&Units=1.0&TotalAmount=+0.04330+&To=+447700900456+"
                + "&From=%09ExampleCo%0A&SentTime=2026-11-20+09:15:02.004518&ErrorCode=None"
                + "&MCC=+234&MNC=15+&DeliveryReportTime=+2026-11-20+09:15:05.771930+")
        #expect(parsed.rejects.isEmpty)
        let report = try #require(parsed.reports.first)
        #expect(report.providerMessageID == "u")
        #expect(report.status == .delivered)
        #expect(report.segments == 1)
        #expect(report.price == .init(amount: "0.04330", currency: "USD"))
        #expect(report.recipient == "+447700900456")
        #expect(report.sender == "ExampleCo")
        #expect(report.network == "23415")
        #expect(report.outcome.errorCode == nil)
        #expect(try report.sentAt == utc("2026-11-20T09:15:02.004518Z"))
        #expect(try report.doneAt == utc("2026-11-20T09:15:05.771930Z"))
    }

    @Test("A byte order mark before the form does not belong to the first name")
    func mark() throws {
        for mark in ["\u{FEFF}", "%EF%BB%BF"] {
            let report = try #require(try parse("\(mark)MessageUUID=u&Status=sent").reports.first)
            #expect(report.providerMessageID == "u")
            #expect(report.attributes == nil)
        }
        #expect(throws: Malformation.self) { try parse("Status=sent&\u{FEFF}MessageUUID=u") }
    }

    @Test("A UUID in capitals is the same message")
    func capitals() throws {
        let uuid = PlivoReportTests.uuid
        func report(_ id: String, parent: String? = nil) throws -> Report {
            let whole = parent.map { "&ParentMessageUUID=\($0)" } ?? ""
            return try #require(
                try parse("MessageUUID=\(id)\(whole)&Status=sent").reports.first)
        }
        let lower = try report(uuid)
        for id in [uuid.uppercased(), uuid.prefix(8).uppercased() + uuid.dropFirst(8)] {
            #expect(try report(id) == lower)
            #expect(try report("u", parent: id).message == lower.message)
            #expect(try report("u", parent: id).providerMessageID == uuid)
        }
        #expect(
            MessageKey.derive(provider: .plivo, providerMessageID: uuid.uppercased())
                == lower.message)
        #expect(try report("ABC").providerMessageID == "ABC")
        #expect(try report("ABC").message != report("abc").message)
    }

    @Test(
        "The whole message's UUID names it where the part's is missing or unreadable",
        arguments: [
            ("", nil), ("&MessageUUID=", nil), ("&MessageUUID=None", "missing_field"),
            ("&MessageUUID=a%00", "bad_message_id"),
            ("&MessageUUID=\(String(repeating: "x", count: 201))", "too_long"),
        ] as [(String, String?)])
    func parent(rest: String, reason: String?) throws {
        let parsed = try parse("ParentMessageUUID=whole&Status=delivered\(rest)")
        let report = try #require(parsed.reports.first)
        #expect(report.providerMessageID == "whole")
        #expect(report.message == MessageKey.derive(provider: .plivo, providerMessageID: "whole"))
        #expect(parsed.rejects.map(\.reason) == [reason].compactMap { $0 })
        #expect(parsed.rejects.allSatisfy { $0.cost == .field })
    }

    @Test("No placeholder counts as a parent", arguments: ["None", "null", "NIL", "undefined"])
    func noParent(word: String) throws {
        let report = try #require(
            try parse("MessageUUID=u&ParentMessageUUID=\(word)&Status=sent").reports.first)
        #expect(report.providerMessageID == "u")
    }
}
