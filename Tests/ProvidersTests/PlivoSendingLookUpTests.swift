import Domain
import Security
import Testing

@testable import Providers

@Suite("Asking Plivo for its records")
struct PlivoSendingLookUpTests {
    private static let url = "https://api.plivo.com/v1/Account/MAXXXXXXXXXXXXXXXXXX/Message/"
    private static let uuid = "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"

    private func lookUp(
        uuid: String? = nil, others: Set<String> = []
    ) throws -> MessageLookUp {
        MessageLookUp(
            id: .sample(1), providerMessageID: uuid,
            recipient: try PhoneNumber("+447700900456"),
            sentAt: try utc("2026-11-20T09:15:00.000Z"), otherProviderMessageIDs: others)
    }

    /// A record as Plivo documents it, with other values for some of its members.
    private static func record(_ changes: [String: String] = [:]) -> String {
        var members = [
            "api_id": #""a""#, "message_uuid": #""\#(uuid)""#, "message_state": #""delivered""#,
            "error_code": #""000""#, "error_message": "null", "from_number": #""12025550123""#,
            "to_number": #""447700900456""#, "message_direction": #""outbound""#,
            "message_time": #""2026-11-20 14:45:01.128412+05:30""#,
            "message_sent_time": #""2026-11-20 14:45:02.004518+05:30""#,
            "message_updated_time": #""2026-11-20 14:45:05.771930+05:30""#,
            "message_type": #""sms""#, "units": "2", "total_rate": #""0.04330""#,
            "total_amount": #""0.08660""#, "mcc": #""234""#, "mnc": #""15""#,
            "powerpack_id": "null", "is_domestic": "false", "dlt_entity_id": "{}",
            "resource_uri": #""/v1/Account/MA/Message/x/""#, "text": #""personal""#,
        ]
        members.merge(changes) { _, new in new }
        // Not a dictionary's order, which differs from run to run.
        return "{"
            + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
            .joined(separator: ", ") + "}"
    }

    private func result(
        _ message: MessageLookUp, _ body: String, status: Int = 200
    ) throws -> LookUpResult {
        try PlivoSending.sample().lookUpResult(of: [message], ProviderResponse(status, body))
    }

    private static func list(_ records: [String], meta: String? = nil) -> String {
        let meta =
            meta ?? #"{"limit":20,"next":null,"offset":0,"previous":null,"#
            + #""total_count":\#(records.count)}"#
        return #"{"api_id":"a","meta":\#(meta),"objects":[\#(records.joined(separator: ","))]}"#
    }

    @Test(
        "archived records have no text, under any name, and the same content",
        arguments: [
            [:], ["text": #"{"a": ["personal"]}"#], ["text": "null", "message": #""personal""#],
            ["text": "1", #"message\u005ftext"#: #""personal""#, "Content": #"["personal"]"#],
            ["media_urls": #"["https://personal.example"]"#],
        ])
    func archives(changes: [String: String]) throws {
        for (body, uuid) in [
            (Self.record(changes), Self.uuid), (Self.list([Self.record(changes)]), nil),
        ] {
            let archived = try PlivoSending.sample().archivable(Array(body.utf8))
            let text = String(decoding: archived, as: UTF8.self)
            #expect(!text.contains("personal"))
            #expect(text.contains(#""message_uuid": "\#(Self.uuid)""#))
            let message = try lookUp(uuid: uuid)
            let result = try result(message, text)
            #expect(result.reports.count == 1)
            #expect(result.reports[0].doneAt == (try self.result(message, body)).reports[0].doneAt)
        }
    }

    @Test("a record is a report, without the message's text")
    func detail() throws {
        let expected = try Report(
            message: .sample(1), isKeyDerived: false, provider: .plivo,
            providerMessageID: Self.uuid, status: .delivered,
            outcome: Outcome(provider: .plivo, statusName: "delivered"),
            source: .poll, recipient: "+447700900456", sender: "+12025550123",
            sentAt: utc("2026-11-20T09:15:02.004518Z"), doneAt: utc("2026-11-20T09:15:05.771930Z"),
            segments: 2, price: .init(amount: "0.08660", currency: "USD"), network: "23415",
            attributes: #"{"is_domestic":"false","message_direction":"outbound","Type":"sms","#
                + #""TotalRate":"0.04330","MessageTime":"2026-11-20 14:45:01.128412+05:30"}"#)
        #expect(
            try result(lookUp(uuid: Self.uuid), Self.record())
                == LookUpResult(reports: [expected], unknown: []))
    }

    @Test("it means what the callback means: same status, time, codes and price")
    func sameAsPushed() throws {
        let polled = try #require(
            result(lookUp(uuid: Self.uuid), Self.record(["units": "1"])).reports.first)
        let token = try #require(Secret("t"))
        let webhook = try #require(
            PlivoWebhook(.init(baseURLs: ["https://a.example"], tokens: [token])))
        let pushed = try #require(
            webhook.parse(
                ReceivedCallback(
                    message: .sample(1), contentType: "application/x-www-form-urlencoded",
                    body: Fixture.bytes("plivo-delivered.form"))
            ).reports.first)
        #expect(polled.precedence == pushed.precedence)
        #expect(polled.outcome.id == pushed.outcome.id)
        #expect(polled.message == pushed.message)
        #expect(polled.sentAt == pushed.sentAt && polled.doneAt == pushed.doneAt)
        #expect(polled.recipient == pushed.recipient && polled.sender == pushed.sender)
        #expect(polled.network == pushed.network && polled.segments == pushed.segments)
    }

