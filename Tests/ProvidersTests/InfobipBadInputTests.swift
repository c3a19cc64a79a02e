import Domain
import Testing

@testable import Providers

@Suite("Infobip's bad input")
struct InfobipBadInputTests {
    static let good = #"{"messageId":"good","status":{"groupId":3,"id":5}}"#

    /// A result that is refused, and its reject.
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
        Bad(.missingField, ".status", #"{"messageId":"m","event":"DELIVERY"}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"","status":{}}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"a\u0000b","status":{}}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"a\ud83db","status":{}}"#),
        Bad(.badMessageID, ".messageId", #"{"messageId":"\udE9A\ud83d","status":{}}"#),
        Bad(
            .tooLong, ".messageId",
            #"{"messageId":"\#(String(repeating: "é", count: 201))","status":{}}"#),
        Bad(.wrongType, ".messageId", #"{"messageId":["m"],"status":{}}"#),
        Bad(.wrongType, ".messageId", #"{"messageId":true,"status":{}}"#),
        Bad(.wrongType, ".status", #"{"messageId":"m","status":"DELIVERED"}"#),
        Bad(.wrongType, ".status", #"{"messageId":"m","status":3}"#),
        Bad(.wrongType, ".status.groupId", #"{"messageId":"m","status":{"groupId":[]}}"#),
        Bad(.wrongType, ".status.name", #"{"messageId":"m","status":{"name":[]}}"#),
        Bad(.badNumber, ".status.id", #"{"messageId":"m","status":{"id":5.5}}"#),
        Bad(.badNumber, ".status.id", #"{"messageId":"m","status":{"id":2147483648}}"#),
        Bad(.badNumber, ".status.id", #"{"messageId":"m","status":{"id":"five"}}"#),
        Bad(.duplicateKey, ".status.id", #"{"messageId":"m","status":{"id":5,"id":6}}"#),
        Bad(
            .duplicateKey, ".status.groupName",
            #"{"messageId":"m","status":{"groupName":"DELIVERED","id":5,"groupName":"EXPIRED"}}"#),
        Bad(.duplicateKey, ".messageId", #"{"messageId":"m","messageId":"m","status":{}}"#),
        Bad(.duplicateKey, ".status", #"{"messageId":"m","status":{},"status":{"groupId":3}}"#),
        Bad(.tooLong, ".to", with: #""to":"\#(String(repeating: "1", count: 16_385))""#),
        Bad(.tooLong, ".smsCount", with: #""smsCount":\#(String(repeating: "1", count: 72))"#),
        Bad(
            .tooLong, ".price", with: #""price":{"x":"\#(String(repeating: "1", count: 16_385))"}"#),
        Bad(.tooLong, "", with: #""x":[\#(String(repeating: "1", count: 72))]"#),
        Bad(
            .tooDeep, "",
            with: #""x":\#(String(repeating: "[", count: 70))\#(String(repeating: "]", count: 70))"#
        ),
        Bad(
            .tooDeep, ".status",
            #"{"messageId":"m","status":{"groupId":3,"x":\#(String(repeating: "[", count: 61))"#
                + #"\#(String(repeating: "]", count: 61))}}"#),
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
        #expect(reject.cost == .report)
    }

    @Test("ninety-nine results are stored beside the one that breaks a bound", arguments: bad)
    func batch(bad: Bad) throws {
        for place in [0, 50, 99] {
            var results = (0..<100).map { #"{"messageId":"m\#($0)","status":{"groupId":3}}"# }
            results[place] = bad.result
            let parsed = try parse("{\"results\":[\(results.joined(separator: ","))]}")
            #expect(parsed.reports.count == 99)
            #expect(parsed.rejects.map(\.place) == ["results[\(place)]\(bad.path)"])
        }
    }

    /// Bytes that are not UTF-8 in the place of `~`, or nil.
    private func body(_ text: String, _ sequence: [UInt8]) -> [UInt8] {
        text.utf8.flatMap { $0 == UInt8(ascii: "~") ? sequence : [$0] }
    }

    @Test(
        "bytes that are not UTF-8 cost a report only if its name or its status has them",
        arguments: [
            (#"{"messageId":"~","status":{}}"#, "messageId", false),
            (#"{"messageId":"m","status":{"name":"~"}}"#, "status.name", false),
            (#"{"messageId":"m","status":{"groupName":"~"}}"#, "status.groupName", false),
            (#"{"messageId":"m","status":{"groupId":3,"name":"~"}}"#, "status.name", true),
            (#"{"messageId":"m","status":{"groupId":3,"x":"~"}}"#, "status", true),
            (#"{"messageId":"m","status":{"groupId":3},"error":{"name":"~"}}"#, "error.name", true),
            (#"{"messageId":"m","status":{},"~":1}"#, "", true),
            (#"{"messageId":"m","status":{},"x":["~"],"y":2}"#, "", true),
            (#"{"messageId":"m","status":{},"platform":["~"]}"#, "platform", true),
            (#"{"messageId":"m","status":{},"price":{"currency":"~"}}"#, "price", true),
            (#"{"messageId":"m","status":{},"callbackData":"a~b"}"#, "callbackData", true),
        ])
    func invalidUTF8(result: String, path: String, isStored: Bool) throws {
        for sequence: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0x80],
        ] {
            let text = #"{"results":[\#(Self.good),\#(result),\#(Self.good),\#(result)]}"#
            let callback = ReceivedCallback(body: body(text, sequence))
            let webhook = try infobip()
            // A second reading must give the same.
            for _ in 0..<2 {
                let parsed = try webhook.parse(callback)
                #expect(parsed.reports.count == (isStored ? 4 : 2))
                let suffix = path.isEmpty ? "" : "." + path
                #expect(
                    parsed.rejects.map(\.place) == ["results[1]\(suffix)", "results[3]\(suffix)"])
                #expect(parsed.rejects.allSatisfy { $0.reason == "invalid_utf8" })
                #expect(parsed.rejects.allSatisfy { $0.cost == (isStored ? .field : .report) })
                if isStored {
                    #expect(parsed.reports[1].callbackData == nil)
                    #expect(parsed.reports[1].outcome.statusName == nil)
                    #expect(parsed.reports[1].attributes ?? #"{"y":2}"# == #"{"y":2}"#)
                }
            }
        }
    }

    @Test("an unreadable member outside of the results is reported and costs none of them")
    func outside() throws {
        let outside = body(#"{"x":"~","results":[\#(Self.good)],"y":"~"}"#, [0xFF])
        let parsed = try infobip().parse(ReceivedCallback(body: outside))
        #expect(parsed.reports.count == 1)
        #expect(parsed.rejects.map(\.reason) == ["invalid_utf8", "invalid_utf8"])
        #expect(parsed.rejects.allSatisfy { $0.cost == .field })
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let broken = try parse(
            #"{"x":\#(deep),"results":[\#(Self.good)],"y":\#(String(repeating: "1", count: 99))}"#)
        #expect(broken.reports.count == 1)
        #expect(broken.rejects.map(\.reason) == ["too_deep", "too_long"])
    }

    @Test("a text that PostgreSQL cannot hold is corrected, except in the message's id")
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
            ("\u{FEFF}{", .notJSON, "byte 4"),
            ("\u{FEFF}\u{FEFF}{}", .notJSON, "byte 3"),
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
            (#"{"results":[\#(good)],"results":[\#(good)]}"#, .wrongShape, "results"),
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
            ("application/problem+json", true), ("text/json", true),
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
        func reason(_ member: String) throws -> String? {
            let parsed = try parse(
                #"{"results":[{"messageId":"m","status":{},"x":\#(member)},\#(Self.good)]}"#)
            #expect(parsed.reports.count == 2 - parsed.rejects.count)
            return parsed.rejects.first?.reason
        }
        #expect(try reason(nested(61)) == nil)
        #expect(try reason(nested(62)) == "too_deep")
        #expect(try reason(nested(100_000)) == "too_deep")
        let longest = String(repeating: "a", count: 16_384)
        #expect(try reason("\"\(longest)\"") == nil)
        #expect(try reason("\"\(longest)a\"") == "too_long")
        #expect(try reason(#""\#(longest.dropLast())\n""#) == nil)
        #expect(try reason(#""\#(longest)\n""#) == "too_long")
        let escaped = String(repeating: #"\u00e9"#, count: 4000)
        #expect(try reason("\"\(escaped)\"") == nil)
        #expect(try reason(String(repeating: "1", count: 64)) == nil)
        #expect(try reason(String(repeating: "1", count: 65)) == "too_long")
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
                try webhook.parse(ReceivedCallback(body: Array(body[..<length])))
            }
            #expect(malformation?.code == .notJSON)
        }
    }
}
