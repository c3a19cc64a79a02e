import Domain
import JSON
import Security
import Testing

@testable import Providers

@Suite("Plivo's reports")
struct PlivoReportTests {
    static let rest =
        #""PowerpackUUID":"","Type":"sms","requester_ip":"203.0.113.7""#
    static let uuid = "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"

    @Test("delivered")
    func delivered() throws {
        let parsed = try parse(Fixture.bytes("plivo-delivered.form"))
        let expected = try Report(
            message: MessageKey.derive(provider: .plivo, providerMessageID: Self.uuid),
            provider: .plivo, providerMessageID: Self.uuid, status: .delivered,
            outcome: Outcome(provider: .plivo, statusName: "delivered"),
            recipient: "+447700900456", sender: "+12025550123",
            sentAt: utc("2026-11-20T09:15:02.004518Z"), doneAt: utc("2026-11-20T09:15:05.771930Z"),
            segments: 1, price: .init(amount: "0.04330", currency: "USD"), network: "23415",
            attributes: #"{"ParentMessageUUID":"\#(Self.uuid)","PartInfo":"1 of 1","#
                + #""PowerpackUUID":"","Sequence":"3","TotalRate":"0.04330","Type":"sms","#
                + #""requester_ip":"203.0.113.7","MessageTime":"2026-11-20 09:15:01.128412","#
                + #""QueuedTime":"2026-11-20 09:15:01.130007"}"#)
        #expect(parsed == ParsedCallback(reports: [expected], rejects: []))
    }

    @Test("sent, and failed with a code")
    func others() throws {
        let sent = try #require(parse(Fixture.bytes("plivo-sent.form")).reports.first)
        #expect(sent.status == .sent)
        #expect(try sent.doneAt == utc("2026-11-20T09:15:02.004518Z"))
        #expect(sent.doneAt == sent.sentAt)
        #expect(sent.outcome == Outcome(provider: .plivo, statusName: "sent"))
        let failed = try #require(parse(Fixture.bytes("plivo-failed.form")).reports.first)
        #expect(failed.status == .failed)
        #expect(
            failed.outcome
                == Outcome(
                    provider: .plivo, statusName: "failed", errorCode: "200",
                    errorName: "recipient opted out", isPermanent: true))
        #expect(failed.sentAt == nil)
        #expect(try failed.doneAt == utc("2026-11-20T09:15:01.130007Z"))
        #expect(failed.network == nil)
        #expect(failed.price == .init(amount: "0.00000", currency: "USD"))
        let delivered = try #require(parse(Fixture.bytes("plivo-delivered.form")).reports.first)
        #expect(sent.message == delivered.message)
        #expect(sent.precedence < delivered.precedence)
    }

    @Test(
        "every status has its meaning and its time",
        arguments: [
            ("queued", Status.accepted, "02"), ("sent", .sent, "03"),
            ("delivered", .delivered, "04"), ("read", .delivered, "04"),
            ("undelivered", .undeliverable, "04"), ("failed", .failed, "04"),
            ("rejected", .rejected, "04"), ("Delivered", .delivered, "04"),
            ("new", .unknown, "04"),
        ])
    func statuses(word: String, status: Status, second: String) throws {
        let day = "2026-11-20+00:00:"
        let body =
            "MessageUUID=u&Status=\(word)&MessageTime=\(day)01&QueuedTime=\(day)02"
            + "&SentTime=\(day)03&DeliveryReportTime=\(day)04"
        let report = try #require(parse(Array(body.utf8)).reports.first)
        #expect(report.status == status)
        #expect(report.outcome.statusName == word)
        #expect(try report.doneAt == utc("2026-11-20T00:00:\(second).000Z"))
        #expect(try report.sentAt == utc("2026-11-20T00:00:03.000Z"))
        let bare = try #require(parse(Array("MessageUUID=u&Status=\(word)".utf8)).reports.first)
        #expect(bare.doneAt == nil)
        #expect(bare.attributes == nil)
    }

    @Test("our own id in the path is the message")
    func path() throws {
        let id = MessageID.new(at: Timestamp(microseconds: 1))
        let callback = ReceivedCallback(
            message: id, contentType: "application/x-www-form-urlencoded; charset=utf-8",
            body: Array("MessageUUID=u&Status=sent".utf8))
        let report = try #require(try webhook().parse(callback).reports.first)
        #expect(report.message == id)
        #expect(!report.isKeyDerived)
    }

