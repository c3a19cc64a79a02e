import Domain
import Testing

@testable import Providers

/// Fields that cannot be read, or are written in another way, of reports that are stored.
@Suite("Oddities of Infobip's reports")
struct InfobipOddityTests {
    /// A report with one more member, and its notes.
    struct Odd: Sendable, CustomTestStringConvertible {
        let reason: RejectReason
        let path: String
        let members: String

        var testDescription: String { "\(reason.rawValue) at \(path): \(members.prefix(60))" }

        init(_ reason: RejectReason, _ path: String, _ members: String) {
            self.reason = reason
            self.path = path
            self.members = members
        }
    }

    static let odd = [
        Odd(.badTime, "doneAt", #""doneAt":"""#),
        Odd(.badTime, "doneAt", #""doneAt":"2026-02-30T00:00:00.000+0000""#),
        Odd(.badTime, "sentAt", #""sentAt":1763629501250"#),
        Odd(.wrongType, "sentAt", #""sentAt":{}"#),
        Odd(.badNumber, "smsCount", #""smsCount":"""#),
        Odd(.badNumber, "smsCount", #""smsCount":"one""#),
        Odd(.badNumber, "smsCount", #""smsCount":1.5"#),
        Odd(.badNumber, "smsCount", #""smsCount":99999999999999999999"#),
        Odd(.badNumber, "smsCount", #""smsCount":10001"#),
        Odd(.wrongType, "smsCount", #""smsCount":[1]"#),
        Odd(.badNumber, "messageCount", #""messageCount":-1"#),
        Odd(.wrongType, "to", #""to":["447700900123"]"#),
        Odd(.duplicateKey, "to", #""to":"1","t\u006f":"2""#),
        Odd(.duplicateKey, "to", #""to":"1","to":"2","to":"3""#),
        Odd(.wrongType, "bulkId", #""bulkId":false"#),
        Odd(.wrongType, "callbackData", #""callbackData":{"a":1}"#),
        Odd(.wrongType, "mccMnc", #""mccMnc":["23415"]"#),
        Odd(.wrongType, "error", #""error":[]"#),
        Odd(.duplicateKey, "error", #""error":{"id":1},"error":{"id":1}"#),
        Odd(.wrongType, "error.permanent", #""error":{"permanent":"no"}"#),
        Odd(.wrongType, "error.name", #""error":{"name":{}}"#),
        Odd(.badNumber, "error.id", #""error":{"id":1e99}"#),
        Odd(.duplicateKey, "error.name", #""error":{"name":"A","name":"B"}"#),
        Odd(.wrongType, "price", #""price":0.042"#),
        Odd(.wrongType, "price.pricePerMessage", #""price":{"pricePerMessage":true}"#),
        Odd(.badPrice, "price.pricePerMessage", #""price":{"pricePerMessage":"free"}"#),
        Odd(.badPrice, "price.pricePerMessage", #""price":{"pricePerMessage":1e400}"#),
        Odd(
            .badPrice, "price.pricePerMessage",
            #""price":{"pricePerMessage":1234567890123456789}"#),
        Odd(
            .duplicateKey, "price.pricePerMessage",
            #""price":{"pricePerMessage":1,"pricePerMessage":2}"#),
        Odd(.duplicateKey, "price.currency", #""price":{"currency":"USD","currency":"EUR"}"#),
        Odd(.wrongType, "price.currency", #""price":{"currency":7.5e1,"pricePerMessage":1}"#),
        Odd(
            .tooLong, "",
            (0..<5).map { #""x\#($0)":"\#(String(repeating: "a", count: 16_000))""# }
                .joined(separator: ",")),
    ]

    @Test("The report is stored without the field, and one note says so", arguments: odd)
    func oddity(odd: Odd) throws {
        let result =
            #"{"messageId":"m","status":{"groupId":3,"groupName":"DELIVERED","id":5},\#(odd.members)}"#
        let webhook = try infobip()
        let callback = ReceivedCallback(body: Array(#"{"results":[\#(result)]}"#.utf8))
        // The table of provider statuses changes nothing.
        for _ in 0..<2 {
            let parsed = try webhook.parse(callback)
            let report = try #require(parsed.reports.first)
            #expect(report.status == .delivered)
            #expect(report.recipient == nil)
            #expect(report.sentAt == nil && report.doneAt == nil)
            #expect(report.segments == nil)
            #expect(report.price?.amount ?? "1" == "1")
            let note = try #require(parsed.rejects.first)
            #expect(parsed.rejects.count == 1)
            #expect(note.reason == odd.reason.rawValue)
            #expect(note.place == (odd.path.isEmpty ? "results[0]" : "results[0].\(odd.path)"))
            #expect(note.excerpt == Array(result.utf8.prefix(4096)))
            #expect(note.cost == .field)
            #expect(note.detail.contains("stored"))
        }
    }

    @Test("All odd fields of a report are one note, with every place")
    func several() throws {
        let parsed = try parse(
            #"{"results":[{"messageId":"a","status":{"groupId":3,"description":[]},"doneAt":"","#
                + #""smsCount":"x","sentAt":"","price":1},{"messageId":"b","status":{"groupId":3}}]}"#
        )
        #expect(parsed.reports.count == 2)
        let note = try #require(parsed.rejects.first)
        #expect(parsed.rejects.count == 1)
        #expect(
            note.place
                == "results[0].price, results[0].status.description, results[0].sentAt, "
                + "results[0].doneAt, results[0].smsCount")
        #expect(note.reason == "wrong_type")
        #expect(note.detail.contains("bad_time") && note.detail.contains("bad_number"))
    }

    @Test("A callback has at most a hundred notes, and the last counts the others")
    func bounded() throws {
        let results = (0..<150).map {
            #"{"messageId":"m\#($0)","status":{"groupId":3},"doneAt":""}"#
        }
        let parsed = try parse("{\"results\":[\(results.joined(separator: ","))]}")
        #expect(parsed.reports.count == 150)
        #expect(parsed.rejects.count == 100)
        #expect(parsed.rejects.last?.place == "results[99].doneAt")
        #expect(parsed.rejects.last?.detail.contains("50 more") == true)
        #expect(parsed.rejects.dropLast().allSatisfy { !$0.detail.contains("more reports") })
    }

    @Test("Numbers in texts, texts in numbers, extra blanks and any letter case are accepted")
    func otherForms() throws {
        let parsed = try parse(
            #"{"results":[{"messageId":17,"bulkId":5,"to":447700900123,"from":" ExampleCo ","#
                + #""smsCount":" 2 ","mccMnc":23415,"callbackData":7.50,"#
                + #""sentAt":" 2026-11-20T09:15:01.250+0000 ","doneAt":"\t2026-11-20T09:15:04.913Z","#
                + #""price":{"pricePerMessage":" 0.042 ","currency":"eur"},"#
                + #""status":{"groupId":" 3 ","groupName":" delivered ","id":"5.0","name":5},"#
                + #""error":{"groupId":"0","groupName":" ok ","id":"0","permanent":"False"}}]}"#)
        #expect(parsed.rejects.isEmpty)
        let report = try #require(parsed.reports.first)
        #expect(report.providerMessageID == "17")
        #expect(report.message == MessageKey.derive(provider: .infobip, providerMessageID: "17"))
        #expect(report.bulkID == "5")
        #expect(report.recipient == "+447700900123")
        #expect(report.sender == "ExampleCo")
        #expect(report.segments == 2)
        #expect(report.network == "23415")
        #expect(report.callbackData == "7.50")
        #expect(try report.sentAt == utc("2026-11-20T09:15:01.250Z"))
        #expect(try report.doneAt == utc("2026-11-20T09:15:04.913Z"))
        #expect(report.price == .init(amount: "0.042", currency: "EUR"))
        #expect(report.status == .delivered)
        #expect(report.outcome.statusGroupID == 3 && report.outcome.statusID == 5)
        #expect(report.outcome.errorCode == nil)
        #expect(report.outcome.isPermanent == false)
        #expect(report.attributes == nil)
    }

    @Test(
        "A count is a whole number in any form",
        arguments: ["1", "1.0", "1e0", "\"1\"", "\"1.0\"", "\"+1\"", "\"\\u0031\"", "\" 1\""])
    func counts(text: String) throws {
        for name in ["smsCount", "messageCount"] {
            let parsed = try parse(
                #"{"results":[{"messageId":"m","status":{},"\#(name)":\#(text)}]}"#)
            #expect(parsed.reports.first?.segments == 1)
            #expect(parsed.rejects.isEmpty)
        }
    }

    @Test("If one version's count cannot be read, the other's is")
    func otherCount() throws {
        let parsed = try parse(
            #"{"results":[{"messageId":"m","status":{},"messageCount":"x","smsCount":3}]}"#)
        #expect(parsed.reports.first?.segments == 3)
        #expect(parsed.rejects.map(\.place) == ["results[0].messageCount"])
    }

    @Test(
        "A status that is clear is stored, whatever else is odd in it",
        arguments: [
            (#"{"groupName":"DELIVERED","groupId":{},"id":5}"#, Status.delivered, "groupId"),
            (#"{"groupId":2,"groupName":[],"id":9}"#, .undeliverable, "groupName"),
            (#"{"groupId":3,"groupName":"DELIVERED","id":[]}"#, .delivered, "id"),
            (#"{"groupId":3,"id":"x","name":"DELIVERED_TO_OPERATOR"}"#, .sent, "id"),
            (#"{"groupId":5,"name":{}}"#, .rejected, "name"),
            (#"{"groupId":4,"description":1,"name":"A","name":"B"}"#, .expired, "name"),
            (#"{"groupId":4,"description":false}"#, .expired, "description"),
        ])
    func statuses(status: String, expected: Status, member: String) throws {
        let parsed = try parse(#"{"results":[{"messageId":"m","status":\#(status)}]}"#)
        #expect(parsed.reports.map(\.status) == [expected])
        #expect(parsed.rejects.map(\.place) == ["results[0].status.\(member)"])
        #expect(parsed.rejects.map(\.cost) == [.field])
    }

    @Test("A byte order mark is skipped, with results and without")
    func mark() throws {
        let result = InfobipBadInputTests.good
        #expect(try parse("\u{FEFF}{\"results\":[\(result)]}").reports.count == 1)
        #expect(try parse("\u{FEFF} \(result)").reports.count == 1)
    }

    @Test("One result that is in no list is a report")
    func loneResult() throws {
        let result = InfobipBadInputTests.good
        for body in [result, #"{"results":\#(result)}"#] {
            let parsed = try parse(body)
            #expect(parsed.reports.map(\.providerMessageID) == ["good"])
            #expect(parsed.reports.map(\.status) == [.delivered])
            #expect(parsed.rejects.isEmpty)
        }
    }

    @Test("Our own id in capitals is ours, a foreign one stays as its sender wrote it")
    func capitals() throws {
        func report(_ id: String) throws -> Report {
            let body = #"{"results":[{"messageId":"\#(id)","status":{}}]}"#
            return try #require(try parse(body).reports.first)
        }
        let ours = try report(MessageKeyTests.ours.uppercased())
        #expect(ours == (try report(MessageKeyTests.ours)))
        #expect(ours.message.description == MessageKeyTests.ours)
        let foreign = "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7AA"
        #expect(try report(foreign).providerMessageID == foreign)
        #expect(try report(foreign).message != report(foreign.lowercased()).message)
    }
}
