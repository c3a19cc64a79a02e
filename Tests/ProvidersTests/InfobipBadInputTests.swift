import Domain
import Testing

@testable import Providers

@Suite("Infobip's bad input")
struct InfobipBadInputTests {
    static let good = #"{"messageId":"good","status":{"groupId":3,"id":5}}"#

    /// A result that is refused, and what is told of it.
    struct Bad: Sendable, CustomTestStringConvertible {
        let result: String
        let reason: RejectReason
        let path: String

        var testDescription: String { "\(reason.rawValue) at \(path): \(result.prefix(60))" }

        init(_ reason: RejectReason, _ path: String, _ result: String) {
            self.result = result
            self.reason = reason
            self.path = path
        }

        /// A result that is good but for some more members.
        init(_ reason: RejectReason, _ path: String, with members: String) {
            self.init(
                reason, path, #"{"messageId":"m","status":{"groupId":3},\#(members)}"#)
        }
    }

    static let bad = [
        Bad(.missingField, ".messageId", #"{"status":{"groupId":3}}"#),
        Bad(.missingField, ".messageId", #"{"messageId":null,"status":{"groupId":3}}"#),
        Bad(.missingField, ".status", #"{"messageId":"m"}"#),
        Bad(.missingField, ".status", #"{"messageId":"m","status":null}"#),
        Bad(.missingField, ".status", #"{"messageId":"m","from":"1","text":"Hi","keyword":"A"}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"","status":{}}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"a\u0000b","status":{}}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"a\ud83db","status":{}}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"\udE9A\ud83d","status":{}}"#),
        Bad(
            .tooLong, ".messageId",
            #"{"messageId":"\#(String(repeating: "é", count: 201))","status":{}}"#),
        Bad(.wrongType, ".messageId", #"{"messageId":17,"status":{}}"#),
        Bad(.wrongType, ".status", #"{"messageId":"m","status":"DELIVERED"}"#),
        Bad(.wrongType, ".status.groupId", #"{"messageId":"m","status":{"groupId":"3"}}"#),
        Bad(.wrongType, ".status.name", #"{"messageId":"m","status":{"name":[]}}"#),
        Bad(.badNumber, ".status.id", #"{"messageId":"m","status":{"id":5.0}}"#),
        Bad(.badNumber, ".status.id", #"{"messageId":"m","status":{"id":2147483648}}"#),
        Bad(.duplicateKey, ".status.id", #"{"messageId":"m","status":{"id":5,"id":6}}"#),
        Bad(.duplicateKey, ".messageId", #"{"messageId":"m","messageId":"m","status":{}}"#),
        Bad(.duplicateKey, ".to", with: #""to":"1","t\u006f":"2""#),
        Bad(.duplicateKey, ".error.name", with: #""error":{"name":"A","name":"B"}"#),
        Bad(
            .duplicateKey, ".price.pricePerMessage",
            with: #""price":{"pricePerMessage":1,"pricePerMessage":2}"#),
        Bad(
            .duplicateKey, ".price.currency", with: #""price":{"currency":"USD","currency":"EUR"}"#),
        Bad(.wrongType, ".error", with: #""error":[]"#),
        Bad(.wrongType, ".error.permanent", with: #""error":{"permanent":"no"}"#),
        Bad(.wrongType, ".price", with: #""price":0.042"#),
        Bad(.wrongType, ".price.pricePerMessage", with: #""price":{"pricePerMessage":"0.04"}"#),
        Bad(.badPrice, ".price.pricePerMessage", with: #""price":{"pricePerMessage":1e400}"#),
        Bad(
            .badPrice, ".price.pricePerMessage",
            with: #""price":{"pricePerMessage":1234567890123456789}"#),
        Bad(.wrongType, ".smsCount", with: #""smsCount":"1""#),
        Bad(.badNumber, ".smsCount", with: #""smsCount":99999999999999999999"#),
        Bad(.badNumber, ".smsCount", with: #""smsCount":10001"#),
        Bad(.badNumber, ".messageCount", with: #""messageCount":-1"#),
        Bad(.badNumber, ".messageCount", with: #""messageCount":1e0"#),
        Bad(.badTime, ".doneAt", with: #""doneAt":"2026-02-30T00:00:00.000+0000""#),
        Bad(.badTime, ".sentAt", with: #""sentAt":"""#),
        Bad(.wrongType, ".sentAt", with: #""sentAt":1763629501250"#),
        Bad(.wrongType, ".mccMnc", with: #""mccMnc":23415"#),
        Bad(
            .tooLong, "",
            with: (0..<5).map { #""x\#($0)":"\#(String(repeating: "a", count: 16_000))""# }
                .joined(separator: ",")),
        Bad(.wrongType, "", "17"),
        Bad(.wrongType, "", "null"),
        Bad(.wrongType, "", "[]"),
    ]

    @Test("costs one result and no other", arguments: bad)
    func oneResult(bad: Bad) throws {
        let parsed = try parse(#"{"results":[\#(Self.good), \#(bad.result) ,\#(Self.good)]}"#)
        #expect(parsed.reports.map(\.providerMessageID) == ["good", "good"])
        let reject = try #require(parsed.rejects.first)
        #expect(parsed.rejects.count == 1)
        #expect(reject.reason == bad.reason.rawValue)
        #expect(reject.place == "results[1]\(bad.path)")
        #expect(reject.excerpt == Array(bad.result.utf8.prefix(65_536)))
        #expect(!reject.detail.isEmpty)
    }

    @Test(
        "invalid UTF-8 costs the result that holds it, wherever it stands",
        arguments: [
            #"{"messageId":"~","status":{}}"#, #"{"messageId":"m","status":{"name":"~"}}"#,
            #"{"messageId":"m","status":{},"~":1}"#, #"{"messageId":"m","status":{},"x":["~"]}"#,
            #"{"messageId":"m","status":{},"callbackData":"a~b"}"#, #"["~"]"#,
        ])
    func invalidUTF8(result: String) throws {
        for sequence: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0x80],
        ] {
            let text = #"{"results":[\#(Self.good),\#(result),\#(Self.good)]}"#
            let body = text.utf8.flatMap { $0 == UInt8(ascii: "~") ? sequence : [$0] }
            let parsed = try infobip().parse(CallbackRequest(body: body))
            #expect(parsed.reports.count == 2)
            #expect(parsed.rejects.count == 1)
            #expect(parsed.rejects.first?.place == "results[1]")
        }
        let outside = Array(#"{"results":[\#(Self.good)],"x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let parsed = try infobip().parse(CallbackRequest(body: outside))
        #expect(parsed.reports.count == 1)
        #expect(parsed.rejects.map(\.reason) == ["invalid_utf8"])
    }

    @Test("a text that PostgreSQL cannot hold is mended outside of the message's id")
    func mended() throws {
        let parsed = try parse(
            #"{"results":[{"messageId":"m","status":{"name":"A\u0000"},"callbackData":"\ud83d!","#
                + #""x\u0000":"\udc00\u0041\ud83d\ude9a","y":[1e500, 1e3,{"z" : "\u0000"}]}]}"#)
        let report = try #require(parsed.reports.first)
        #expect(report.outcome.statusName == "A\u{FFFD}")
        #expect(report.callbackData == "\u{FFFD}!")
        #expect(
            report.attributes
                == "{\"x\u{FFFD}\":\"\u{FFFD}\\u0041\\ud83d\\ude9a\",\"y\":[1e500,1e3,"
                + "{\"z\":\"\u{FFFD}\"}]}")
    }

    @Test(
        "the whole callback is refused, with the place",
        arguments: [
            ("", Malformation.Code.notJSON, "byte 0"),
            ("\u{FEFF}{}", .notJSON, "byte 0"),
            ("{", .notJSON, "byte 1"),
            ("{}x", .notJSON, "byte 2"),
            (#"{"results":[\#(good)]}{}"#, .notJSON, "byte \(14 + good.utf8.count)"),
            (#"{"results":[{"a":1,}]}"#, .notJSON, "byte 19 in results[0]"),
            (
                #"{"results":[\#(good),{"status":{"id":01}}]}"#, .notJSON,
                "byte 80 in results[1].status"
            ),
            (#"{"results":[{"to":"\x"}]}"#, .notJSON, "byte 19 in results[0].to"),
            ("{\"results\":[{\"to\":\"\u{1}\"}]}", .notJSON, "byte 19 in results[0].to"),
            ("{\"results\":[{\"to\":\"\0\"}]}", .notJSON, "byte 19 in results[0].to"),
            ("[]", .wrongShape, "byte 0"),
            ("17", .wrongShape, "byte 0"),
            (#"{"results":{}}"#, .wrongShape, "results"),
            (#"{"results":null}"#, .wrongShape, "results"),
            (#"{"results":[\#(good)],"results":[\#(good)]}"#, .wrongShape, "results"),
            ("{}", .noResults, "results"),
            (#"{"results":[]}"#, .noResults, "results"),
        ])
    func wholeCallback(body: String, code: Malformation.Code, place: String) throws {
        let malformation = #expect(throws: Malformation.self) { try parse(body) }
        #expect(malformation?.code == code)
        #expect(malformation?.place == place)
    }

    @Test(
        "only JSON is read",
        arguments: [
            (nil, false), ("", false), ("text/plain", false), ("application/xml", false),
            ("application/x-www-form-urlencoded", false), ("application/json-patch", false),
            ("application/json", true), ("Application/JSON", true),
            ("application/json; charset=utf-8", true), ("application/json ;charset=utf-8", true),
            ("application/problem+json", true), ("text/json", false),
        ] as [(String?, Bool)])
    func mediaTypes(type: String?, isRead: Bool) throws {
        let body = #"{"results":[\#(Self.good)]}"#
        if isRead {
            #expect(try parse(body, contentType: type).reports.count == 1)
        } else {
            let malformation = #expect(throws: Malformation.self) {
                try parse(body, contentType: type)
            }
            #expect(malformation?.code == .unsupportedMediaType)
        }
    }

    @Test("bounds hold at the bound and not one over it")
    func bounds() throws {
        func code(_ body: String) -> Malformation.Code? {
            do { _ = try parse(body) } catch let error as Malformation { return error.code } catch {
                Issue.record(error)
            }
            return nil
        }
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        // The root, the array and the result are three levels.
        func result(_ member: String) -> String {
            #"{"results":[{"messageId":"m","status":{},"x":\#(member)}]}"#
        }
        #expect(code(result(nested(61))) == nil)
        #expect(code(result(nested(62))) == .tooDeep)
        #expect(code(result(nested(100_000))) == .tooDeep)
        let longest = String(repeating: "a", count: 16_384)
        #expect(code(result("\"\(longest)\"")) == nil)
        #expect(code(result("\"\(longest)a\"")) == .tooLong)
        #expect(code(result(#""\#(longest.dropLast())\n""#)) == nil)
        #expect(code(result(#""\#(longest)\n""#)) == .tooLong)
        let escaped = String(repeating: #"\u00e9"#, count: 4000)
        #expect(code(result("\"\(escaped)\"")) == nil)
        #expect(code(result(String(repeating: "1", count: 64))) == nil)
        #expect(code(result(String(repeating: "1", count: 65))) == .tooLong)
        func many(_ count: Int) -> String {
            "{\"results\":[" + Array(repeating: Self.good, count: count).joined(separator: ",")
                + "]}"
        }
        #expect(try parse(many(10_000)).reports.count == 10_000)
        #expect(code(many(10_001)) == .tooManyResults)
        #expect(code(many(10_001) + "x") == .notJSON)
        let id = String(repeating: "é", count: 200)
        #expect(code(#"{"results":[{"messageId":"\#(id)","status":{}}]}"#) == nil)
    }

    @Test("a body cut off anywhere is refused as a whole")
    func truncation() throws {
        let body = try Fixture.bytes("infobip-v3.json")
        let webhook = try infobip()
        let end = try #require(body.lastIndex(of: UInt8(ascii: "}")))
        for length in 0...end {
            let malformation = #expect(throws: Malformation.self) {
                try webhook.parse(CallbackRequest(body: Array(body[..<length])))
            }
            #expect(malformation?.code == .notJSON)
        }
    }
}
