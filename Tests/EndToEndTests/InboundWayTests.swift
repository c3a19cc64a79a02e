import Foundation
import TestSupport
import Testing

/// The way of messages from people: through the spool, and out by live streams.
@Suite("The way of messages from people, through nginx", .blocking, .timeLimit(.minutes(10)))
struct InboundWayTests {
    private static func number() -> String {
        "4477\(UInt32.random(in: 10_000_000...89_999_999))"
    }

    /// What Infobip posts when somebody has written.
    private static func body(_ text: String, from person: String, id: String) -> [UInt8] {
        Array(
            """
            {"results":[{"messageId":"\(id)","from":"\(person)","to":"447700900999",\
            "text":"\(text)","cleanText":"\(text)","keyword":null,\
            "receivedAt":"2026-11-20T09:15:04.913+0000","smsCount":1,\
            "price":{"pricePerMessage":0,"currency":"EUR"},"callbackData":null}],\
            "messageCount":1,"pendingMessageCount":0}
            """.utf8)
    }

    private func texts(of person: String, _ demo: RunningDemo) throws -> [String] {
        try JSON(demo.api("/v1/inbound?from=%2B\(person)"))["inbound"].array
            .compactMap { $0["text"].string }.sorted()
    }

    /// The messages of a person in a stream.
    private func texts(of person: String, _ events: [StreamEvent]) -> [String] {
        events.filter { $0.name == "inbound" && $0.json?["from"].string == "+" + person }
            .compactMap { $0.json?["text"].string }
    }

    @Test("A live stream tells of each once, also to a client that comes back")
    func stream() throws {
        let demo = try RunningDemo.shared
        let person = Self.number()
        func post(_ text: String) throws {
            let body = Self.body(text, from: person, id: uniqueName("inbound"))
            #expect(try demo.infobip(body).status == 200)
        }
        let path = "/v1/live?provider=infobip"
        let first = try EventSource(demo, path)
        let other = try EventSource(demo, "/v1/live?provider=plivo")
        defer { other.close() }
        #expect(first.waitFor(count: 1) && other.waitFor(count: 1))
        try post("one")
        #expect(first.waitFor { texts(of: person, $0) == ["one"] })
        let told = try #require(
            first.events.first { $0.name == "inbound" && $0.json?["from"].string == "+" + person })
        let id = try #require(told.json?["id"].string)
        // The data is what the API shows.
        let shown = try JSON(demo.api("/v1/inbound/\(id)"))
        for name in ["provider", "provider_message_id", "text", "to", "received_at"] {
            #expect(told.json?[name].string == shown[name].string, "\(name)")
        }
        let last = try #require(told.id)
        first.close()
        // What happens meanwhile is told later: it is in the feed before the client is back.
        try post("two")
        #expect(
            try waitUntil(within: .seconds(20)) {
                try demo.count(
                    """
                    select count(*) from status_change join inbound on inbound.id = any(messages)
                    where 4 = any(causes) and sender like '%\(person)'
                    """) == 2
            })
        let second = try EventSource(demo, path, headers: [("Last-Event-ID", last)])
        defer { second.close() }
        #expect(second.waitFor { texts(of: person, $0) == ["two"] })
        try post("three")
        #expect(second.waitFor { texts(of: person, $0) == ["two", "three"] })
        let places = second.events.filter { $0.name == "inbound" }
            .compactMap { $0.id.flatMap { Int($0) } }
        #expect(places == places.sorted() && places.first ?? 0 > Int(last) ?? .max)
        #expect(texts(of: person, other.events).isEmpty)
    }

    @Test("While PostgreSQL is away they are taken, and afterwards they are there once")
    func spool() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        #expect(try demo.api("/v1/status").status == 200)
        let (person, stopped, plivo) = (Self.number(), Self.number(), Self.number())
        let bodies = (0..<3).map { index in
            Self.body("text \(index)", from: person, id: uniqueName("inbound"))
        }
        let stop = Self.body("STOP", from: stopped, id: uniqueName("inbound"))
        let form =
            "MessageUUID=\(uniqueName())&From=\(plivo)&To=447700900999&Text=from+Plivo&Type=sms"
        let click = Array(
            #"{"notificationType":"CLICKED","url":"https://example.com","messageId":"a","recipient":"1"}"#
                .utf8)

        func postAll() throws {
            for body in bodies + [stop, click] {
                let answer = try demo.infobip(body)
                #expect(answer.status == 200)
                #expect(answer["waybill-receipt"]?.count == 36)
            }
            let path = "/callbacks/plivo/inbound"
            #expect(try demo.client.send(demo.plivoRequest(form, path: path)).status == 200)
        }
        let outage = try Outage(of: demo)
        // A provider that has no answer in time posts again.
        for _ in 0..<2 { try postAll() }
        let ready = try JSON(demo.api("/health/ready", key: .some(nil)))
        #expect(ready["spool"]["callbacks"].int == 12)
        outage.end()
        let isDrained = try waitUntil(within: .seconds(40)) {
            try JSON(demo.api("/health/ready", key: .some(nil)))["spool"]["bytes"].int == 0
        }
        #expect(isDrained)
        try postAll()
        #expect(try texts(of: person, demo) == ["text 0", "text 1", "text 2"])
        #expect(try texts(of: plivo, demo) == ["from Plivo"])
        #expect(try texts(of: stopped, demo) == ["STOP"])
        let standing = try JSON(demo.api("/v1/opt-outs/%2B\(stopped)"))
        #expect(standing["opted_out"].bool == true && standing["history"].array.count == 1)
        #expect(try JSON(demo.api("/v1/quarantine"))["quarantine"].array.isEmpty)
        expectCleanLog(demo.responderLog, hiding: demo.document)
    }

    @Test(
        "Clicks and other events are answered 200, counted, and are no message and no quarantine",
        arguments: [
            #"{"notificationType":"CLICKED","url":"https://example.com","messageId":"NAME","recipient":"44"}"#,
            #"{"results":[{"messageId":"NAME","from":"447700900999","to":"447700900123","seenAt":"2026-11-20T09:15:04.913+0000"}]}"#,
        ])
    func events(body: String) throws {
        let demo = try RunningDemo.shared
        func count() throws -> Double {
            try PrometheusText(demo.api("/metrics", key: .some(nil))).samples
                .filter { $0.key.hasPrefix("waybill_other_events_total") }.values.reduce(0, +)
        }
        let before = try count()
        let name = uniqueName("event")
        let answer = try demo.infobip(Array(body.replacing("NAME", with: name).utf8))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try count() > before)
        let receipt = try #require(answer["waybill-receipt"])
        #expect(try demo.api("/v1/callbacks/\(receipt)").text.contains(name))
        #expect(
            try demo.count("select count(*) from quarantine where callback_id = '\(receipt)'") == 0)
        #expect(
            try demo.count("select count(*) from inbound where callback_id = '\(receipt)'") == 0)
    }
}
