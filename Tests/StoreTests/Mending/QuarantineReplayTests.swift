import Domain
import Foundation
import Providers
import Security
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Quarantined callbacks that are replayed", .blocking)
struct QuarantineReplayTests {
    private let database: TestDatabase
    private let store: QuarantineStore

    init() throws {
        database = try TestDatabase()
        store = QuarantineStore(try database.pool(), logger: .silent)
    }

    private static let secret = "a secret of the header"

    private func webhook(_ secret: String = Self.secret) throws -> InfobipWebhook {
        let secret = try #require(Secret(secret))
        return try #require(InfobipWebhook(.init(headerSecrets: [secret])))
    }

    private static func result(_ id: String, doneAt: String = "2026-11-20T09:15:04.913+0000")
        -> String
    {
        """
        {"messageId":"\(id)","to":"447700900123","doneAt":"\(doneAt)","status":{"groupId":3,\
        "groupName":"DELIVERED","id":5,"name":"DELIVERED_TO_HANDSET"}}
        """
    }

    private static func callback(_ results: String...) -> ReceivedCallback {
        callback(body: #"{"results":[\#(results.joined(separator: ","))]}"#)
    }

    private static func callback(body: String) -> ReceivedCallback {
        ReceivedCallback(
            id: .new(at: .now), provider: .infobip, uri: "/callbacks/infobip",
            contentType: "application/json", receivedAt: .now, body: Array(body.utf8))
    }

    private func credentials(
        of callback: ReceivedCallback, _ secret: String = Self.secret
    ) throws -> CallbackCredentials {
        let webhook = try webhook()
        return try #require(
            CallbackCredentials(
                CallbackRequest(uri: callback.uri, body: callback.body) {
                    $0.description == "X-Webhook-Secret" ? secret : nil
                }, webhook.authenticatingHeaders))
    }

    /// Writes a submission as the responder does.
    private func write(_ submission: Submission) throws {
        #expect(WriterHarness(try database.responder).write([submission]).isEmpty)
    }

    private func rows(_ columns: String = "reason, place") throws -> String {
        try database.run("select \(columns) from quarantine order by id")
    }

    private func firstID() throws -> Int64 {
        try #require(Int64(try database.run("select min(id) from quarantine")))
    }

    /// Replays with a webhook and waits for the end.
    private func replay(
        _ id: Int64, with webhook: any WebhookProvider
    ) throws -> QuarantineReplay.Result {
        let harness = WriterHarness(try database.responder)
        defer { harness.stop() }
        let results = Results()
        try QuarantineReplay(store, webhooks: [webhook], sink: harness.writer)
            .replay(id) { results.add($0) }
        return try #require(results.wait())
    }

    private final class Results: Sendable {
        private let ended = DispatchSemaphore(value: 0)
        private let result = Mutex<QuarantineReplay.Result?>(nil)

        func add(_ result: QuarantineReplay.Result) {
            self.result.withLock { $0 = result }
            ended.signal()
        }

        func wait() -> QuarantineReplay.Result? {
            ended.wait(timeout: .now() + 30) == .success ? result.withLock { $0 } : nil
        }
    }

