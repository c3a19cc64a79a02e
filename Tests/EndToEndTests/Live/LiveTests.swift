import Foundation
import TestSupport
import Testing

@Suite("Live streams, through nginx", .blocking, .timeLimit(.minutes(10)))
struct LiveTests {
    private func report(
        _ demo: RunningDemo, _ name: String, group: Int = 3,
        doneAt: String = "2026-11-20T09:15:04.913+0000"
    ) throws {
        let body = InfobipBody.of([InfobipBody.result(name, group: group, doneAt: doneAt)])
        #expect(try demo.infobip(body).status == 200)
    }

    /// A message with one report, and its id.
    private func message(_ demo: RunningDemo, group: Int = 1) throws -> (name: String, id: String) {
        let name = uniqueName("live")
        try report(demo, name, group: group)
        return (name, try #require(try demo.message(name)?["id"].string))
    }

    @Test("A message's stream has its state first, then each change, with growing ids")
    func follow() throws {
        let demo = try RunningDemo.shared
        let (name, id) = try message(demo)
        let stream = try EventSource(demo, "/v1/messages/\(id)/live")
        defer { stream.close() }
        #expect(stream.waitFor(count: 1))
        #expect(stream.status == 200)
        try report(demo, name)
        #expect(stream.waitFor(count: 2))
        let events = stream.events
        #expect(events.map(\.name) == ["state", "status"])
        #expect(events.map { $0.json?["status"].string } == ["sent", "delivered"])
        #expect(events[1].json?["id"].string == id)
        let ids = events.compactMap { $0.id.flatMap { Int($0) } }
        #expect(ids.count == 2 && ids[0] < ids[1])
        #expect((1000...4000).contains(stream.retry ?? 0))
        // The data is what the API shows.
        let shown = try JSON(demo.api("/v1/messages/\(id)"))
        #expect(shown["updated_at"].string == events[1].json?["updated_at"].string)
    }

    @Test("A client that comes back gets what it has missed, once, and nothing else")
    func resume() throws {
        let demo = try RunningDemo.shared
        let (name, id) = try message(demo)
        let path = "/v1/messages/\(id)/live"
        let first = try EventSource(demo, path)
        #expect(first.waitFor(count: 1))
        let last = try #require(first.lastID)
        first.close()
        try report(demo, name)
        try report(demo, name, group: 2, doneAt: "2026-11-20T10:15:04.913+0000")
        let second = try EventSource(demo, path, headers: [("Last-Event-ID", last)])
        defer { second.close() }
        #expect(second.waitFor(count: 2))
        try report(demo, name, doneAt: "2026-11-20T11:15:04.913+0000")
        #expect(second.waitFor(count: 3))
        #expect(second.events.map(\.name) == ["status", "status", "status"])
        let ids = second.events.compactMap { $0.id.flatMap { Int($0) } }
        #expect(ids == ids.sorted() && Set(ids).count == 3 && ids[0] > Int(last) ?? .max)
        // The same by the query, for clients that cannot send the header.
        let third = try EventSource(demo, path + "?last_event_id=\(ids[1])")
        defer { third.close() }
        #expect(third.waitFor(count: 1))
        #expect(third.events.map(\.id) == [String(ids[2])])
    }

    @Test(
        "Whoever has a place that is not kept is told to ask again, and gets the state",
        arguments: ["9007199254740991", "none of ours"])
    func reset(place: String) throws {
        let demo = try RunningDemo.shared
        let (name, id) = try message(demo)
        let stream = try EventSource(
            demo, "/v1/messages/\(id)/live", headers: [("Last-Event-ID", place)])
        defer { stream.close() }
        #expect(stream.waitFor(count: 2))
        #expect(stream.events.map(\.name) == ["reset", "state"])
        try report(demo, name)
        #expect(stream.waitFor(count: 3))
        #expect(stream.events.last?.json?["status"].string == "delivered")
    }

    @Test("A stream with a filter shows what meets it after the change, and nothing else")
    func filters() throws {
        let demo = try RunningDemo.shared
        let stream = try EventSource(demo, "/v1/live?status=undeliverable,expired&provider=infobip")
        let other = try EventSource(demo, "/v1/live?final=true&provider=plivo")
        defer { stream.close(); other.close() }
        #expect(stream.waitFor(count: 1) && other.waitFor(count: 1))
        #expect(stream.events[0].json?["messages"].array.isEmpty != nil)
        let (name, id) = try message(demo, group: 2)
        _ = try message(demo, group: 3)
        let isShown = stream.waitFor { events in
            events.contains { $0.name == "status" && $0.json?["id"].string == id }
        }
        #expect(isShown, "\(name)")
        #expect(
            stream.events.dropFirst().allSatisfy {
                ["undeliverable", "expired"].contains($0.json?["status"].string)
            })
        #expect(!other.events.contains { $0.json?["provider"].string == "infobip" })
    }

