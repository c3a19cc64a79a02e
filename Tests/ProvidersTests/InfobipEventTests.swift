import Domain
import Security
import Testing

@testable import Providers

/// Other events than delivery reports that come to a callback's URL.
@Suite("Other events")
struct InfobipEventTests {
    static let click =
        #"{"notificationType":"CLICKED","recipient":"447700900123","url":"https://x.example/1","#
        + #""sendDateTime":1763629501250,"messageId":"m-1","bulkId":"b-1","#
        + #""recipientInfo":{"deviceType":"Phone"},"geoLocationInfo":{"countryName":"X"}}"#
    static let seen =
        #"{"messageId":"m-1","from":"ExampleCo","to":"447700900123","#
        + #""sentAt":"2026-11-20T09:15:01.250+0000","seenAt":"2026-11-20T09:15:04.913+0000"}"#
    static let inbound =
        #"{"messageId":"m-2","from":"447700900123","to":"447700900999","text":"STOP now","#
        + #""cleanText":"now","keyword":"STOP","receivedAt":"2026-11-20T09:15:01.250+0000","#
        + #""smsCount":1,"price":{"pricePerMessage":0,"currency":"EUR"},"callbackData":"x"}"#
    static let picture =
        #"{"messageId":"m-3","from":"447700900123","to":"447700900999","#
        + #""message":[{"contentType":"text/plain","value":"Hi"}]}"#
    static let blocked =
        #"{"event":"BLOCK","receivedAt":"2026-11-20T09:15:01.250+0000","messageId":"m-4","#
        + #""content":{"sender":"ExampleCo","destination":"447700900123","channel":"SMS"}}"#

    static let events: [(String, RejectReason)] = [
        (click, .click), (seen, .seen), (inbound, .inboundMessage), (picture, .inboundMessage),
        (blocked, .blocklistEvent), (#"{"event":"unblock"}"#, .blocklistEvent),
        (#"{"event":"SEEN","messageId":"m"}"#, .seen),
        (#"{"event":"MO","channel":"SMS","messageId":"m"}"#, .inboundMessage),
        (#"{"event":"TYPING_STARTED","messageId":"m"}"#, .notAReport),
        (#"{"notificationType":"OTHER","messageId":"m"}"#, .notAReport),
    ]

    @Test("A result of another kind is recorded by its kind, and is no loss", arguments: events)
    func results(event: String, kind: RejectReason) throws {
        let good = InfobipBadInputTests.good
        let parsed = try parse(
            #"{"results":[\#(good),\#(event),\#(good)],"messageCount":3,"pendingMessageCount":0}"#)
        #expect(parsed.reports.count == 2)
        let note = try #require(parsed.rejects.first)
        #expect(parsed.rejects.count == 1)
        #expect(note.reason == kind.rawValue)
        #expect(note.place == "results[1]")
        #expect(note.excerpt == Array(event.utf8))
        #expect(note.cost == .nothing)
    }

    @Test("So is a body that is one event", arguments: events)
    func bodies(event: String, kind: RejectReason) throws {
        for body in [event, "\u{FEFF}" + event] {
            let parsed = try parse(body)
            #expect(parsed.reports.isEmpty)
            #expect(parsed.rejects.map(\.reason) == [kind.rawValue])
            #expect(parsed.rejects.map(\.place) == ["body"])
            #expect(parsed.rejects.map(\.cost) == [.nothing])
        }
    }

    @Test(
        "Any other JSON object is noted too",
        arguments: [
            "{}", #"{"x":1}"#, #"{"messages":[]}"#, #"{"messageId":"m"}"#, #"{"status":{}}"#,
            #"{"results":17}"#, #"{"results":"x"}"#,
        ])
    func others(body: String) throws {
        let parsed = try parse(body)
        #expect(parsed.reports.isEmpty)
        #expect(parsed.rejects.map(\.reason) == ["not_a_report"])
        #expect(parsed.rejects.map(\.cost) == [.nothing])
    }

    @Test("Without a result there is nothing to lose", arguments: ["[]", "null"])
    func empty(results: String) throws {
        let parsed = try parse(#"{"results":\#(results),"messageCount":0}"#)
        #expect(parsed == ParsedCallback(reports: [], rejects: []))
    }

    @Test("Each of a mixed batch is handled by its kind")
    func mixed() throws {
        let good = InfobipBadInputTests.good
        let odd = #"{"messageId":"odd","status":{"groupId":3},"smsCount":"x"}"#
        let parsed = try parse(
            "{\"results\":[\(Self.inbound),\(good),\(Self.blocked),\(odd),17,\(Self.seen)]}")
        #expect(parsed.reports.map(\.providerMessageID) == ["good", "odd"])
        #expect(
            Set(parsed.rejects.map { "\($0.place) \($0.reason)" }) == [
                "results[0] inbound_message", "results[2] blocklist_event",
                "results[3].smsCount bad_number", "results[4] wrong_type", "results[5] seen",
            ])
        #expect(parsed.rejects.count { $0.cost == .report } == 1)
    }

    @Test(
        "A form of Plivo's without a status is an inbound message, or something else",
        arguments: [
            ("MessageUUID=u&From=15550100&To=15550101&Text=Hi&Type=sms", "inbound_message"),
            ("MessageUUID=u&From=1&To=2&Text=", "inbound_message"),
            ("MessageUUID=u&From=1&To=2&Body=Hi&Type=whatsapp", "inbound_message"),
            ("MessageUUID=u&From=1&To=2&Type=mms&Media0=https%3A%2F%2Fx", "inbound_message"),
            ("MessageUUID=u&MessageIntent=optout", "inbound_message"),
            ("MessageUUID=u", "not_a_report"), ("Event=click&Url=x", "not_a_report"),
            (#"{"MessageUUID":"u"}"#, "not_a_report"),
        ])
    func plivo(form: String, kind: String) throws {
        let token = try #require(Secret("token"))
        let webhook = try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [token])))
        for message in [nil, MessageID.sample(1)] {
            let parsed = try webhook.parse(
                ReceivedCallback(
                    message: message, contentType: "application/x-www-form-urlencoded",
                    body: Array(form.utf8)))
            #expect(parsed.reports.isEmpty)
            #expect(parsed.rejects.map(\.reason) == [kind])
            #expect(parsed.rejects.map(\.cost) == [.nothing])
            #expect(parsed.rejects.map(\.excerpt) == [Array(form.utf8)])
        }
    }
}
