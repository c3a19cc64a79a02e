import Domain
import Foundation
import Testing

import TestSupport
@testable import Web

/// What the API shows of messages that we sent.
@Suite("Messages of ours", .blocking)
struct OwnMessageTests {
    private func show(_ message: Message) -> String {
        String(decoding: MessageView.message(message), as: UTF8.self)
    }

    private func member(_ name: String, _ message: Message) throws -> Any? {
        let json = try JSONSerialization.jsonObject(with: Data(MessageView.message(message)))
        return (json as? [String: Any])?[name]
    }

    private static let error =
        #""error":{"code":"50","group_id":null,"group":null,"name":null,"#
        + #""description":"in \"words\"","permanent":null},"#

    @Test("A message that waits after a deferral: the whole document")
    func golden() {
        let message = Samples.ours(
            nil, status: .queued, problem: Samples.event(.deferred, nil, "50"))
        #expect(
            show(message) == #"{"id":"01234567-89ab-8def-8123-456789abcdef","provider":"infobip","#
                + #""provider_message_id":null,"status":"queued","final":false,"#
                + #""sent_by_us":true,"to":"+447700900123","from":"Shop","#
                + #""country":null,"created_at":"2026-11-18T11:06:41.000Z","#
                + #""updated_at":"2026-11-18T11:06:41.000Z","#
                + Self.error + #""segments":3,"callback_data":"cart=7","#
                + #""parts":{"total":3,"delivered":0,"failed":0,"pending":3},"#
                + #""send_request_id":"01990000-0000-7000-8000-000000000002","#
                + #""submitted_by":{"kind":"key","id":"01990000-0000-7000-8000-000000000003","#
                + #""name":"shop"},"encoding":"gsm-7","#
                + #""attempts":2,"validity_minutes":60,"send_at":"2026-11-18T11:06:49.000Z","#
                + #""metadata":{"a":1}}"#)
    }

    @Test("Of a message from before anybody noted it, nobody knows who submitted it")
    func submitterUnknown() throws {
        var sending = try #require(Samples.ours(nil, status: .queued).sending)
        sending = SendDetails(
            sendRequest: sending.sendRequest, segments: 1, encoding: .gsm7, validityMinutes: nil,
            sendAt: nil,
            callbackData: nil, metadata: nil, attempts: 0, lastProblem: nil)
        let message = Message(
            id: Samples.id, provider: .infobip, providerMessageID: nil, status: .queued,
            isOurs: true, recipient: nil, sender: nil, createdAt: Samples.time(),
            updatedAt: Samples.time(), decisive: nil, sending: sending)
        #expect(show(message).contains(#""submitted_by":null,"#))
    }

    @Test(
        "The last reason is shown where our own event decides",
        arguments: [
            (Status.queued, true), (.unknown, true), (.failed, true), (.rejected, true),
            (.expired, true), (.cancelled, false), (.accepted, false), (.sent, false),
            (.delivered, false),
        ])
    func reason(status: Status, isShown: Bool) {
        let message = Samples.ours(
            nil, status: status, problem: Samples.event(.unanswered, .unknown, "50"))
        #expect(show(message).contains(Self.error) == isShown)
        #expect(show(message).contains(#""error":null"#) != isShown)
    }

