import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Streams of two responders on one database", .blocking, .timeLimit(.minutes(10)))
struct TwoResponderTests {
    @Test(
        "A report to one reaches the other's streams, which lose and repeat nothing, come what may")
    func pair() throws {
        let pair = try ResponderPair()
        defer { pair.end() }
        try crossing(pair)
        try wandering(pair)
        try notifyBroken(pair)
        try goodbye(pair)
        try killed(pair)
        for side in ResponderPair.Side.allCases {
            expectCleanLog(pair.log(of: side), hiding: pair.demo.document)
        }
    }

    private func report(
        _ pair: ResponderPair, _ name: String, group: Int = 3, minute: Int = 15
    ) throws {
        let doneAt = "2026-11-20T09:\(minute):04.913+0000"
        let body = InfobipBody.of([InfobipBody.result(name, group: group, doneAt: doneAt)])
        #expect(try pair.demo.infobip(body).status == 200)
    }

    private func message(_ pair: ResponderPair) throws -> (name: String, id: String) {
        let name = uniqueName("pair")
        try report(pair, name, group: 1)
        return (name, try #require(try pair.demo.message(name)?["id"].string))
    }

    /// The report goes to one responder, the stream hangs on the other.
    private func crossing(_ pair: ResponderPair) throws {
        for (callbacks, events) in [
            (ResponderPair.Side.first, ResponderPair.Side.second), (.second, .first),
        ] {
            try pair.route("callbacks", to: callbacks)
            try pair.route("events", to: events)
            let (name, id) = try message(pair)
            let stream = try EventSource(pair.demo, "/v1/messages/\(id)/live")
            defer { stream.close() }
            try #require(stream.waitFor(count: 1))
            try report(pair, name)
            try #require(stream.waitFor(count: 2))
            #expect(stream.events[1].json?["status"].string == "delivered")
        }
    }

    /// A client that is thrown from one responder to the other, under load, through kill and restart.
    private func wandering(_ pair: ResponderPair) throws {
        let demo = pair.demo
        let start = try EventSource(demo, "/v1/live?provider=infobip")
        try #require(start.waitFor(count: 1))
        var last = try #require(start.lastID)
        start.close()
        let first = try #require(Int(last))
        // Fewer than a stream may miss, so that none is reset.
        let load = SteadyLoad(on: demo, threads: 2) { name in
            usleep(5000)
            return try demo.infobip(InfobipBody.of(name))
        }
        var seen: [String] = []
        for round in 0..<8 {
            let side: ResponderPair.Side = round % 2 == 0 ? .first : .second
            try pair.route("events", to: side)
            let stream = try EventSource(
                demo, "/v1/live?provider=infobip", headers: [("Last-Event-ID", last)])
            let isFlowing = stream.waitFor { $0.count >= 10 }
            #expect(isFlowing, "round \(round): \(stream.status ?? 0) \(stream.events.count)")
            if round == 2 || round == 5 {
                // The one that it reads from.
                try pair.stop(side, by: round == 2 ? SIGTERM : SIGKILL)
                #expect(stream.waitForEnd())
                try pair.start(side)
            } else {
                stream.close()
                #expect(stream.waitForEnd())
            }
            let events = stream.events
            #expect(events.allSatisfy { $0.name == "status" }, "round \(round)")
            seen += Self.loaded(events)
            last = events.last?.id ?? last
        }
        let outcomes = load.stop()
        #expect(outcomes.allSatisfy { $0.status == 200 })
        let rest = try EventSource(
            demo, "/v1/live?provider=infobip", headers: [("Last-Event-ID", last)])
        defer { rest.close() }
        let all = try demo.sql(
            """
            select place from (
                select block * 16384 + number - 1 as place, id
                from status_change
                cross join lateral unnest(messages) with ordinality as m (id, number)
            ) as change
            join message using (id)
            where place > \(first) and provider_message_id like 'load-%'
            order by place
            """
        ).split(separator: "\n").map(String.init)
        let end = try #require(all.last)
        let isComplete = rest.waitFor { $0.contains { $0.id == end } || seen.last == end }
        #expect(isComplete)
        seen += Self.loaded(rest.events)
        #expect(all.count == outcomes.count)
        #expect(seen == all, "\(seen.count) of \(all.count)")
    }

    /// The ids of the load's events; the demo has messages of its own.
    private static func loaded(_ events: [StreamEvent]) -> [String] {
        events.filter { $0.json?["provider_message_id"].string?.hasPrefix("load-") == true }
            .compactMap(\.id)
    }

    /// No notification arrives any more: events come by the look every second.
    private func notifyBroken(_ pair: ResponderPair) throws {
        try pair.route("callbacks", to: .first)
        try pair.route("events", to: .second)
        let revoke = "revoke execute on function pg_catalog.pg_notify(text, text) from public"
        try pair.demo.sql(revoke)
        let (name, id) = try message(pair)
        let stream = try EventSource(pair.demo, "/v1/messages/\(id)/live")
        defer { stream.close() }
        try #require(stream.waitFor(count: 1))
        let sent = ContinuousClock.now
        try report(pair, name)
        try #require(stream.waitFor(count: 2))
        // A second, and what a busy machine adds.
        #expect(.now - sent < .seconds(4))
        try pair.demo.sql("grant execute on function pg_catalog.pg_notify(text, text) to public")
    }

    /// An orderly end tells each client another time to come back at, and each answer ends properly.
    private func goodbye(_ pair: ResponderPair) throws {
        try pair.route("events", to: .second)
        let streams = try (0..<60).map { _ in
            try EventSource(pair.demo, "/v1/live?provider=plivo")
        }
        defer { for stream in streams { stream.close() } }
        for stream in streams { try #require(stream.waitFor(count: 1)) }
        #expect(try pair.stop(.second) == 0)
        for stream in streams { #expect(stream.waitForEnd()) }
        let pauses = streams.compactMap(\.retry)
        #expect(pauses.count == 60)
        #expect(pauses.allSatisfy { (1000...4000).contains($0) })
        // Sixty different ones over three seconds.
        #expect(Set(pauses).count == 60)
        #expect((pauses.max() ?? 0) - (pauses.min() ?? 0) > 2500)
        // Whoever comes back before the next process waits in the socket's queue.
        let early = try EventSource(
            pair.demo, "/v1/live?provider=plivo",
            headers: [("Last-Event-ID", streams[0].lastID ?? "")])
        defer { early.close() }
        try pair.start(.second)
        #expect(waitUntil(within: .seconds(20)) { early.status == 200 })
        #expect(early.events.isEmpty)
    }

    /// A process that dies without a word: nginx ends the answers, and clients come back.
    private func killed(_ pair: ResponderPair) throws {
        let (name, id) = try message(pair)
        let path = "/v1/messages/\(id)/live"
        let stream = try EventSource(pair.demo, path)
        try #require(stream.waitFor(count: 1))
        try pair.stop(.second, by: SIGKILL)
        #expect(stream.waitForEnd())
        try report(pair, name)
        let back = try EventSource(
            pair.demo, path, headers: [("Last-Event-ID", stream.lastID ?? "")])
        defer { back.close() }
        try pair.start(.second)
        try #require(back.waitFor(count: 1))
        #expect(back.events.map(\.name) == ["status"])
        #expect(back.events[0].json?["status"].string == "delivered")
    }
}
