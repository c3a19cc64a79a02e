import Domain
import Foundation
import Testing

@testable import Providers

@Suite("What we send to Infobip")
struct InfobipSendingRequestTests {
    private static let headerLines = [
        "Authorization: App 0000aaaa-1111", "Accept: application/json",
        "Content-Type: application/json",
    ]

    @Test("version 2, field by field")
    func v2() throws {
        let sending = try InfobipSending.sample(.v2, wantsIntermediateReports: true)
        let first = try OutgoingMessage.sample(
            1, to: "+447700900101", validityMinutes: 720, callbackData: "ref=1001")
        let second = try OutgoingMessage.sample(2, to: "+447700900102", sender: "+12025550123")
        let request = sending.sendRequest([first, second])
        #expect(request.method == "POST")
        #expect(request.url == "https://xyz.api.infobip.com/sms/2/text/advanced")
        #expect(request.headerLines == Self.headerLines)
        let expected: NSDictionary = [
            "messages": [
                [
                    "from": "ExampleCo",
                    "destinations": [["to": "447700900101", "messageId": "\(first.id)"]],
                    "text": "Your order is on its way.", "intermediateReport": true,
                    "notifyUrl": "https://dlr.example.com/callbacks/infobip",
                    "notifyContentType": "application/json", "callbackData": "ref=1001",
                    "validityPeriod": 720,
                ],
                [
                    "from": "12025550123",
                    "destinations": [["to": "447700900102", "messageId": "\(second.id)"]],
                    "text": "Your order is on its way.", "intermediateReport": true,
                    "notifyUrl": "https://dlr.example.com/callbacks/infobip",
                    "notifyContentType": "application/json",
                ],
            ]
        ]
        #expect(try request.document == expected)
    }

    @Test("version 3, field by field")
    func v3() throws {
        let sending = try InfobipSending.sample(wantsIntermediateReports: true)
        let message = try OutgoingMessage.sample(
            1, to: "+447700900301", validityMinutes: 720, callbackData: "ref=3001")
        let request = sending.sendRequest([message])
        #expect(request.method == "POST")
        #expect(request.url == "https://xyz.api.infobip.com/sms/3/messages")
        #expect(request.headerLines == Self.headerLines)
        let expected: NSDictionary = [
            "messages": [
                [
                    "sender": "ExampleCo",
                    "destinations": [["to": "447700900301", "messageId": "\(message.id)"]],
                    "content": ["text": "Your order is on its way."],
                    "options": ["validityPeriod": ["amount": 720, "timeUnit": "MINUTES"]],
                    "webhooks": [
                        "delivery": [
                            "url": "https://dlr.example.com/callbacks/infobip",
                            "intermediateReport": true,
                        ],
                        "contentType": "application/json", "callbackData": "ref=3001",
                    ],
                ]
            ]
        ]
        #expect(try request.document == expected)
    }

    @Test("members that are not set are left out", arguments: InfobipSending.Version.allCases)
    func minimal(version: InfobipSending.Version) throws {
        let sending = try InfobipSending.sample(version, callbackURL: nil)
        let message = try OutgoingMessage.sample(1, to: "+447700900301", sender: nil)
        let destinations = [["to": "447700900301", "messageId": "\(message.id)"]]
        let text = "Your order is on its way."
        let expected: NSDictionary =
            version == .v2
            ? ["messages": [["destinations": destinations, "text": text]]]
            : ["messages": [["destinations": destinations, "content": ["text": text]]]]
        #expect(try sending.sendRequest([message]).document == expected)
    }