    @Test(
        "every state has its meaning and its time",
        arguments: [
            ("queued", Status.accepted, "01.128412"), ("sent", .sent, "02.004518"),
            ("delivered", .delivered, "05.771930"), ("undelivered", .undeliverable, "05.771930"),
            ("failed", .failed, "05.771930"), ("rejected", .rejected, "05.771930"),
            ("new", .unknown, "05.771930"),
        ])
    func states(word: String, status: Status, second: String) throws {
        let report = try #require(
            result(
                lookUp(uuid: Self.uuid), Self.record(["message_state": "\"\(word)\""])
            ).reports.first)
        #expect(report.status == status)
        #expect(try report.doneAt == utc("2026-11-20T09:15:\(second)Z"))
    }

    @Test("errors keep their code; null and 000 are none")
    func errors() throws {
        let message = try lookUp(uuid: Self.uuid)
        func outcome(_ code: String) throws -> Outcome? {
            try result(
                message, Self.record(["message_state": #""failed""#, "error_code": code])
            ).reports.first?.outcome
        }
        let none = Outcome(provider: .plivo, statusName: "failed")
        #expect(try outcome("null") == none)
        #expect(try outcome(#""000""#) == none)
        let optedOut = Outcome(
            provider: .plivo, statusName: "failed", errorCode: "200",
            errorName: "recipient opted out", isPermanent: true)
        #expect(try outcome(#""200""#) == optedOut)
        #expect(try outcome("200") == optedOut)
        let newer = Outcome(provider: .plivo, statusName: "failed", errorCode: "9999")
        #expect(try outcome(#""9999""#) == newer)
    }

    @Test("with the UUID the record is requested, without it the list of the time")
    func requests() throws {
        let requests = try PlivoSending.sample().lookUpRequests(
            [lookUp(uuid: Self.uuid), lookUp(), lookUp(uuid: "a/b?c")])
        #expect(requests.map(\.messages.count) == [1, 1, 1])
        #expect(requests[0].request.url == Self.url + Self.uuid + "/")
        #expect(requests[2].request.url == Self.url + "a%2Fb%3Fc/")
        #expect(requests[1].request.url.hasPrefix(Self.url + "?"))
        #expect(
            try requests[1].request.query == [
                "to_number": "447700900456", "message_direction": "outbound",
                "message_time__gte": "2026-11-19 19:13:00",
                "message_time__lte": "2026-11-20 23:25:00", "limit": "20",
            ])
        for request in requests.map(\.request) {
            #expect(request.method == "GET" && request.body.isEmpty)
            #expect(request.headers.map(\.name) == ["Authorization", "Accept"])
            #expect(request.header("Authorization")?.hasPrefix("Basic ") == true)
            #expect(request.header("Accept") == "application/json")
        }
    }

    @Test("the one record to the recipient at that time is the message's")
    func match() throws {
        let strangers = [
            ["to_number": #""447700900457""#], ["message_direction": #""inbound""#],
            ["message_time": #""2026-11-20 09:12:59""#],
            ["message_time": #""2026-11-20 09:25:01+00:00""#], ["message_uuid": #""other""#],
        ].map(Self.record)
        let message = try lookUp(others: ["other"])
        let found = try result(message, Self.list(strangers + [Self.record()]))
        #expect(found.reports.map(\.message) == [.sample(1)])
        #expect(found.reports.map(\.providerMessageID) == [Self.uuid])
        #expect(found.reports.map(\.source) == [.poll])
        #expect(found.unknown.isEmpty)
        let plus = Self.record(["to_number": #""+447700900456""#])
        #expect(try result(message, Self.list([plus])).reports.count == 1)
        #expect(
            try result(message, Self.list(strangers))
                == LookUpResult(reports: [], unknown: [.sample(1)]))
        #expect(
            try result(message, Self.list([])) == LookUpResult(reports: [], unknown: [.sample(1)]))
    }

    @Test("a record in another spelling of the number is the message's; no record means nothing")
    func spelling() throws {
        let window = Self.record(["to_number": #""541123456789""#])
        for recipient in ["+5491123456789", "+5215512345678"] {
            let message = MessageLookUp(
                id: .sample(1), providerMessageID: nil, recipient: try PhoneNumber(recipient),
                sentAt: try lookUp().sentAt)
            let isThere = recipient.hasPrefix("+549")
            let found = try result(message, Self.list([window]))
            #expect(found.reports.map(\.message) == (isThere ? [.sample(1)] : []))
            #expect(found.unknown.isEmpty)
            // It may exist under the other spelling, so sending it again could be a repetition.
            #expect(
                try result(message, Self.list([])) == LookUpResult(reports: [], unknown: []))
        }
    }

    @Test("two candidates, a record without a time, or more pages leave it undecided")
    func undecided() throws {
        let undecided = LookUpResult(reports: [], unknown: [])
        let message = try lookUp()
        let second = Self.record(["message_uuid": #""second""#])
        #expect(try result(message, Self.list([Self.record(), second])) == undecided)
        let timeless = Self.record(["message_time": "null", "message_uuid": #""x""#])
        #expect(try result(message, Self.list([Self.record(), timeless])) == undecided)
        for meta in [
            #"{"next":"/v1/…?offset=20","total_count":1}"#, #"{"total_count":21}"#,
            #"{"previous":"/v1/…"}"#,
        ] {
            #expect(try result(message, Self.list([Self.record()], meta: meta)) == undecided)
            #expect(try result(message, Self.list([], meta: meta)) == undecided)
        }
        let full = Array(
            repeating: Self.record(["to_number": #""447700900457""#]), count: 20)
        #expect(try result(message, Self.list(full, meta: "{}")) == undecided)
        #expect(
            try result(message, Self.list(Array(full.dropLast()), meta: "{}")).unknown.count == 1)
    }

    @Test("404 means unknown only for one record, and only from Plivo itself")
    func notFound() throws {
        let own = #"{"api_id":"a","error":"not found"}"#
        #expect(
            try result(lookUp(uuid: Self.uuid), own, status: 404)
                == LookUpResult(reports: [], unknown: [.sample(1)]))
        for (message, body) in [
            (try lookUp(uuid: Self.uuid), "<html>"), (try lookUp(uuid: Self.uuid), "{}"),
            (try lookUp(), own),
        ] {
            let problem = #expect(throws: ProviderProblem.self) {
                try result(message, body, status: 404)
            }
            #expect(problem?.code == "404")
        }
    }

    @Test(
        "an answer without a result is reported",
        arguments: [
            (200, "", "unreadable_answer"), (200, "{}", "unreadable_answer"),
            (200, "[]", "unreadable_answer"), (200, #"{"objects":{}}"#, "unreadable_answer"),
            (200, #"{"message_uuid":"u"}"#, "unreadable_answer"), (204, "", "204"),
            (401, "", "401"), (429, #"{"api_id":"a","error":"slower"}"#, "429"), (500, "", "500"),
        ])
    func nothing(status: Int, body: String, code: String) throws {
        for message in [try lookUp(uuid: Self.uuid), try lookUp()] {
            let problem = #expect(throws: ProviderProblem.self) {
                try result(message, body, status: status)
            }
            #expect(problem?.code == code)
        }
        let badTime = Self.record(["message_sent_time": #""yesterday""#])
        let message = try lookUp(uuid: Self.uuid)
        // Of a record, as of a callback, only the name and the state count.
        let report = try #require(try result(message, badTime).reports.first)
        #expect(report.status == .delivered && report.sentAt == nil)
    }
}
