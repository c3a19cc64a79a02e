import Domain
import Testing

@testable import Providers

@Suite("Asking Infobip's logs")
struct InfobipSendingLookUpTests {
    private func lookUp(_ number: UInt64, name: String? = nil) throws -> MessageLookUp {
        MessageLookUp(
            id: .sample(number), providerMessageID: name,
            recipient: try PhoneNumber("+447700900301"), sentAt: try utc("2026-11-20T10:59:59.000Z")
        )
    }

    private static func rest(_ id: String, content: String = "") -> String {
        #""bulkId":"b-1","messageId":"\#(id)","sentAt":"2026-11-20T12:00:00.000+0100","#
            + #""doneAt":"2026-11-20T12:00:04.321+0100","price":{"pricePerMessage":0.042,"#
            + #""currency":"EUR"},"status":{"groupId":3,"groupName":"DELIVERED","id":5,"#
            + #""name":"DELIVERED_TO_HANDSET","description":"Delivered"},"error":{"groupId":0,"#
            + #""groupName":"OK","id":0,"name":"NO_ERROR","description":"No error","#
            + #""permanent":false},"mccMnc":"23415"\#(content)}"#
    }

    private static func v3(_ id: MessageID) -> String {
        #"{"sender":"ExampleCo","destination":"447700900301","messageCount":2,"#
            + rest(
                "\(id)",
                content: #","platform":{"entityId":"e"},"content":{"text":"personal","a":[1]},"#
                    + #""campaignReferenceId":"c-1""#)
    }

    private static func v1(_ id: MessageID) -> String {
        #"{"text":"personal \"words\"","from":"ExampleCo","to":"447700900301","smsCount":2,"#
            + rest("\(id)")
    }

    private func result(
        _ messages: [MessageLookUp], _ results: [String], status: Int = 200
    ) throws -> LookUpResult {
        let body = #"{"results":[\#(results.joined(separator: ", "))],"cursor":{"limit":50}}"#
        return try InfobipSending.sample().lookUpResult(
            of: messages, ProviderResponse(status, body))
    }

    private func expected(attributes: String?) throws -> Report {
        try Report(
            message: .sample(1), provider: .infobip,
            providerMessageID: "\(MessageID.sample(1))", status: .delivered,
            outcome: Outcome(
                provider: .infobip, statusGroupID: 3, statusGroup: "DELIVERED", statusID: 5,
                statusName: "DELIVERED_TO_HANDSET", statusDescription: "Delivered",
                errorGroupID: 0, errorGroup: "OK", errorName: "NO_ERROR",
                errorDescription: "No error", isPermanent: false),
            source: .poll, recipient: "+447700900301", sender: "ExampleCo",
            sentAt: utc("2026-11-20T11:00:00.000Z"), doneAt: utc("2026-11-20T11:00:04.321Z"),
            segments: 2, price: .init(amount: "0.042", currency: "EUR"), bulkID: "b-1",
            network: "23415", attributes: attributes)
    }

    @Test("an archived log of either version has no text, and the same content")
    func archives() throws {
        let message = try lookUp(1)
        for log in [Self.v3(message.id), Self.v1(message.id)] {
            let body = #"{"results":[\#(log)],"cursor":{"limit":50}}"#
            let archived = try InfobipSending.sample().archivable(Array(body.utf8))
            let text = String(decoding: archived, as: UTF8.self)
            #expect(!text.contains("personal"))
            #expect(text.contains(#"":"<redacted>""#))
            #expect(text.contains(#""doneAt":"2026-11-20T12:00:04.321+0100""#))
            #expect(text.hasSuffix(#"],"cursor":{"limit":50}}"#))
            #expect(
                try InfobipSending.sample().lookUpResult(of: [message], ProviderResponse(200, text))
                    == result([message], [log]))
        }
        #expect(try InfobipSending.sample().archivable(Array("<personal>".utf8)).isEmpty)
    }

    @Test("a log of version 3 is a report, without the message's text")
    func version3() throws {
        let report = try expected(
            attributes: #"{"platform":{"entityId":"e"},"campaignReferenceId":"c-1"}"#)
        #expect(
            try result([lookUp(1)], [Self.v3(.sample(1))])
                == LookUpResult(reports: [report], unknown: []))
    }