    @Test("A report's text counts as soon as it decides, ours where it does not")
    func reportAndEvent() throws {
        let event = Samples.event(.gaveUp, .expired, "50")
        let report = Samples.recorded(Samples.report())
        let decided = show(Samples.ours(report, status: .delivered, problem: event))
        #expect(decided.contains(#""error":{"code":null,"group_id":0,"group":"OK""#))
        #expect(decided.contains(#""segments":2,"#))
        #expect(decided.contains(#""callback_data":"order=1""#))
        let early = Samples.recorded(Samples.report(.sent))
        let expired = Samples.ours(early, status: .expired, problem: event)
        #expect(show(expired).contains(Self.error))
        let json = try JSONSerialization.jsonObject(
            with: Data(
                MessageView.timeline(of: expired, reports: [early], events: [event])))
        let reports = (json as? [String: Any])?["reports"] as? [[String: Any]]
        #expect(reports?.first?["won"] as? Bool == false)
        #expect(
            reports?.first?["why"] as? String == "Our own judgement decides; see the events.")
    }

    private func part(_ number: Int, _ status: Status) -> RecordedReport {
        Samples.recorded(
            Report(
                message: MessageID(high: 0x0123_4567_89ab_7def, low: 0x8123_4567_89ab_cdef),
                provider: .plivo, providerMessageID: "p\(number)",
                status: status, outcome: Outcome(provider: .plivo), doneAt: Samples.time(),
                part: PartNumber(number: number, total: 3)))
    }

    @Test(
        "The parts of a long message are counted, and parts that differ are shown by the status",
        arguments: [
            ([Status.delivered, .delivered, .delivered], "delivered", [3, 0, 0]),
            ([.delivered, .undeliverable, .delivered], "partially_delivered", [2, 1, 0]),
            ([.undeliverable, .delivered], "sent", [1, 1, 1]),
        ])
    func parts(statuses: [Status], word: String, counts: [Int]) throws {
        let reports = statuses.enumerated().map { part($0.offset + 1, $0.element) }
        let best = try #require(
            reports.max { ($0.precedence, $0.fingerprint) < ($1.precedence, $1.fingerprint) })
        let message = Samples.ours(
            best, status: best.report.messageStatus, parts: MessageParts(reports))
        let text = show(message)
        #expect(text.contains(#""status":"\#(word)","final":\#(word != "sent"),"#))
        #expect(
            text.contains(
                #""parts":{"total":3,"delivered":\#(counts[0]),"failed":\#(counts[1]),"#
                    + #""pending":\#(counts[2])}"#))
        let timeline = String(
            decoding: MessageView.timeline(of: message, reports: reports, events: []),
            as: UTF8.self)
        #expect(timeline.contains(#""part":1,"parts":3}"#))
        #expect(timeline.contains(#""status":"\#(word)""#))
    }

    @Test("The timeline has every event, and none of a message that is not ours")
    func events() throws {
        let events = [
            Samples.event(.deferred, nil, "50"), Samples.event(.accepted, .accepted),
            SendEvent(
                message: Samples.id, kind: .cancelled, at: Samples.time(), provider: nil,
                attempt: nil),
        ]
        let ours = Reader(messages: [Samples.ours(nil, status: .accepted)], events: events)
        let server = try WebServer(
            MessageEndpoints(ours, providers: ProviderTraits.samples).routes(Keys().endpoint))
        let answer = try server.get("/v1/messages/\(Samples.id)/reports", key: Keys.read)
        #expect(
            answer.body == #"{"message_id":"01234567-89ab-8def-8123-456789abcdef","#
                + #""status":"accepted","final":false,"reports":[],"events":["#
                + #"{"kind":"deferred","at":"2026-11-18T11:06:42.000Z","provider":"infobip","#
                + #""attempt":2,"status":null,"code":"50","detail":"in \"words\""},"#
                + #"{"kind":"accepted","at":"2026-11-18T11:06:42.000Z","provider":"infobip","#
                + #""attempt":2,"status":"accepted","code":null,"detail":null},"#
                + #"{"kind":"cancelled","at":"2026-11-18T11:06:40.000Z","provider":null,"#
                + #""attempt":null,"status":null,"code":null,"detail":null}]}"#)
        let foreign = Reader(messages: [Samples.message(nil)], events: events)
        let other = try WebServer(
            MessageEndpoints(foreign, providers: ProviderTraits.samples).routes(Keys().endpoint))
        #expect(
            try other.get("/v1/messages/\(Samples.id)/reports", key: Keys.read).body
                .hasSuffix(#""events":[]}"#))
    }
}