    @Test("any id in the path is the message, and its key derived only if it is just that one")
    func foreignPath() throws {
        let derived = MessageKey.derive(provider: .plivo, providerMessageID: "u")
        let random = try #require(MessageID(Self.uuid))
        for id in [derived, random, nil] {
            let callback = ReceivedCallback(
                message: id, contentType: "application/x-www-form-urlencoded",
                body: Array("MessageUUID=u&Status=sent".utf8))
            let report = try #require(try webhook().parse(callback).reports.first)
            #expect(report.message == id ?? derived)
            #expect(report.isKeyDerived == (id != random))
        }
    }

    @Test("the send request's id in the path and the recipient in the body are the message")
    func sendRequestPath() throws {
        let expected = MessageKey.derive(
            sendRequest: .sample, recipient: try PhoneNumber("+447700900456"))
        for to in ["447700900456", "%2B447700900456", "+447700900456", "0044-7700-900456"] {
            let parsed = try parse(
                Array("MessageUUID=u&Status=sent&To=\(to)".utf8), sendRequest: .sample)
            let report = try #require(parsed.reports.first)
            #expect(report.message == expected)
            #expect(report.providerMessageID == "u")
            #expect(!report.isKeyDerived)
        }
    }

    @Test(
        "a recipient that is not a number names no message; its send request and name are kept",
        arguments: ["", "&To=", "&To=Acme", "&To=12345", "&To=%00", "&To=07700900456"])
    func callWithoutRecipient(rest: String) throws {
        let body = Array("MessageUUID=u&Status=sent\(rest)".utf8)
        let report = try #require(try parse(body, sendRequest: .sample).reports.first)
        #expect(report.sendRequest == .sample)
        #expect(report.providerMessageID == "u")
        #expect(!report.isKeyDerived)
        // In the send request's millisecond, as all its messages are, and of none of them.
        #expect(report.message.high >> 16 == SendRequestID.sample.high >> 16)
        let number = try PhoneNumber("+447700900456")
        #expect(report.message != MessageKey.derive(sendRequest: .sample, recipient: number))
        #expect(try parse(body).reports.first?.sendRequest == nil)
        #expect(
            try parse(body, message: .sample(1), sendRequest: .sample).reports.first?.sendRequest
                == nil)
    }

    @Test("a recipient that is given twice is no recipient")
    func callWithTwoRecipients() throws {
        let body = Array("MessageUUID=u&Status=sent&To=447700900456&To=447700900456".utf8)
        let parsed = try parse(body, sendRequest: .sample)
        #expect(parsed.reports.map(\.recipient) == [nil])
        #expect(parsed.reports.map(\.sendRequest) == [.sample])
        #expect(parsed.rejects.map(\.reason) == ["duplicate_key"])
        #expect(parsed.rejects.map(\.place) == ["To"])
    }

    @Test(
        "a code of zeros is no error; a new one has no name",
        arguments: [
            ("", nil, nil, nil), ("0", nil, nil, nil), ("000", nil, nil, nil),
            ("20", "20", "carrier network trouble", false), ("30", "30", "spam filter", true),
            ("31337", "31337", nil, nil),
        ] as [(String, String?, String?, Bool?)])
    func errorCodes(value: String, code: String?, name: String?, isPermanent: Bool?) throws {
        let body = "MessageUUID=u&Status=failed&ErrorCode=\(value)"
        let outcome = try #require(parse(Array(body.utf8)).reports.first).outcome
        #expect(outcome.errorCode == code)
        #expect(outcome.errorName == name)
        #expect(outcome.isPermanent == isPermanent)
    }

    @Test(
        "a form that is not a report is recorded by its kind",
        arguments: [
            ("MessageUUID=u&Status=sent&Status=sent", RejectReason.duplicateKey, "Status"),
            ("MessageUUID=u&%4DessageUUID=v&Status=sent", .duplicateKey, "MessageUUID"),
            ("MessageUUID=u%00&Status=sent", .badMessageID, "MessageUUID"),
            (
                "MessageUUID=\(String(repeating: "u", count: 201))&Status=sent", .tooLong,
                "MessageUUID"
            ),
            ("MessageUUID=None&Status=sent", .missingField, "MessageUUID"),
            (
                "MessageUUID=u&MessageUUID=v&ParentMessageUUID=w&Status=sent", .duplicateKey,
                "MessageUUID"
            ),
        ])
    func rejects(body: String, reason: RejectReason, place: String) throws {
        let parsed = try parse(Array(body.utf8))
        let expected = Reject(
            reason: reason.rawValue, place: place, detail: reason.detail, excerpt: Array(body.utf8))
        #expect(parsed == ParsedCallback(reports: [], rejects: [expected]))
    }

    @Test(
        "a status callback that names no message or no status is refused as a whole",
        arguments: [
            ("", "Status"), ("Status=sent", "MessageUUID"),
            ("MessageUUID=&Status=sent", "MessageUUID"), ("MessageUUID=u&Status=", "Status"),
            ("MessageUUID=+&Status=sent&ParentMessageUUID=+", "MessageUUID"),
        ])
    func otherForms(body: String, place: String) throws {
        let error = #expect(throws: Malformation.self) { try parse(Array(body.utf8)) }
        #expect(error?.code == .wrongShape)
        #expect(error?.place == place)
    }

    @Test("every other parameter is kept, repeated ones as an array")
    func attributes() throws {
        let body =
            "MessageUUID=u&Status=sent&Media=b&x=%00%22%5C%0A&Media=a&MCC=234&=v&ms=&Media=&q=%FF"
        let report = try #require(parse(Array(body.utf8)).reports.first)
        #expect(
            report.attributes
                == "{\"Media\":[\"b\",\"a\",\"\"],\"x\":\"\u{FFFD}\\\"\\\\\\u000a\",\"\":\"v\","
                + "\"ms\":\"\",\"q\":\"\u{FFFD}\",\"MCC\":\"234\"}")
    }

    @Test("parameters are the same only if their code points are, also of one character")
    func names() throws {
        let body = "MessageUUID=u&Status=sent&caf%C3%A9=1&cafe%CC%81=2&caf%C3%A9=3"
        let report = try #require(parse(Array(body.utf8)).reports.first)
        let expected = "{\"caf\u{E9}\":[\"1\",\"3\"],\"cafe\u{301}\":\"2\"}"
        #expect(report.attributes.map { Array($0.utf8) } == Array(expected.utf8))
    }

    @Test("a form is read as Python's parse_qsl reads it")
    func form() throws {
        let form = try #require(
            FormReader(Array("a=1&b=%zz%4&&c&=x&d=1=2&%61+b=c%2Bd&a=0&e=%C3%28&f=%c3%ab".utf8)))
        #expect(
            form.pairs.map { [form.text($0.name), form.text($0.value)] } == [
                ["a", "1"], ["b", "%zz%4"], ["c", ""], ["", "x"], ["d", "1=2"], ["a b", "c+d"],
                ["a", "0"], ["e", "\u{FFFD}("], ["f", "ë"],
            ])
        #expect(
            form.sorted.map { form.text($0.name) + form.text($0.value) } == [
                "x", "a0", "a1", "a bc+d", "b%zz%4", "c", "d1=2", "e\u{FFFD}(", "fë",
            ])
    }

    @Test("a form has at most a thousand parameters, and is a form")
    func bounds() throws {
        let body = "MessageUUID=u&Status=sent" + String(repeating: "&x=1", count: 998)
        #expect(try parse(Array(body.utf8)).reports.count == 1)
        let tooMany = #expect(throws: Malformation.self) { try parse(Array((body + "&x").utf8)) }
        #expect(tooMany?.code == .tooLong)
        for type in [nil, "application/json", "multipart/form-data; boundary=x"] {
            let other = #expect(throws: Malformation.self) {
                try webhook().parse(ReceivedCallback(contentType: type, body: []))
            }
            #expect(other?.code == .unsupportedMediaType)
        }
    }

    private func webhook() throws -> PlivoWebhook {
        let token = try #require(Secret("token"))
        return try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [token])))
    }

    private func parse(
        _ body: [UInt8], message: MessageID? = nil, sendRequest: SendRequestID? = nil
    ) throws -> ParsedCallback {
        try webhook().parse(
            ReceivedCallback(
                message: message, sendRequest: sendRequest,
                contentType: "application/x-www-form-urlencoded",
                body: body))
    }
}
