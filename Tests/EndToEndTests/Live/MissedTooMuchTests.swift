import Foundation
import TestSupport
import Testing

@Suite("Streams that cannot keep up, through nginx", .blocking, .timeLimit(.minutes(10)))
struct MissedTooMuchTests {
    /// Reports on new messages of a name, a hundred in each callback.
    private func report(_ demo: RunningDemo, _ prefix: String, _ numbers: Range<Int>) throws {
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
            let results = (start..<min(start + 100, numbers.upperBound)).map {
                InfobipBody.result("\(prefix)-\($0)")
            }
            #expect(try demo.infobip(InfobipBody.of(results)).status == 200)
        }
    }

    @Test(
        "Whoever has missed more than a stream shows is told to ask again, and goes on from there")
    func reset() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        let path = "/v1/live?provider=infobip"
        let first = try EventSource(demo, path)
        try #require(first.waitFor(count: 1))
        let last = try #require(first.lastID)
        first.close()
        let prefix = uniqueName("missed")
        try report(demo, prefix, 0..<1001)
        let late = try EventSource(demo, path, headers: [("Last-Event-ID", last)])
        defer { late.close() }
        try #require(late.waitFor(count: 2))
        #expect(late.events.prefix(2).map(\.name) == ["reset", "state"])
        #expect(late.events[0].json?["reason"].string == "too_old")
        #expect(late.events[1].json?["messages"].array.count == 50)
        #expect(late.events[0].id == late.events[1].id)
        #expect(Int(late.events[1].id ?? "") ?? 0 > Int(last) ?? .max)
        let name = uniqueName("after")
        try report(demo, name, 0..<1)
        let isShown = late.waitFor {
            $0.contains { $0.json?["provider_message_id"].string == "\(name)-0" }
        }
        #expect(isShown)

        // A little fewer than a thousand are not too many; the demo may have changes of its own.
        let place = try #require(late.lastID)
        let again = uniqueName("missed")
        try report(demo, again, 0..<950)
        let back = try EventSource(demo, path, headers: [("Last-Event-ID", place)])
        defer { back.close() }
        let mine: (StreamEvent) -> Bool = {
            $0.json?["provider_message_id"].string?.hasPrefix(again) == true
        }
        try #require(back.waitFor { $0.count >= 950 && $0.filter(mine).count == 950 })
        #expect(back.events.allSatisfy { $0.name == "status" })
        #expect(Set(back.events.compactMap(\.id)).count == back.events.count)
    }

    @Test("A client that does not read is dropped at its cap, and delays nobody")
    func slow() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        let path = "/v1/live?provider=infobip&unnamed=true"
        let prefix = uniqueName("slow") + "-"
        let readers = StreamCrowd(demo, path, count: 4, reports: 40_000, prefix: prefix)
        defer { readers.close() }
        let problem = readers.waitForOpen()
        try #require(problem == nil, "\(problem ?? "")")
        let stuck = try demo.client.connect()
        try stuck.send(
            HTTPRequest(
                path: path, headers: [("Authorization", "Bearer \(demo.document.api_key)")]
            ).head(port: demo.port))
        func live() throws -> JSON { try JSON(demo.api("/v1/status"))["live"] }
        try #require(try waitUntil(within: .seconds(20)) { try live()["streams"].int == 5 })
        var sent = 0
        var isDropped = false
        var longest = Duration.zero
        // The kernel's buffers and nginx's take some megabytes first.
        while !isDropped, sent < 40_000 {
            let start = ContinuousClock.now
            let results = (0..<200).map { _ in InfobipBody.result(readers.nextName()) }
            #expect(try demo.infobip(InfobipBody.of(results)).status == 200)
            sent += results.count
            // Each event comes twice, once without a name.
            let isShown = waitUntil(within: .seconds(20)) { readers.events >= 4 * 2 * sent }
            try #require(isShown, "\(sent): \(readers.events)")
            longest = max(longest, .now - start)
            isDropped = try live()["dropped"].int == 1
        }
        #expect(isDropped, "\(sent) changes")
        #expect(longest < .seconds(5))
        #expect(try live()["streams"].int == 4)
        #expect(readers.ends == 0 && readers.resets == 0)
        // Neither once nor more often, at any of the four.
        let twice = readers.mistakes.filter { $0.shown == 2 }
        #expect(twice.count == 4 * sent)
        _ = consume stuck
    }
}
