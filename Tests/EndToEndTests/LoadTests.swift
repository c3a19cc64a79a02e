import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Many at once", .timeLimit(.minutes(10)))
struct LoadTests {
    /// One report, with its message.
    private struct Saying: Hashable {
        let message: Int
        let group: Int
        let second: Int

        /// Final before not final, then later before earlier, then delivered before the failures.
        var weight: [Int] { [group == 1 ? 0 : 1, second, group == 3 ? 1 : 0] }

        func text(_ prefix: String) -> String {
            InfobipBody.result(
                "\(prefix)-\(message)", group: group,
                doneAt: String(format: "2026-11-20T09:%02d:%02d.000+0000", second / 60, second % 60)
            )
        }
    }

    @Test("Of 500 callbacks at once about 100 messages nothing is lost or doubled")
    func concurrent() throws {
        let demo = try RunningDemo.shared
        let prefix = uniqueName("crowd")
        var random = SplitMix64(state: 1)
        let callbacks = (0..<500).map { _ in
            (0..<3).map { _ in
                Saying(
                    message: Int.random(in: 0..<100, using: &random),
                    group: [1, 2, 3].randomElement(using: &random) ?? 1,
                    second: Int.random(in: 0..<600, using: &random))
            }
        }
        let statuses = Mutex<[Int]>([])
        Crew.run(500) { index in
            let body = InfobipBody.of(callbacks[index].map { $0.text(prefix) })
            let status = (try? demo.infobip(body).status) ?? 0
            statuses.withLock { $0.append(status) }
        }
        #expect(statuses.withLock { $0 } == Array(repeating: 200, count: 500))

        let distinct = Set(callbacks.joined())
        let mine = "provider_message_id like '\(prefix)-%'"
        #expect(
            try demo.count(
                "select count(*) from report join message on id = message_id where \(mine)")
                == distinct.count)
        let rows = try demo.sql("select provider_message_id, status from message where \(mine)")
        var states: [String: String] = [:]
        for row in rows.split(separator: "\n") {
            let parts = row.split(separator: "|").map(String.init)
            states[parts[0]] = parts[1]
        }
        let winners = Dictionary(grouping: distinct, by: \.message).compactMapValues { sayings in
            sayings.max { $0.weight.lexicographicallyPrecedes($1.weight) }
        }
        // 3: sent; 4: delivered; 5: undeliverable.
        let expected = Dictionary(
            uniqueKeysWithValues: winners.map {
                ("\(prefix)-\($0)", [1: "3", 2: "5", 3: "4"][$1.group] ?? "")
            })
        #expect(states == expected)
        #expect(
            try demo.count(
                "select count(*) from callback where position('\(prefix)'::bytea in body) > 0")
                == 500)
        demo.client.disconnect()
    }

    @Test("More idle connections than workers do not keep a new one waiting")
    func idleConnections() throws {
        let demo = try RunningDemo.shared
        // Each makes nginx keep a connection to the responder; the demo has two workers.
        Crew.run(40) { _ in _ = try? demo.infobip(InfobipBody.of(uniqueName())) }
        let started = ContinuousClock.now
        #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
        #expect(.now - started < .seconds(5))
    }

    @Test("An unfinished request blocks no other")
    func unfinished() throws {
        let demo = try RunningDemo.shared
        let credentials = Signing.basic(demo.document.infobip.user, demo.document.infobip.password)
        let request = HTTPRequest(
            method: "POST", path: "/callbacks/infobip",
            headers: [
                credentials, ("Content-Type", "application/json"), ("Content-Length", "1000"),
            ])
        let connections = try (0..<20).map { _ in
            let connection = try demo.client.connect()
            try connection.send(request.head(port: demo.port) + Array("{".utf8))
            return connection
        }
        #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
        _ = consume connections
    }
}
