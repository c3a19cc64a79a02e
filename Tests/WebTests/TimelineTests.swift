import Domain
import Foundation
import Testing

import TestSupport
@testable import Web

@Suite("A message's timeline and its callbacks", .blocking)
struct TimelineTests {
    private func server(_ reader: Reader) throws -> WebServer {
        try WebServer(
            MessageEndpoints(reader, providers: ProviderTraits.samples).routes(Keys().endpoint))
    }

    @Test("Reports and events are merged in the order of time, each with its reason")
    func merges() throws {
        func report(_ status: Status, _ seconds: Int64) -> RecordedReport {
            let report = Samples.report(status, at: Samples.time(seconds))
            return RecordedReport(
                report: report, receivedAt: Samples.time(seconds), callback: Samples.callback,
                precedence: report.precedence, fingerprint: report.fingerprint)
        }
        func event(_ kind: SendEvent.Kind, _ seconds: Int64) -> SendEvent {
            SendEvent(
                message: Samples.id, kind: kind, at: Samples.time(seconds), provider: .infobip,
                attempt: 1)
        }
        let reports = [report(.delivered, 9), report(.sent, 3)]
        let message = Message(
            id: Samples.id, provider: .infobip, providerMessageID: nil, status: .delivered,
            isOurs: true, recipient: nil, sender: nil, createdAt: Samples.time(),
            updatedAt: Samples.time(9), decisive: reports[0], country: "GB")
        let reader = Reader(
            messages: [message], reports: reports,
            events: [event(.deferred, 1), event(.accepted, 3), event(.found, 12)])
        let json = try server(reader).get("/v1/messages/\(Samples.id)", key: Keys.read).json
        #expect(json["country"] as? String == "GB")
        let timeline = try #require(json["timeline"] as? [[String: Any]])
        #expect(
            timeline.map { $0["type"] as? String }
                == ["event", "event", "report", "report", "event"])
        #expect(
            timeline.map { $0["at"] as? String }
                == [1, 3, 3, 9, 12].map { Samples.time($0).description })
        #expect(timeline.allSatisfy { ($0["why"] as? String)?.isEmpty == false })
        let told = timeline.filter { $0["type"] as? String == "report" }
        #expect(told.map { $0["won"] as? Bool } == [false, true])
        #expect(told.allSatisfy { $0["callback_id"] as? String == Samples.callback.description })
    }

    @Test("A callback is shown as it came: text as text, anything else in Base64")
    func callbacks() throws {
        for (body, encoding, shown) in [
            (Array(#"{"a":"ü"}"#.utf8), "utf-8", #"{"a":"ü"}"#), ([0xFF, 0x00], "base64", "/wA="),
        ] {
            let callback = ReceivedCallback(
                id: Samples.callback, provider: .infobip, uri: "/callbacks/infobip",
                contentType: "application/json", receivedAt: Samples.time(), body: body)
            let json = try server(Reader(callbacks: [callback]))
                .get("/v1/callbacks/\(Samples.callback)", key: Keys.read).json
            #expect(json["body"] as? String == shown)
            #expect(json["encoding"] as? String == encoding)
            #expect(json["bytes"] as? Int == body.count)
            #expect(json["path"] as? String == "/callbacks/infobip")
            #expect(json["content_type"] as? String == "application/json")
        }
        let unknown = try server(Reader()).get(
            "/v1/callbacks/\(Samples.callback)", key: Keys.read)
        #expect(unknown.status == 404)
        #expect(unknown.code == "unknown_callback")
        let bad = try server(Reader()).get("/v1/callbacks/1", key: Keys.read)
        #expect(bad.status == 400)
        #expect(bad.code == "bad_callback_id")
    }
}