    @Test("Nobody reads without a right, and a problem says what is wrong")
    func refusals() throws {
        let demo = try RunningDemo.shared
        let (_, id) = try message(demo)
        let path = "/v1/messages/\(id)/live"
        expectProblem(try demo.api(path, key: .some(nil)), 401, "missing_key")
        expectProblem(try demo.api("/v1/live", key: .some(nil)), 401, "missing_key")
        expectProblem(try demo.api("/v1/messages/x/live"), 400, "bad_message_id")
        expectProblem(
            try demo.api("/v1/messages/01a1fe3e-56fc-7b8e-b8d5-90733bb58452/live"), 404,
            "unknown_message")
        expectProblem(
            try demo.api("/v1/live?send_request_id=01a1fe3e-56fc-7b8e-b8d5-90733bb58452"), 404,
            "unknown_send_request")
        for query in [
            "status=lost", "provider=nobody", "send_request_id=7", "last_event_id=x", "to=1",
            "final=1", "ticket=x&status=sent",
        ] {
            let answer = try demo.api("/v1/live?\(query)")
            expectProblem(answer, 400, "bad_query")
            #expect(query.contains(try JSON(answer)["place"].string ?? "?"))
        }
        expectProblem(try demo.api("/v1/live", method: "POST"), 405, "method_not_allowed")
        let head = try demo.api("/v1/live", method: "HEAD")
        #expect(head.status == 200 && head["content-type"] == "text/event-stream")
    }

    @Test("A stream ends within five seconds after its key is revoked")
    func revocation() throws {
        let demo = try RunningDemo.shared
        let settings = ["DATABASE_URL": demo.document.database_url]
        let name = uniqueName("key")
        let made = try WaybillProgram.run(
            ["key", "create", "--name", name, "--scope", "read"], settings)
        let key = made.output.trimmingCharacters(in: .newlines)
        let stream = try EventSource(demo, "/v1/live", key: key)
        let other = try EventSource(demo, "/v1/live")
        defer { stream.close(); other.close() }
        #expect(stream.waitFor(count: 1) && other.waitFor(count: 1))
        let revoked = try WaybillProgram.run(["key", "revoke", "--name", name], settings)
        try #require(revoked.exit == .status(0))
        #expect(stream.waitForEnd(within: .seconds(5)))
        #expect(!other.hasEnded)
        expectProblem(try demo.api("/v1/live", key: key), 401, "wrong_key")
    }

    @Test("A heartbeat comes every 15 seconds and moves the place on")
    func heartbeat() throws {
        let demo = try RunningDemo.shared
        let (_, id) = try message(demo)
        let stream = try EventSource(demo, "/v1/messages/\(id)/live")
        defer { stream.close() }
        let isAlive = waitUntil(within: .seconds(20)) {
            stream.allEvents.contains { $0.name == "heartbeat" }
        }
        #expect(isAlive)
        let beat = try #require(stream.allEvents.last { $0.name == "heartbeat" })
        #expect(beat.json?["at"].string?.hasSuffix("Z") == true)
        #expect(Int(beat.id ?? "") ?? 0 >= Int(stream.events.first?.id ?? "") ?? .max)
    }

    @Test("A message that is sent is seen on its way, though another process changes it")
    func dispatcher() throws {
        let demo = try RunningDemo.shared
        let stream = try EventSource(demo, "/v1/live?provider=infobip")
        defer { stream.close() }
        #expect(stream.waitFor(count: 1))
        let answer = try demo.send(to: "+447700900\(Int.random(in: 100...199))")
        let id = try #require(try JSON(answer)["messages"][0]["id"].string)
        let isDelivered = stream.waitFor(within: .seconds(30)) { events in
            events.contains {
                $0.json?["id"].string == id && $0.json?["status"].string == "delivered"
            }
        }
        #expect(isDelivered)
        let statuses = stream.events.filter { $0.json?["id"].string == id }
            .compactMap { $0.json?["status"].string }
        // Each change shows the message as it is by then, so the first may be accepted already.
        #expect(["queued", "accepted"].contains(statuses.first))
        #expect(statuses.contains { ["accepted", "sent"].contains($0) })
    }

    @Test("State, metrics and status tell of streams")
    func state() throws {
        let demo = try RunningDemo.shared
        let stream = try EventSource(demo, "/v1/live")
        defer { stream.close() }
        #expect(stream.waitFor(count: 1))
        let live = try JSON(demo.api("/v1/status"))["live"]
        #expect(live["streams"].int ?? 0 >= 1)
        #expect(live["limit"].int == 12_000)
        #expect(live["events_sent"].int ?? 0 >= 1)
        #expect(live["lag_seconds"].double ?? 99 < 5)
        let metrics = try demo.api("/metrics").text
        for name in [
            "waybill_streams", "waybill_streams_opened_total", "waybill_stream_events_total",
            "waybill_streams_dropped_total", "waybill_stream_resets_total",
            "waybill_stream_lag_seconds", "waybill_streams_limit",
        ] {
            #expect(metrics.contains("\n\(name) "), "\(name)")
        }
    }
}

extension RunningDemo {
    /// Sends a text through the API.
    func send(
        to number: String, path: String = "/v1/messages", idempotencyKey: String? = nil
    ) throws -> HTTPAnswer {
        var headers = [
            (name: "Authorization", value: "Bearer \(document.api_key)"),
            (name: "Content-Type", value: "application/json"),
        ]
        if let idempotencyKey { headers.append(("Idempotency-Key", idempotencyKey)) }
        return try client.send(
            HTTPRequest(
                method: "POST", path: path, headers: headers,
                body: Array(#"{"to":"\#(number)","text":"Hello"}"#.utf8)))
    }
}
