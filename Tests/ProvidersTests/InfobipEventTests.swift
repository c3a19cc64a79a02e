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

    /// Those of which nothing is stored but the callback.
    static let ignored = [click, seen, #"{"event":"SEEN","messageId":"m"}"#]

    /// Those that cannot be used, with their kinds.
    static let events: [(String, RejectReason)] = [
        (#"{"event":"unblock"}"#, .blocklistEvent),
        (#"{"event":"BLOCK","content":{"sender":"ExampleCo"}}"#, .blocklistEvent),
        (#"{"from":"447700900123","to":"447700900999","text":"Hi"}"#, .inboundMessage),
        (#"{"event":"TYPING_STARTED","messageId":"m"}"#, .notAReport),
        (#"{"notificationType":"OTHER","messageId":"m"}"#, .notAReport),
    ]

    @Test("A result of another kind is recorded by its kind", arguments: events)
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
        #expect(note.cost == (kind == .inboundMessage ? .report : .nothing))
    }

    @Test("So is a body that is one event", arguments: events)
    func bodies(event: String, kind: RejectReason) throws {
        for body in [event, "\u{FEFF}" + event] {
            let parsed = try parse(body)
            #expect(parsed.reports.isEmpty)
            #expect(parsed.rejects.map(\.reason) == [kind.rawValue])
            #expect(parsed.rejects.map(\.place) == ["body"])
        }
    }

    @Test(
        "A click, and that somebody has seen a message, only the archive keeps", arguments: ignored)
    func known(event: String) throws {
        for body in [event, #"{"results":[\#(event)]}"#] {
            #expect(try parse(body) == ParsedCallback(reports: [], rejects: [], events: 1))
        }
    }

    @Test("An inbound message is read, in a list or alone")
    func message() throws {
        for body in [Self.inbound, #"{"results":[\#(Self.inbound)],"messageCount":1}"#] {
            let parsed = try parse(body)
            #expect(parsed.reports.isEmpty && parsed.rejects.isEmpty)
            let message = try #require(parsed.inbound.first)
            #expect(parsed.inbound.count == 1)
            #expect(message.providerMessageID == "m-2" && message.kind == .sms)
            #expect(message.sender == "+447700900123" && message.recipient == "+447700900999")
            #expect(message.text == "STOP now" && message.keyword == "STOP")
            #expect(message.sentAt?.description == "2026-11-20T09:15:01.250Z")
            #expect(message.parts == 1)
            #expect(message.price == Report.Price(amount: "0", currency: "EUR"))
            #expect(message.attributes == #"{"callbackData":"x","cleanText":"now"}"#)
            #expect(message.source == .callback && message.intent == nil)
        }
        // The same name is the same message, whatever else is in it.
        let again = try parse(Self.inbound.replacing("STOP now", with: "other"))
        #expect(try again.inbound.first?.id == parse(Self.inbound).inbound.first?.id)
        #expect(
            try parse(Self.inbound.replacing("m-2", with: "m-9")).inbound.first?.id
                != again.inbound.first?.id)
    }

    @Test("An MMS has its texts and its files")
    func mms() throws {
        let body =
            #"{"messageId":"m-3","from":"447700900123","to":"447700900999","message":["#
            + #"{"contentType":"text/plain","value":"Hi"},{"contentType":"image/jpeg","url":"https://x/1"},"#
            + #"{"contentType":"text/plain","value":"there"}]}"#
        let message = try #require(parse(body).inbound.first)
        #expect(message.kind == .mms && message.text == "Hi\nthere")
        #expect(message.media == [.init(url: "https://x/1", type: "image/jpeg")])
        #expect(message.attributes == nil)
    }

    @Test("A blocklist event says who is out or in, and since when")
    func blocklist() throws {
        let notice = try #require(parse(Self.blocked).optOuts.first)
        #expect(notice.isOut && notice.recipient == "+447700900123")
        #expect(notice.sender == "ExampleCo")
        #expect(notice.at?.description == "2026-11-20T09:15:01.250Z")
        let back = try #require(
            parse(Self.blocked.replacing("\"BLOCK\"", with: "\"UNBLOCK\"")).optOuts.first)
        #expect(!back.isOut && back.id != notice.id)
        #expect(try parse(Self.blocked).optOuts.first?.id == notice.id)
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
        #expect(parsed.inbound.map(\.providerMessageID) == ["m-2"])
        #expect(parsed.optOuts.map(\.recipient) == ["+447700900123"])
        #expect(parsed.events == 1)
        #expect(
            Set(parsed.rejects.map { "\($0.place) \($0.reason)" }) == [
                "results[3].smsCount bad_number", "results[4] wrong_type",
            ])
        #expect(parsed.rejects.count { $0.cost == .report } == 1)
    }

    private func parsePlivo(
        _ form: String, type: String? = "application/x-www-form-urlencoded", uri: String = "/x"
    ) throws -> ParsedCallback {
        let token = try #require(Secret("token"))
        let webhook = try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [token])))
        return try webhook.parse(
            ReceivedCallback(
                id: .new(at: .now), provider: .plivo, uri: uri, contentType: type,
                message: .sample(1), receivedAt: .now, body: Array(form.utf8)))
    }

    @Test(
        "A form of Plivo's without a status that is no message is recorded",
        arguments: [
            "MessageUUID=u", "Event=click&Url=x", #"{"MessageUUID":"u"}"#,
        ])
    func plivo(form: String) throws {
        let parsed = try parsePlivo(form)
        #expect(parsed.reports.isEmpty && parsed.inbound.isEmpty)
        #expect(parsed.rejects.map(\.reason) == ["not_a_report"])
        #expect(parsed.rejects.map(\.cost) == [.nothing])
        #expect(parsed.rejects.map(\.excerpt) == [Array(form.utf8)])
    }

    @Test(
        "Plivo's messages are read",
        arguments: [
            ("From=15550100&To=15550101&Text=Hi+%F0%9F%9A%9A&Type=sms&Units=2", "Hi 🚚", .sms),
            ("From=15550100&To=15550101&Text=", "", .sms), ("From=15550100&To=15550101", nil, .sms),
            ("From=15550100&To=15550101&Body=Hi&Type=whatsapp", "Hi", .other),
            (
                "From=15550100&To=15550101&Type=mms&Media1=https%3A%2F%2Fy&Media0=https%3A%2F%2Fx",
                nil, .mms
            ),
        ] as [(String, String?, InboundMessage.Kind)])
    func plivoMessages(form: String, text: String?, kind: InboundMessage.Kind) throws {
        let whole = "MessageUUID=5F0C2F34-9d1b-4c57-8c39-2a64c1f0e7aa&" + form
        let parsed = try parsePlivo(whole)
        #expect(parsed.reports.isEmpty && parsed.rejects.isEmpty)
        let message = try #require(parsed.inbound.first)
        #expect(message.providerMessageID == "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa")
        #expect(message.sender == "+15550100" && message.recipient == "+15550101")
        #expect(message.text == text && message.kind == kind)
        if kind == .mms { #expect(message.media.map(\.url) == ["https://x", "https://y"]) }
        // By GET, the query is the form.
        let byGet = try parsePlivo("", type: nil, uri: "/callbacks/plivo/inbound?" + whole)
        #expect(byGet.inbound.map(\.id) == [message.id])
    }

    @Test(
        "Plivo says what it takes a message for",
        arguments: [
            ("optout", InboundMessage.Intent.optOut), ("OptIn", .optIn), ("help", .help), ("", nil),
        ]
            as [(String, InboundMessage.Intent?)])
    func intents(word: String, intent: InboundMessage.Intent?) throws {
        let parsed = try parsePlivo("MessageUUID=u&From=15550100&To=15550101&MessageIntent=\(word)")
        #expect(parsed.inbound.first?.intent == intent)
    }

    @Test(
        "A message without one certain name is recorded, since a repetition could not be told",
        arguments: ["From=15550100&Text=Hi", "MessageUUID=u&MessageUUID=v&Text=Hi&From=1"])
    func nameless(form: String) throws {
        let parsed = try parsePlivo(form)
        #expect(parsed.inbound.isEmpty)
        #expect(parsed.rejects.map(\.reason) == ["inbound_message"])
    }
}
