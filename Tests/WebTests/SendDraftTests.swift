import Domain
import Foundation
import JSON
import Testing

@testable import Web

@Suite("Checking what is to be sent")
struct SendDraftTests {
    private static let now = Samples.time()
    private static let routing = Routing(
        fallback: .infobip, rules: [Routing.Rule(prefix: "+1", provider: .plivo)])

    private func draft(_ body: String) throws -> SendDraft {
        guard
            case .object(let members) = try JSONValue(
                strict: Array(body.utf8), limits: SendEndpoint.limits)
        else {
            throw NoAnswer()
        }
        return SendDraft(members)
    }

    private func sendRequest(_ body: String) throws -> SendRequest {
        try draft(body).sendRequest(
            Samples.sendRequest, by: Samples.submitter, at: Self.now, routing: Self.routing,
            key: SendServer.key)
    }

    private func problems(_ body: String) throws -> FieldProblems {
        do {
            _ = try sendRequest(body)
            return FieldProblems()
        } catch let problem as Problem {
            return problem.fields ?? FieldProblems()
        }
    }

    private static let badSender = ["from bad_sender"]

    private static func text(_ text: String) -> String {
        #"{"to":"+41791234567","text":"\#(text)"}"#
    }

    private static func with(_ member: String) -> String {
        #"{"to":"+41791234567","text":"a",\#(member)}"#
    }