    @Test("What today's parser reads is stored once, and leaves the quarantine with it")
    func replays() throws {
        let callback = Self.callback(Self.result("one"), Self.result("two"))
        // As by a parser that could not read the times of the second one.
        try write(
            Submission(
                callback: callback, reports: [], rejects: [.sample(place: "results[1].doneAt")],
                credentials: try credentials(of: callback)))
        guard case .replayed(let outcome) = try replay(try firstID(), with: try webhook()) else {
            Issue.record("not replayed")
            return
        }
        #expect(outcome == ReplayOutcome(reports: 2, released: 1, left: 0))
        #expect(try rows() == "")
        #expect(try database.run("select count(*) from callback") == "1")
        #expect(
            try database.run(
                "select count(*), count(distinct callback_id), min(callback_id::text) from report")
                == "2|1|\(callback.id)")
        try database.expectExactCounts()
        guard case .failed(.unknown) = try replay(1, with: try webhook()) else {
            Issue.record("a row that is gone was replayed")
            return
        }
    }

    @Test("Today's secrets decide: with others nothing changes")
    func authenticatesAgain() throws {
        let callback = Self.callback(Self.result("one"))
        try write(
            Submission(
                callback: callback, reports: [], rejects: [.sample()],
                credentials: try credentials(of: callback)))
        guard case .refused(let refusal) = try replay(try firstID(), with: try webhook("new"))
        else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.reason == .wrongCredentials)
        #expect(try rows() == "bad_time|results[0]")
        #expect(try database.run("select count(*) from report") == "0")
        #expect(try rows("credentials").contains(Self.secret), "only this role may read them")
    }

    @Test("What cannot be read today either stays, as a whole or in part")
    func stays() throws {
        let whole = Self.callback(body: "{\"results\":")
        try write(
            Submission(
                callback: whole, reports: [],
                rejects: [
                    Reject(reason: "not_json", place: "body", detail: "", excerpt: whole.body)
                ],
                credentials: try credentials(of: whole)))
        guard case .unreadable(let malformation) = try replay(try firstID(), with: try webhook())
        else {
            Issue.record("not unreadable")
            return
        }
        #expect(malformation.code == .notJSON)
        #expect(try rows() == "not_json|body")
        try database.run("delete from quarantine")

        let part = Self.callback(Self.result("one"), #"{"messageId":"two"}"#, Self.result("three"))
        let today = try webhook().parse(part).rejects
        #expect(today.map(\.reason) == ["missing_field"])
        try write(
            Submission(
                callback: part, reports: [],
                rejects: today + [.sample(place: "results[2].doneAt")],
                credentials: try credentials(of: part)))
        guard case .replayed(let outcome) = try replay(try firstID(), with: try webhook()) else {
            Issue.record("not replayed")
            return
        }
        #expect(outcome == ReplayOutcome(reports: 2, released: 1, left: 1))
        #expect(try rows() == "missing_field|results[1].status")
        #expect(try database.run("select count(*) from report") == "2")
    }

    @Test("A callback that failed authentication is no part of the archive before it is replayed")
    func unverified() throws {
        let callback = Self.callback(Self.result("one"))
        let reject = Reject(
            reason: "wrong_credentials", place: "request", detail: "", excerpt: callback.body)
        try write(
            Submission(
                callback: callback, reports: [], rejects: [reject], archiving: .never,
                credentials: try credentials(of: callback, "right one day")))
        #expect(try database.run("select count(*) from callback") == "0")
        #expect(
            try rows("is_authenticated, uri, content_type, body_bytes = octet_length(excerpt)")
                == "f|/callbacks/infobip|application/json|t")
        guard case .refused = try replay(try firstID(), with: try webhook()) else {
            Issue.record("not refused")
            return
        }
        let part = try #require(try store.part(try firstID()))
        #expect(part.excerpt == callback.body && !part.part.isAuthenticated)
        guard
            case .replayed(let outcome) = try replay(
                try firstID(), with: try webhook("right one day"))
        else {
            Issue.record("not replayed")
            return
        }
        #expect(outcome == ReplayOutcome(reports: 1, released: 1, left: 0))
        #expect(try rows() == "")
        #expect(
            try database.run(
                "select id, body = '\\x\(callback.body.map { String(format: "%02x", $0) }.joined())' from callback"
            ) == "\(callback.id)|t")
        #expect(try database.run("select count(*) from report") == "1")
    }

    @Test("Rows are found by filters, one of each callback, and deleted with an audit entry")
    func findsAndDeletes() throws {
        let first = Self.callback(Self.result("one"))
        let second = Self.callback(Self.result("two"))
        try write(
            Submission(
                callback: first, reports: [],
                rejects: [.sample(place: "a"), .sample(place: "b")]))
        try write(Submission(callback: second, reports: [], rejects: [.sample(place: "c")]))
        let all = try store.page(of: QuarantineFilter(), before: nil, limit: 10)
        #expect(all.map(\.place) == ["c", "b", "a"])
        #expect(try store.count(of: QuarantineFilter()).count == 3)
        #expect(
            try store.page(of: QuarantineFilter(), before: all[0].id, limit: 1).map(\.place)
                == ["b"])
        #expect(
            try store.callbacks(of: QuarantineFilter(), after: nil, limit: 10)
                == [all[2].id, all[0].id])
        #expect(
            try store.callbacks(of: QuarantineFilter(), after: all[2].id, limit: 10) == [all[0].id])
        var filter = QuarantineFilter()
        filter.callback = second.id
        #expect(try store.page(of: filter, before: nil, limit: 10).map(\.place) == ["c"])
        filter = QuarantineFilter()
        filter.ids = [all[1].id]
        #expect(try store.page(of: filter, before: nil, limit: 10).map(\.place) == ["b"])
        filter = QuarantineFilter()
        filter.isAuthenticated = false
        #expect(try store.count(of: filter).count == 0)

        #expect(try store.delete(all[1].id, by: .sample))
        #expect(try store.delete(all[1].id, by: .sample) == false)
        #expect(
            try database.run(
                "select object, detail->>'reason' from audit where action = 'quarantine.delete'")
                == "\(all[1].id)|bad_time")
        try database.run("truncate callback")
        guard case .failed(.gone) = try replay(all[0].id, with: try webhook()) else {
            Issue.record("a callback that the archive has dropped was replayed")
            return
        }
    }
}
