import Domain
import Foundation
import Testing

@testable import Providers

@Suite("Sending through Plivo")
struct PlivoSendingTests {
    private static let url =
        "https://api.plivo.com/v1/Account/MAXXXXXXXXXXXXXXXXXX/Message/"
    private static let uuid = "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"

    @Test("the request, field by field")
    func request() throws {
        let message = try OutgoingMessage.sample(
            1, to: "+447700900456", sender: "+12025550123", validityMinutes: 60,
            callbackData: "not for Plivo")
        let request = try PlivoSending.sample(logging: .numberOnly).sendRequest([message])
        #expect(request.method == "POST")
        #expect(request.url == Self.url)
        let credentials = Data("MAXXXXXXXXXXXXXXXXXX:token-0001".utf8).base64EncodedString()
        #expect(
            request.headerLines == [
                "Authorization: Basic " + credentials, "Accept: application/json",
                "Content-Type: application/json",
            ])
        let expected: NSDictionary = [
            "src": "12025550123", "dst": "447700900456", "text": "Your order is on its way.",
            "type": "sms", "url": "https://dlr.example.com/callbacks/plivo/\(message.id)",
            "method": "POST", "message_expiry": 3600, "log": "number_only",
        ]
        #expect(try request.document == expected)
    }

    @Test("exactly one of sender and pool, the message's own sender first")
    func senders() throws {
        func fields(_ sender: String?, pool: String?, fallback: String?) throws -> [String?] {
            let sending = try PlivoSending.sample(
                callbackBaseURL: nil, powerpackUUID: pool, defaultSender: fallback)
            let document = try sending.sendRequest([.sample(1, sender: sender)]).document
            #expect(document["url"] == nil && document["method"] == nil)
            return [document["src"] as? String, document["powerpack_uuid"] as? String]
        }
        #expect(try fields("ExampleCo", pool: "p", fallback: "f") == ["ExampleCo", nil])
        #expect(try fields(nil, pool: "p", fallback: "f") == [nil, "p"])
        #expect(try fields(nil, pool: nil, fallback: "+12025550123") == ["12025550123", nil])
        #expect(try fields(nil, pool: nil, fallback: nil) == [nil, nil])
    }

    @Test(
        "the expiry is given in seconds, within Plivo's bounds",
        arguments: [
            (nil, nil), (-1, 5), (0, 5), (1, 60), (179, 10_740), (180, 10_799), (2880, 10_799),
            (Int.max, 10_799),
        ] as [(Int?, Int?)])
    func expiry(minutes: Int?, seconds: Int?) throws {
        let request = try PlivoSending.sample().sendRequest([.sample(1, validityMinutes: minutes)])
        #expect(try request.document["message_expiry"] as? Int == seconds)
    }

    @Test(
        "the remaining validity is passed on to the second",
        arguments: [(5, 5), (59, 59), (299, 299), (10_798, 10_798), (10_800, 10_799)])
    func expiryLeft(left: Int, seconds: Int) throws {
        let message = try OutgoingMessage.sample(1, validityMinutes: 2880).valid(forSeconds: left)
        let plivo = try PlivoSending.sample()
        #expect(try plivo.sendRequest([message]).document["message_expiry"] as? Int == seconds)
        #expect(plivo.leastValiditySeconds == 5)
    }

    @Test("any text arrives as it is", arguments: ["a\"b\\c\n\u{1}", "🚚 Zoë 𝄞", "€<>&+%"])
    func escaping(text: String) throws {
        let request = try PlivoSending.sample().sendRequest([.sample(1, text: text)])
        #expect(try request.document["text"] as? String == text)
    }

    @Test("a limit of 1 sends each message alone, and the token is not printed")
    func limits() throws {
        let sending = try PlivoSending.sample(batchLimit: 1)
        #expect(sending.batchLimit == 1)
        #expect(sending.batchCount(of: [try .ofCall(1), try .ofCall(2)]) == 1)
        #expect(!"\(sending)".contains("token-0001"))
    }

    private func result(_ status: Int, _ body: String) throws -> String {
        let response = ProviderResponse(status, body, retryAfterSeconds: 3)
        let results = try PlivoSending.sample().sendResults(of: [.sample(1)], response)
        return try #require(results.first).summary
    }

    @Test(
        "a success",
        arguments: [
            (
                #"{"message":"message(s) queued","message_uuid":["u-1"],"api_id":"a"}"#,
                "accepted u-1"
            ),
            (#"{"message_uuid":"u-1"}"#, "accepted u-1"),
            (#"{"message_uuid":[],"invalid_number":["447"]}"#, "refused invalid_number"),
            (#"{"invalid_number":"447","api_id":"a"}"#, "refused invalid_number"),
            (#"{"message_uuid":["u-1"],"invalid_number":["447"]}"#, "accepted u-1"),
            (#"{"message_uuid":[]}"#, "ambiguous unreadable_answer"),
            (#"{"message_uuid":[],"invalid_number":[]}"#, "ambiguous unreadable_answer"),
            (#"{"message_uuid":[""]}"#, "ambiguous unreadable_answer"),
            (#"{"message_uuid":{}}"#, "ambiguous unreadable_answer"),
            ("", "ambiguous unreadable_answer"), ("<html>", "ambiguous unreadable_answer"),
        ])
    func success(body: String, expected: String) throws {
        #expect(try result(202, body) == expected)
        #expect(try result(200, body) == expected)
    }

    @Test(
        "each HTTP status, from Plivo itself and from a proxy",
        arguments: [
            (302, "stopped", "stopped"), (400, "refused", "refused"),
            (401, "stopped", "stopped"), (402, "stopped", "stopped"),
            (403, "stopped", "stopped"), (404, "refused", "stopped"),
            (405, "refused", "stopped"), (408, "deferred", "deferred"),
            (409, "ambiguous", "ambiguous"), (413, "refused", "refused"),
            (415, "stopped", "stopped"), (422, "refused", "refused"),
            (429, "deferred", "deferred"), (500, "ambiguous", "ambiguous"),
            (502, "ambiguous", "ambiguous"), (503, "deferred", "deferred"),
            (504, "ambiguous", "ambiguous"),
        ])
    func statuses(status: Int, own: String, foreign: String) throws {
        let wait = own == "deferred" ? " 3 s" : ""
        for body in [
            #"{"api_id":"a","error":"text"}"#, #"{"api_id":"a","error":{"message":"text"}}"#,
            #"{"api_id":"a","error":{}}"#, #"{"api_id":"a"}"#,
        ] {
            #expect(try result(status, body) == "\(own) \(status)" + wait)
        }
        for body in ["", "<html>", #"{"error":"text"}"#, "[]", "Could not verify your access"] {
            #expect(try result(status, body) == "\(foreign) \(status)" + wait)
        }
    }

    @Test("the error's text and code, from a text or an object")
    func words() throws {
        func problem(_ error: String) throws -> SendResult? {
            let response = ProviderResponse(400, #"{"api_id":"a","error":\#(error)}"#)
            return try PlivoSending.sample().sendResults(of: [.sample(1)], response).first
        }
        #expect(
            try problem(#""src is invalid""#)
                == .refused(ProviderProblem(code: "400", text: "src is invalid")))
        #expect(
            try problem(#"{"code":"40","message":"src is invalid"}"#)
                == .refused(ProviderProblem(code: "40", text: "src is invalid")))
        #expect(
            try problem(#"{"error_code":7,"error":"odd"}"#)
                == .refused(ProviderProblem(code: "7", text: "odd")))
        for (error, text) in [
            (#"{"dst":["1 is not a valid phone number"]}"#, "dst: 1 is not a valid phone number"),
            (#"{"dst":["a","b"],"src":"c","n":1}"#, "dst: a, b; src: c"),
            (#"["a",["b"]]"#, "a, b"),
        ] {
            #expect(try problem(error) == .refused(ProviderProblem(code: "400", text: text)))
        }
        #expect(
            try problem("[1]")
                == .refused(
                    ProviderProblem(code: "400", text: "HTTP 400 without an explanation.")))
    }

    @Test(
        "403 is about the country or about our address, and credit is about the account",
        arguments: [
            (403, "SMS to this country is not enabled in Geo Permissions", "refused"),
            (403, "Destination region is disabled", "refused"),
            (403, "Your IP address is not in the allow-list", "stopped"),
            (403, "Request from 203.0.113.7 is not whitelisted", "stopped"),
            (403, "Forbidden", "stopped"),
            (400, "Insufficient credit to send the message", "stopped"),
            (422, "You do not have enough... not enough balance", "stopped"),
            (400, "dst parameter is invalid", "refused"),
        ])
    func byText(status: Int, text: String, expected: String) throws {
        #expect(
            try result(status, #"{"api_id":"a","error":"\#(text)"}"#) == "\(expected) \(status)")
    }

    @Test("no answer is ambiguous")
    func noAnswer() throws {
        #expect(
            try PlivoSending.sample().sendResults(of: [.sample(1)], nil)
                == [.ambiguous(.noAnswer)])
    }
}