    @Test(
        "any text arrives as it is",
        arguments: [
            #"quotes " and \ and / and 'these'"#, "line\nfeed\r\n\ttab \u{1}\u{1F}\u{7F}",
            "emoji 🚚 and family 👨‍👩‍👧 and flag 🇨🇭", "non-BMP 𝄞𐍈 and Zoë", "\u{2028}\u{2029}\u{FEFF}",
            "{\"messages\":[]}", "", "€^{}[~]|\\",
        ])
    func escaping(text: String) throws {
        let message = try OutgoingMessage.sample(1, sender: text, text: text, callbackData: text)
        for version in InfobipSending.Version.allCases {
            let request = try InfobipSending.sample(version).sendRequest([message])
            func sent(_ v2: String, _ v3: String) throws -> String? {
                try request.inMessages(version == .v2 ? v2 : v3).first as? String
            }
            #expect(try sent("text", "content.text") == text)
            #expect(try sent("from", "sender") == text)
            #expect(
                try sent("callbackData", "webhooks.callbackData") == (text.isEmpty ? nil : text))
        }
    }

    @Test("NUL, which no SMS can hold, becomes U+FFFD")
    func nul() throws {
        let message = try OutgoingMessage.sample(1, text: "a\0b")
        let request = try InfobipSending.sample(.v2).sendRequest([message])
        #expect(try request.inMessages("text") as? [String] == ["a\u{FFFD}b"])
    }

    @Test(
        "the remaining validity is passed on: whole minutes by version 2, seconds by version 3",
        arguments: [
            (300, 5, 5, "MINUTES"), (299, 4, 299, "SECONDS"), (61, 1, 61, "SECONDS"),
            (60, 1, 1, "MINUTES"),
        ])
    func validityLeft(left: Int, minutes: Int, amount: Int, unit: String) throws {
        let fresh = try OutgoingMessage.sample(2, validityMinutes: 5)
        let messages = [try .sample(1, validityMinutes: 10).valid(forSeconds: left), fresh]
        let v2 = try InfobipSending.sample(.v2)
        let v3 = try InfobipSending.sample(.v3)
        #expect(
            try v2.sendRequest(messages).inMessages("validityPeriod") as? [Int] == [minutes, 5])
        let request = v3.sendRequest(messages)
        let path = "options.validityPeriod"
        #expect(try request.inMessages(path + ".amount") as? [Int] == [amount, 5])
        #expect(try request.inMessages(path + ".timeUnit") as? [String] == [unit, "MINUTES"])
        // With less left a message is not sent at all.
        #expect(v2.leastValiditySeconds == 60)
        #expect(v3.leastValiditySeconds == 1)
    }

    @Test(
        "validity stays between a minute and 48 hours",
        arguments: [(0, 1), (-5, 1), (1, 1), (2880, 2880), (100_000, 2880)])
    func validity(minutes: Int, expected: Int) throws {
        let message = try OutgoingMessage.sample(1, validityMinutes: minutes)
        let v2 = try InfobipSending.sample(.v2).sendRequest([message])
        let v3 = try InfobipSending.sample(.v3).sendRequest([message])
        #expect(try v2.inMessages("validityPeriod") as? [Int] == [expected])
        #expect(try v3.inMessages("options.validityPeriod.amount") as? [Int] == [expected])
    }

    @Test("callback data over 4000 UTF-16 units is cut, and never within a character")
    func callbackData() throws {
        let data = "x" + String(repeating: "🚚", count: 2001)
        let message = try OutgoingMessage.sample(1, callbackData: data)
        let request = try InfobipSending.sample(.v2).sendRequest([message])
        #expect(
            try request.inMessages("callbackData") as? [String]
                == ["x" + String(repeating: "🚚", count: 1999)])
    }

    @Test(
        "the address may lack its scheme and may end in slashes",
        arguments: [
            ("xyz.api.infobip.com", "https://xyz.api.infobip.com"),
            ("https://xyz.api.infobip.com//", "https://xyz.api.infobip.com"),
            ("http://127.0.0.1:8081/infobip", "http://127.0.0.1:8081/infobip"),
        ])
    func baseURL(text: String, expected: String) throws {
        let sending = try InfobipSending.sample(baseURL: text)
        #expect(
            try sending.sendRequest([.sample(1)]).url == expected + "/sms/3/messages")
    }

    @Test("a thousand messages are a thousand entries; the limit is 1 to 1000")
    func batch() throws {
        let messages = try (0..<1000).map { try OutgoingMessage.sample($0) }
        let sending = try InfobipSending.sample()
        #expect(sending.batchCount(of: messages) == 1000)
        let request = sending.sendRequest(messages)
        #expect(request.body.count < 1_000_000)
        let ids = try request.inMessages("destinations.messageId")
        #expect(ids as? [String] == messages.map { "\($0.id)" })
        #expect(try InfobipSending.sample(batchLimit: 5000).batchLimit == 1000)
        #expect(try InfobipSending.sample(batchLimit: 0).batchLimit == 1)
        #expect(try InfobipSending.sample(batchLimit: 7).batchCount(of: messages) == 7)
        #expect(sending.batchCount(of: []) == 0)
    }

    @Test("long messages make smaller batches, and one message is always one")
    func batchBytes() throws {
        let text = String(repeating: "x", count: 4000)
        let messages = try (0..<1000).map {
            try OutgoingMessage.sample($0, text: text, callbackData: text)
        }
        let sending = try InfobipSending.sample()
        let count = sending.batchCount(of: messages)
        #expect((50..<200).contains(count))
        #expect(sending.sendRequest(Array(messages.prefix(count))).body.count < 1_000_000)
        let huge = try OutgoingMessage.sample(1, text: String(repeating: "x", count: 2_000_000))
        #expect(sending.batchCount(of: [huge, huge]) == 1)
    }

    @Test("the key is not printed")
    func secrecy() throws {
        #expect(!"\(try InfobipSending.sample())".contains("0000aaaa"))
    }
}