    @Test(
        "Every rule has its field and its code",
        arguments: [
            ("{}", ["to missing", "text missing"]),
            (#"{"to":null,"text":null}"#, ["to missing", "text missing"]),
            (#"{"to":[],"text":""}"#, ["to empty", "text empty"]),
            (#"{"to":41791234567,"text":7}"#, ["text wrong_type", "to wrong_type"]),
            (#"{"to":["+41791234567",41791234568],"text":"a"}"#, ["to[1] wrong_type"]),
            (#"{"to":[true,null,{},[],1.5],"text":"a"}"#, (0...4).map { "to[\($0)] wrong_type" }),
            (#"{"to":{},"text":["a"]}"#, ["text wrong_type", "to wrong_type"]),
            (#"{"to":["079 123 45 67"],"text":"a"}"#, ["to[0] no_country_code"]),
            (#"{"to":"12","text":"a"}"#, ["to too_short"]),
            (#"{"recipient":"1234567890123456","text":"a"}"#, ["recipient too_long"]),
            (#"{"to":"+41 79 x","text":"a"}"#, ["to strange_character"]),
            (#"{"to":"+41\u00007912345","text":"a"}"#, ["to strange_character"]),
            (#"{"to":"","text":"a"}"#, ["to no_digits"]),
            (
                #"{"to":["+41791234567","x","0041 79 123-45-67"],"text":"a"}"#,
                ["to[1] strange_character", "to[2] duplicate_recipient"]
            ),
            (#"{"to":"+41791234567","recipient":"+41791234567","text":"a"}"#, ["to given_twice"]),
            (
                #"{"to":"+41791234567","message":"a","messageBody":"b","text":"c"}"#,
                ["messageBody given_twice", "text given_twice"]
            ),
            (with(#""form":"x","To":1"#), ["To unknown_member", "form unknown_member"]),
            (text(String(repeating: "a", count: 4001)), ["text too_long"]),
            (text(String(repeating: "a", count: 3826)), ["text too_many_segments"]),
            (text(String(repeating: "ż", count: 1676)), ["text too_many_segments"]),
            (text(#"a\u0000b"#), ["text contains_nul"]),
            (
                #"{"to":["+41791234567","+12025550123"],"text":"\#(String(repeating: "a", count: 1601))"}"#,
                ["text too_long_for_plivo"]
            ),
            (
                #"{"to":"+41791234567","provider":"plivo","text":"\#(String(repeating: "ż", count: 738))"}"#,
                ["text too_long_for_plivo"]
            ),
            (with(#""provider":"twilio""#), ["provider unknown_provider"]),
            (with(#""provider":1"#), ["provider wrong_type"]),
            (with(#""from":"""#), ["from bad_sender"]),
            (with(#""from":"12""#), ["from bad_sender"]),
            (with(#""from":"Twelve Chars""#), ["from bad_sender"]),
            (with(#""from":" Shop""#), ["from bad_sender"]),
            (with(#""from":"Caf\u00e9""#), ["from bad_sender"]),
            (with(#""from":"079 123 45 67""#), ["from bad_sender"]),
            (with(#""from":"a\u0000""#), ["from bad_sender"]),
            (with(#""from":"Shop ""#), ["from bad_sender"]),
            (with(#""from":"Shop[1]""#), ["from bad_sender"]),
            (with(#""from":"Z\u00fcrich""#), ["from bad_sender"]),
            (with(#""from":"\ud83d\ude9a""#), ["from bad_sender"]),
            (with(#""from":"1234567890123456""#), badSender),
            (with(#""from":"+44 (07700) 900131""#), badSender),
            (with(#""from":"+0044 7700 900131""#), badSender),
            (
                #"{"to":"+123456789012345","provider":"plivo","text":"a"}"#,
                ["to too_long_for_plivo"]
            ),
            (
                #"{"to":["+41791234567","+123456789012345"],"text":"a"}"#,
                ["to[1] too_long_for_plivo"]
            ),
            (
                #"{"to":"+41791234567","provider":"plivo","from":"+123456789012345","text":"a"}"#,
                ["from too_long_for_plivo"]
            ),
            (with(#""from":"1&1","provider":"plivo""#), ["from bad_sender_for_plivo"]),
            (with(#""from":"$$$","provider":"plivo""#), ["from bad_sender_for_plivo"]),
            (with(#""send_at":"2026-11-18T11:05:39Z""#), ["send_at in_the_past"]),
            (with(#""send_at":"2025-11-18T11:06:40Z""#), ["send_at in_the_past"]),
            (with(#""send_at":"2026-02-30T00:00:00Z""#), ["send_at bad_time"]),
            (with(#""validity_minutes":0"#), ["validity_minutes out_of_range"]),
            (with(#""validity_minutes":2881"#), ["validity_minutes out_of_range"]),
            (with(#""validity_minutes":1.5"#), ["validity_minutes wrong_type"]),
            (with(#""validity_minutes":true"#), ["validity_minutes wrong_type"]),
            (with(#""validity_minutes":"60""#), ["validity_minutes wrong_type"]),
            (
                with(#""validity_minutes":123456789012345678901234567890"#),
                ["validity_minutes wrong_type"]
            ),
            (with(#""send_at":"tomorrow""#), ["send_at bad_time"]),
            (with(#""send_at":"2026-11-19T00:00:00""#), ["send_at bad_time"]),
            (with(#""send_at":1795000000"#), ["send_at wrong_type"]),
            (with(#""send_at":"2027-05-17T11:06:41Z""#), ["send_at too_far_ahead"]),
            (
                with(#""callback_data":"\#(String(repeating: "a", count: 4001))""#),
                ["callback_data too_long"]
            ),
            (with(#""callback_data":"\u0000""#), ["callback_data contains_nul"]),
            (with(#""callback_data":{}"#), ["callback_data wrong_type"]),
            (with(#""metadata":[1]"#), ["metadata wrong_type"]),
            (with(#""metadata":{"a":["\u0000"]}"#), ["metadata contains_nul"]),
            (with(#""metadata":{"\u0000":1}"#), ["metadata contains_nul"]),
            (
                with(#""metadata":{"a":"\#(String(repeating: "a", count: 8185))"}"#),
                ["metadata too_long"]
            ),
        ] as [(String, [String])])
    func rules(body: String, expected: [String]) throws {
        let problems = try problems(body)
        #expect(problems.list.map { "\($0.field) \($0.code)" } == expected)
        #expect(problems.count == expected.count)
        #expect(problems.list.allSatisfy { $0.detail.hasSuffix(".") })
    }

    @Test(
        "Values just within the rules are accepted",
        arguments: [
            text(String(repeating: "a", count: 3825)), text(String(repeating: "ż", count: 1675)),
            text(String(repeating: "a", count: 4)),
            with(#""from":"Eleven Char""#), with(#""from":"123""#), with(#""from":"12345678""#),
            with(#""from":"+41 79 123 45 67""#), with(#""from":"4Home""#),
            with(#""from":"H&M""#), with(#""from":"Dr.Smith""#), with(#""from":"O2-UK""#),
            with(#""from":"1&1""#), with(#""from":"AT&T""#), with(#""from":"Joe's""#),
            with(#""from":"e-on_24/7""#), with(#""from":"C++ (dev)""#), with(#""from":"x@y.zz""#),
            with(#""from":"H&M","provider":"plivo""#), with(#""from":"12025","provider":"plivo""#),
            with(#""from":"+12345678901234","provider":"plivo""#),
            with(#""from":"+123456789012345","provider":"infobip""#),
            #"{"to":"+923456789012345","provider":"infobip","text":"a"}"#,
            #"{"to":"+92345678901234","provider":"plivo","text":"a"}"#,
            with(#""send_at":"2026-11-18T11:05:40Z""#),
            with(#""validity_minutes":1"#), with(#""validity_minutes":2880"#),
            with(#""validity_minutes":60.0"#), with(#""send_at":"2027-05-17T11:06:40Z""#),
            with(#""callback_data":"\#(String(repeating: "ü", count: 4000))""#),
            with(#""metadata":{"a":"\#(String(repeating: "a", count: 8184))"}"#),
            with(#""metadata":{},"from":null,"provider":null,"send_at":null"#),
            #"{"to":"+12025550123","text":"\#(String(repeating: "a", count: 1600))"}"#,
            #"{"to":"+12025550123","text":"\#(String(repeating: "ż", count: 737))"}"#,
        ])
    func bounds(body: String) throws {
        #expect(try problems(body).list == [])
    }

    @Test("Both places of a number that comes twice are named")
    func duplicates() throws {
        let problems = try problems(#"{"to":["+41791234567","0041791234567"],"text":"a"}"#)
        #expect(problems.list.first?.field == "to[1]")
        #expect(problems.list.first?.detail.contains("the same number as to[0];") == true)
    }

    @Test(
        "A problem with a sender or a time names its true reason",
        arguments: [
            (#""from":"Café""#, "Its character 4 is U+00E9 (\"é\"), which networks do not carry"),
            (#""from":"Twelve Chars""#, "It has 12 characters; a name has at most 11."),
            (#""from":"Shop ""#, "A name neither begins nor ends with a blank."),
            (
                #""from":"079 123 45 67""#,
                "It begins with a national 0; write it with its country code, as in +41…. A short code has"
            ),
            (
                #""from":"12""#,
                "A number has at least 7 digits with its country code. A short code has 3 to 8"
            ),
            (#""send_at":"2026-02-30T00:00:00Z""#, "There is no such day, or no such time"),
            (#""send_at":"1969-12-31T00:00:00Z""#, "It lies more than a minute in the past;"),
            (#""send_at":"2026-11-20T00:00:00""#, "It must be a time with its zone, as in"),
            (
                #""from":"+123456789012345","provider":"plivo""#,
                "It has 15 digits with its country code; Plivo takes 14."
            ),
            (#""send_at":"2026-11-17T11:06:40Z""#, "It lies more than a minute in the past;"),
        ])
    func words(member: String, words: String) throws {
        let problems = try problems(Self.with(member))
        #expect(problems.count == 1)
        #expect(problems.list.first?.detail.hasPrefix(words) == true, "\(problems.list)")
    }

    @Test("A hundred mistakes are listed, all are counted")
    func manyProblems() throws {
        let names = (0..<250).map { _ in #""x""# }.joined(separator: ",")
        let problems = try problems(#"{"to":[\#(names)],"text":"a"}"#)
        #expect(problems.list.count == 100)
        #expect(problems.count == 250)
    }

    @Test("A send request takes a thousand recipients and no more")
    func recipientLimit() throws {
        let numbers = (0...1000).map { #""+4179\#(1_000_000 + $0)""# }
        let thousand = numbers.dropLast().joined(separator: ",")
        #expect(try sendRequest(#"{"to":[\#(thousand)],"text":"a"}"#).recipients.count == 1000)
        let problems = try problems(#"{"to":[\#(numbers.joined(separator: ","))],"text":"a"}"#)
        #expect(problems.list.map(\.code) == ["too_many"])
        let draft = SendDraft(recipients: (0...1000).map { "+4179\(1_000_000 + $0)" }, text: "a")
        #expect(throws: Problem.self) {
            _ = try draft.sendRequest(
                Samples.sendRequest, by: Samples.submitter, at: Self.now, routing: Self.routing,
                key: SendServer.key)
        }
    }

    @Test("A send request has everything that was asked for, normalised")
    func whole() throws {
        let sendRequest = try sendRequest(
            #"""
            {"recipient":["+41 79 123 45 67","001 (202) 555-0123"],"messageBody":"Grüezi €",
            "from":"0041 79 000 00 00","validity_minutes":90,"send_at":"2026-11-18T12:07:40+01:00",
            "callback_data":"a=1","metadata":{"b":[true,1,0.10,null],"a":"x"}}
            """#)
        #expect(
            sendRequest.recipients.map(\.number.description) == ["+41791234567", "+12025550123"])
        #expect(sendRequest.recipients.map(\.provider) == [.infobip, .plivo])
        #expect(
            sendRequest.recipients.map(\.message)
                == sendRequest.recipients.map { SendServer.key(Samples.sendRequest, $0.number) })
        #expect(sendRequest.text == "Grüezi €")
        #expect(sendRequest.segmentation.segments == 1)
        #expect(sendRequest.segmentation.encoding == .gsm7)
        #expect(sendRequest.sender == "+41790000000")
        #expect(!sendRequest.isPinned)
        #expect(sendRequest.validityMinutes == 90)
        #expect(sendRequest.sendAt == Samples.time(60))
        #expect(sendRequest.giveUpAt == Samples.time(60 + 90 * 60))
        #expect(sendRequest.callbackData == "a=1")
        #expect(sendRequest.metadata == #"{"a":"x","b":[true,1,0.1,null]}"#)
    }

    @Test("A named provider is pinned, the past is now, and a day is the patience")
    func defaults() throws {
        let sendRequest = try sendRequest(
            Self.with(#""provider":"plivo","send_at":"2026-11-18T11:06:40Z""#))
        #expect(sendRequest.isPinned)
        #expect(sendRequest.recipients.map(\.provider) == [.plivo])
        #expect(sendRequest.sendAt == nil)
        #expect(sendRequest.giveUpAt == Samples.time(86_400))
    }

    @Test("Options of the command line follow the same rules, under their own names")
    func options() throws {
        let problems = #expect(throws: Problem.self) {
            _ = try SendDraft(
                recipients: ["079 1", "+41791234567"], text: nil, provider: "x",
                validityMinutes: 0, sendAt: "now"
            ).sendRequest(
                Samples.sendRequest, by: Samples.submitter, at: Self.now, routing: Self.routing,
                key: SendServer.key)
        }?.fields
        #expect(
            problems?.list.map { "\($0.field) \($0.code)" } == [
                "--provider unknown_provider", "--to (1 of 2) no_country_code", "--text missing",
                "--validity out_of_range", "--send-at bad_time",
            ])
    }

    @Test(
        "Equal requests have equal digests, however they are written",
        arguments: [
            (
                #"{"to":"1","text":"a"}"#, #"{ "text" : "\u0061", "recipient":"1", "from":null}"#,
                true
            ),
            (#"{"metadata":{"a":1,"b":2}}"#, #"{"metadata":{"b":2,"a":1}}"#, true),
            (#"{"message":"a"}"#, #"{"messageBody":"a"}"#, true),
            (#"{"validity_minutes":5}"#, #"{"validity_minutes":5.0}"#, true),
            (#"{"metadata":{"a":1e2}}"#, #"{"metadata":{"a":100}}"#, true),
            (#"{"metadata":{"caf\u00e9":1}}"#, #"{"metadata":{"cafe\u0301":1}}"#, false),
            (#"{"to":"1","text":"a"}"#, #"{"to":"1","text":"b"}"#, false),
            (#"{"to":["1","2"]}"#, #"{"to":["2","1"]}"#, false),
            (#"{"metadata":{"a":1}}"#, #"{"metadata":{"a":true}}"#, false),
            (#"{"metadata":{"a":1}}"#, #"{"metadata":{"a":"1"}}"#, false),
        ])
    func canonical(first: String, second: String, areEqual: Bool) throws {
        let texts = try [first, second].map { body -> [UInt8] in
            guard
                case .object(let members) = try JSONValue(
                    strict: Array(body.utf8), limits: SendEndpoint.limits)
            else {
                throw NoAnswer()
            }
            return SendDraft.canonical(members)
        }
        #expect((texts[0] == texts[1]) == areEqual)
    }

    @Test(
        "What is not JSON, too deep or too large is an error and no crash",
        arguments: [
            "", "{", #"{"a":}"#, "nul", #""\ud800""#, "1e400", "[1e999999999]", "[1,]",
            #"{"a":1,}"#, #"{"to":"1","to":"2"}"#, #"{"a":{"b":1,"\u0062":2}}"#,
            String(repeating: "[", count: 100_000),
            String(repeating: #"{"a":"#, count: 50_000),
            "[" + String(repeating: "[],", count: 20_000) + "1]",
            String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
        ])
    func notJSON(body: String) {
        #expect(throws: (any Error).self) {
            try JSONValue(strict: Array(body.utf8), limits: SendEndpoint.limits)
        }
    }

    @Test("Whatever bytes come, reading them ends")
    func fuzz() {
        var generator = SystemRandomNumberGenerator()
        let seed = Array(
            #"{"to":["+41791234567",1],"text":"\ud83d\ude00\n","metadata":{"a":[true,null,-1.5e3]}}"#
                .utf8)
        var readable = 0
        for _ in 0..<2000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            guard case .object(let members)? = try? JSONValue(strict: bytes) else { continue }
            readable += 1
            _ = SendDraft.canonical(members)
            _ = SendDraft(members)
        }
        // Some changes leave it JSON; if none did, nothing was tested.
        #expect(readable > 0)
    }

    @Test("Members whose names are other code points are both kept, though they look the same")
    func codePoints() throws {
        let sendRequest = try sendRequest(
            Self.with(#""metadata":{"caf\u00e9":1,"cafe\u0301":2,"b":[1.50,1e1]}"#))
        #expect(
            sendRequest.metadata.map { Array($0.utf8) }
                == Array("{\"b\":[1.5,10],\"cafe\u{301}\":2,\"caf\u{e9}\":1}".utf8))
    }

    @Test("A whole number may be written with a fraction of zero")
    func wholeNumber() throws {
        #expect(try sendRequest(Self.with(#""validity_minutes":5.0"#)).validityMinutes == 5)
    }

    @Test("Bytes that are no UTF-8 are an error")
    func notUTF8() {
        #expect(throws: (any Error).self) { try JSONValue(strict: [0x22, 0xFF, 0x22]) }
    }
}
