import Domain
import JSON
import Foundation
import Testing

@testable import Providers

@Suite("Sending a send request's messages through Plivo at once")
struct PlivoSendingBulkTests {
    private let numbers = ["+447700900101", "+447700900102", "+447700900103"]

    private func messages() throws -> [OutgoingMessage] {
        try numbers.map { try .ofCall(1, to: $0, validityMinutes: 60) }
    }

    @Test("the request, field by field")
    func request() throws {
        let request = try PlivoSending.sample(logging: .all).sendRequest(messages())
        #expect(request.method == "POST")
        #expect(
            request.url == "https://api.plivo.com/v1/Account/MAXXXXXXXXXXXXXXXXXX/Message/")
        let credentials = Data("MAXXXXXXXXXXXXXXXXXX:token-0001".utf8).base64EncodedString()
        #expect(
            request.headerLines == [
                "Authorization: Basic " + credentials, "Accept: application/json",
                "Content-Type: application/json",
            ])
        let expected: NSDictionary = [
            "src": "ExampleCo", "dst": "447700900101<447700900102<447700900103",
            "text": "Your order is on its way.", "type": "sms",
            "url": "https://dlr.example.com/callbacks/plivo/send-requests/\(SendRequestID.sample)",
            "method": "POST", "message_expiry": 3600, "log": "true",
        ]
        #expect(try request.document == expected)
    }

    @Test("a message that is sent alone has its own id in the URL")
    func alone() throws {
        let message = try OutgoingMessage.ofCall(1)
        let document = try PlivoSending.sample().sendRequest([message]).document
        #expect(
            document["url"] as? String == "https://dlr.example.com/callbacks/plivo/\(message.id)")
        #expect(document["dst"] as? String == message.recipient.digits)
    }

    @Test(
        "the limit is 1 to 1000, and 100 unless set",
        arguments: [(0, 1), (1, 1), (100, 100), (1000, 1000), (1001, 1000)])
    func limit(setting: Int, expected: Int) throws {
        let sending = try PlivoSending.sample(batchLimit: setting)
        #expect(sending.batchLimit == expected)
        let messages = try (0..<1100).map { try OutgoingMessage.ofCall($0) }
        #expect(sending.batchCount(of: messages) == expected)
        #expect(try PlivoSending.sample().batchLimit == 100)
    }

    @Test(
        "a request ends before another send request, a recipient that comes again, and a foreign id"
    )
    func batchCount() throws {
        let sending = try PlivoSending.sample()
        let own = try messages()
        let other = SendRequestID(
            high: SendRequestID.sample.high, low: SendRequestID.sample.low + 1)
        let foreign = try OutgoingMessage.sample(7)
        #expect(sending.batchCount(of: []) == 0)
        #expect(sending.batchCount(of: own) == 3)
        #expect(sending.batchCount(of: [own[0]]) == 1)
        #expect(sending.batchCount(of: own + [try .ofCall(9, sendRequest: other)]) == 3)
        #expect(sending.batchCount(of: [try .ofCall(9, sendRequest: other)] + own) == 1)
        #expect(sending.batchCount(of: [own[0], own[1], own[0], own[2]]) == 2)
        #expect(sending.batchCount(of: [own[0], foreign, own[1]]) == 1)
        #expect(sending.batchCount(of: [foreign] + own) == 1)
    }

    @Test("a message of a request is found again by the callback's URL and recipient")
    func found() throws {
        let messages = try messages()
        for message in messages {
            let body = "MessageUUID=u&Status=queued&To=\(message.recipient.digits)"
            var parser = PlivoParser(try #require(FormReader(Array(body.utf8))))
            #expect(
                parser.report(message: nil, sendRequest: message.sendRequest)?.message == message.id
            )
        }
    }

    private func results(_ status: Int, _ body: String) throws -> [String] {
        let response = ProviderResponse(status, body, retryAfterSeconds: 3)
        return try PlivoSending.sample().sendResults(of: messages(), response).map(\.summary)
    }

    @Test("as many UUIDs as recipients: all are accepted, and none is assigned to a message")
    func accepted() throws {
        let body = #"{"message":"queued","message_uuid":["a","b","c"],"api_id":"x"}"#
        #expect(try results(202, body) == ["accepted -", "accepted -", "accepted -"])
        let empty = #"{"message_uuid":["a","b","c"],"invalid_number":[]}"#
        #expect(try results(202, empty) == ["accepted -", "accepted -", "accepted -"])
    }

    @Test(
        "a number that is named invalid is refused, however it is written",
        arguments: [
            #"["447700900102"]"#, #"["+447700900102"]"#, #"[447700900102]"#, #""447700900102""#,
            #"["+44 7700-900102"]"#, #"["00447700900102"]"#,
        ])
    func invalid(list: String) throws {
        #expect(
            try results(202, #"{"message_uuid":["a","b"],"invalid_number":\#(list)}"#)
                == ["accepted -", "refused invalid_number", "accepted -"])
    }

    @Test("all invalid")
    func allInvalid() throws {
        let list = numbers.map { "\"\($0)\"" }.joined(separator: ",")
        #expect(
            try results(202, #"{"message_uuid":[],"invalid_number":[\#(list)]}"#)
                == Array(repeating: "refused invalid_number", count: 3))
    }

    @Test(
        "if the numbers do not add up, messages that are not named are ambiguous",
        arguments: [
            #"{"message_uuid":["a","b"]}"#, #"{"message_uuid":["a","b","b"]}"#,
            #"{"message_uuid":["a","b","c","d"]}"#, #"{"message_uuid":"a"}"#,
            #"{"message_uuid":["a","b"],"invalid_number":["447700900999"]}"#,
            #"{"message_uuid":["a","b"],"invalid_number":["none"]}"#,
        ])
    func unclear(body: String) throws {
        #expect(try results(202, body) == Array(repeating: "ambiguous not_in_answer", count: 3))
        let named = #"{"message_uuid":["a"],"invalid_number":["447700900103"]}"#
        #expect(
            try results(202, named)
                == ["ambiguous not_in_answer", "ambiguous not_in_answer", "refused invalid_number"])
    }

    @Test("an answer that cannot be read, and none at all", arguments: ["", "<html>", "{}", "[]"])
    func unreadable(body: String) throws {
        #expect(
            try results(202, body) == Array(repeating: "ambiguous unreadable_answer", count: 3))
        #expect(
            try PlivoSending.sample().sendResults(of: messages(), nil)
                == Array(repeating: .ambiguous(.noAnswer), count: 3))
    }

    @Test(
        "a refusal for the request's content is tried again with each message alone",
        arguments: [
            (400, "dst is invalid", "refusedTogether 400"),
            (403, "SMS to this country is not enabled", "refusedTogether 403"),
            (422, "odd", "refusedTogether 422"), (413, "odd", "refusedTogether 413"),
            (401, "odd", "stopped 401"), (403, "odd", "stopped 403"),
            (400, "Insufficient credit", "stopped 400"), (429, "odd", "deferred 429 3 s"),
            (503, "odd", "deferred 503 3 s"), (409, "odd", "ambiguous 409"),
            (500, "odd", "ambiguous 500"),
        ])
    func refusals(status: Int, text: String, expected: String) throws {
        #expect(
            try results(status, #"{"api_id":"a","error":"\#(text)"}"#)
                == Array(repeating: expected, count: 3))
    }
}