    @Test("a log of version 1 is a report, without the message's text")
    func version1() throws {
        let report = try expected(attributes: nil)
        #expect(
            try result([lookUp(1)], [Self.v1(.sample(1))])
                == LookUpResult(reports: [report], unknown: []))
    }

    @Test("a polled report and one in a callback have the same fingerprint")
    func sameAsPushed() throws {
        let polled = try #require(
            result([lookUp(1)], [Self.v1(.sample(1))]).reports.first)
        let pushed = try #require(
            parse(
                #"{"results":[{"from":"ExampleCo","to":"447700900301","smsCount":2,"#
                    + Self.rest("\(MessageID.sample(1))") + "]}"
            ).reports.first)
        #expect(polled.source == .poll && pushed.source == .callback)
        #expect(polled.fingerprint == pushed.fingerprint)
        #expect(polled.precedence == pushed.precedence)
        #expect(polled.message == pushed.message)
    }

    @Test("messages that the logs do not hold are unknown, in the order of the query")
    func missing() throws {
        let messages = try [3, 1, 2].map { try lookUp($0) }
        let result = try result(messages, [Self.v3(.sample(1)), Self.v3(.sample(99))])
        #expect(result.reports.map(\.message) == [.sample(1)])
        #expect(result.unknown == [.sample(3), .sample(2)])
        #expect(
            try InfobipSending.sample().lookUpResult(
                of: messages, ProviderResponse(200, #"{"results":[]}"#))
                == LookUpResult(reports: [], unknown: messages.map(\.id)))
    }

    @Test("a log under the provider's own name is ours under our id")
    func foreignName() throws {
        let theirs = Self.v3(.sample(1)).replacing("\(MessageID.sample(1))", with: "2034072219640")
        let result = try result([lookUp(5, name: "2034072219640")], [theirs])
        #expect(result.reports.map(\.message) == [.sample(5)])
        #expect(result.reports.map(\.providerMessageID) == ["2034072219640"])
    }

    @Test("a refused repetition only shows that Infobip has the message")
    func duplicateID() throws {
        let repetition =
            #"{"messageId":"\#(MessageID.sample(1))","destination":"447700900301","status":"#
            + #"{"groupId":5,"groupName":"REJECTED","id":23,"name":"REJECTED_DUPLICATE_MESSAGE_ID"}}"#
        #expect(
            try result([lookUp(1)], [repetition]) == LookUpResult(reports: [], unknown: []))
        #expect(
            try result([lookUp(1)], [repetition, Self.v3(.sample(1))]).reports.map(\.status)
                == [.delivered])
    }

    @Test("if an entry cannot be read, or the answer is full, nothing is unknown")
    func undecided() throws {
        // Twice the name of its message, so that it has none.
        let bad = Self.v3(.sample(2)).replacing(#""messageCount""#, with: #""messageId""#)
        let messages = try [1, 2, 3].map { try lookUp($0) }
        for strange in [bad, "7", "null", "{}", #"{"messageId":"x","destination":1}"#] {
            let result = try result(messages, [strange, Self.v3(.sample(1))])
            #expect(result.reports.map(\.message) == [.sample(1)])
            #expect(result.unknown.isEmpty)
        }
        let full = Array(repeating: Self.v3(.sample(1)), count: 1000)
        #expect(try result(messages, full).unknown.isEmpty)
        #expect(try result(messages, Array(full.dropLast())).unknown == [.sample(2), .sample(3)])
    }

    @Test(
        "an answer without a result is reported",
        arguments: [
            (200, "", "unreadable_answer"), (200, "{}", "unreadable_answer"),
            (200, "<html>", "unreadable_answer"), (200, "[]", "unreadable_answer"),
            (200, #"{"results":null}"#, "unreadable_answer"),
            (200, #"{"results":[]}x"#, "unreadable_answer"),
            (200, #"{"results":[{]}"#, "unreadable_answer"), (204, "", "204"),
            (429, #"{"errorCode":"E429","description":"Slower"}"#, "E429"), (500, "", "500"),
            (404, "", "404"),
        ])
    func nothing(status: Int, body: String, code: String) throws {
        let sending = try InfobipSending.sample()
        let messages = [try lookUp(1)]
        let problem = #expect(throws: ProviderProblem.self) {
            try sending.lookUpResult(of: messages, ProviderResponse(status, body))
        }
        #expect(problem?.code == code)
    }

    @Test("version 2 asks its own logs, and neither asks for reports")
    func addresses() throws {
        let id = MessageID.sample(1)
        let v2 = try InfobipSending.sample(.v2).lookUpRequests([lookUp(1)])
        let v3 = try InfobipSending.sample(.v3).lookUpRequests([lookUp(1)])
        #expect(
            v2.map(\.request.url)
                == ["https://xyz.api.infobip.com/sms/1/logs?messageId=\(id)&limit=1000"])
        #expect(
            v3.map(\.request.url)
                == ["https://xyz.api.infobip.com/sms/3/logs?messageId=\(id)&limit=1000"])
        for request in (v2 + v3).map(\.request) {
            #expect(request.method == "GET" && request.body.isEmpty)
            #expect(
                request.headerLines
                    == ["Authorization: App 0000aaaa-1111", "Accept: application/json"])
        }
    }

    @Test("lists of ids stay within 2048 characters, and every message is queried once")
    func splitting() throws {
        let sending = try InfobipSending.sample()
        #expect(sending.lookUpRequests([]).isEmpty)
        let messages = try (0..<120).map { try lookUp($0) }
        let requests = sending.lookUpRequests(messages)
        #expect(requests.map(\.messages.count) == [55, 55, 10])
        #expect(requests.flatMap(\.messages) == messages)
        for (request, messages) in requests {
            let list = try #require(try request.query["messageId"])
            #expect(list == messages.map { "\($0.id)" }.joined(separator: ","))
            #expect(list.count <= 2048)
        }
        // Ten names of 200 characters and nine commas are 2009; it is characters that count.
        let long = try (0..<11).map {
            try lookUp($0, name: String(repeating: "é", count: 200))
        }
        #expect(sending.lookUpRequests(long).map(\.messages.count) == [10, 1])
        // The comma counts: 2046 and 1 fit with it, 2047 and 1 do not.
        for (lengths, counts) in [([2046, 1], [2]), ([2047, 1], [1, 1]), ([3000, 1], [1, 1])] {
            let names = try lengths.map {
                try lookUp(1, name: String(repeating: "x", count: $0))
            }
            #expect(sending.lookUpRequests(names).map(\.messages.count) == counts)
        }
    }

    @Test("names are escaped in the query")
    func escaping() throws {
        let request = try #require(
            InfobipSending.sample().lookUpRequests([lookUp(1, name: "a&b=c d+é")]).first)
        #expect(try request.request.query["messageId"] == "a&b=c d+é")
    }
}
