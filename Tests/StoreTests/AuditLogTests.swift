import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Reading and keeping the audit", .blocking)
struct AuditLogTests {
    private let database: TestDatabase
    private let log: AuditLog
    private static let start = Timestamp(microseconds: 1_795_000_000_000_000)

    init() throws {
        database = try TestDatabase()
        log = AuditLog(try database.pool(), logger: .silent)
    }

    private func write(
        _ action: AuditEntry.Action, _ object: String, second: Int64, by requester: Requester? = nil
    ) throws {
        let at = Self.start.advanced(by: .seconds(second))
        if let requester {
            try log.write(
                AuditEntry(
                    action, of: object, by: requester, at: at, detail: ["n": "\(second)"],
                    before: ["role": "viewer", "old": true, "gone": nil],
                    after: [
                        "role": .text(nil), "scopes": .words(["read", "send"]), "at": .time(at),
                    ]))
        } else {
            try log.write(
                AuditEntry(
                    action, of: object,
                    from: RequestOrigin(requestID: "r\(second)", address: "::1"),
                    at: at))
        }
    }

    private func found(_ change: (inout AuditFilter) -> Void) throws -> [String] {
        var filter = AuditFilter()
        change(&filter)
        return try log.entries(filter, after: nil, limit: 100).map(\.object)
    }

    @Test("An entry is read as it was written, with what was before and after")
    func roundTrip() throws {
        try write(.changeRole, "o\0ne", second: 1, by: .sample)
        try write(.refuseSignIn, String(repeating: "x", count: 400), second: 2)
        let entries = try log.entries(AuditFilter(), after: nil, limit: 10)
        let act = try #require(entries.last)
        #expect(act.action == "user.role" && act.object == "o\u{FFFD}ne")
        #expect(act.principal == Submitter(Requester.sample.principal))
        #expect(act.detail == #"{"n": "1"}"#)
        #expect(act.before == #"{"old": true, "gone": null, "role": "viewer"}"#)
        #expect(
            act.after
                == #"{"at": "\#(act.at)", "role": null, "scopes": ["read", "send"]}"#)
        let refusal = try #require(entries.first)
        #expect(refusal.principal == nil)
        #expect(refusal.object.count == 300)
        #expect(refusal.requestID == "r2" && refusal.address == "::1")
        #expect(refusal.before == "{}" && refusal.after == "{}" && refusal.detail == "{}")
    }

    @Test("Each filter finds its entries, the newest first")
    func filters() throws {
        let key = APIKeyID.new(at: .now)
        let shop = Requester(
            Principal(id: .key(key), name: "shop", scopes: [.send]), requestID: "rq",
            address: "192.0.2.7")
        try write(.createKey, "a", second: 1, by: .sample)
        try write(.cancelMessage, "b", second: 2, by: shop)
        try write(.refuseSignIn, "c", second: 3)
        try write(.cancelMessage, "d", second: 4, by: shop)
        #expect(try found { _ in } == ["d", "c", "b", "a"])
        #expect(try found { $0.action = .cancelMessage } == ["d", "b"])
        #expect(try found { $0.principal = .id(PrincipalID.key(key).uuid) } == ["d", "b"])
        #expect(try found { $0.principal = .name("shop") } == ["d", "b"])
        #expect(try found { $0.object = "b" } == ["b"])
        #expect(try found { $0.address = "::1" } == ["c"])
        #expect(try found { $0.requestID = "rq" } == ["d", "b"])
        #expect(try found { $0.since = Self.start.advanced(by: .seconds(2)) } == ["d", "c", "b"])
        #expect(try found { $0.until = Self.start.advanced(by: .seconds(2)) } == ["a"])
        #expect(
            try found {
                $0.principal = .name("shop")
                $0.until = Self.start.advanced(by: .seconds(4))
                $0.action = .cancelMessage
            } == ["b"])
        #expect(try found { $0.object = "none" } == [])
    }

    @Test("Pages follow each other without a gap, also among entries of one moment")
    func pages() throws {
        for number in 0..<7 { try write(.signIn, "\(number)", second: 5, by: .sample) }
        var seen: [String] = []
        var position: AuditPosition?
        repeat {
            let page = try log.entries(AuditFilter(), after: position, limit: 3)
            seen += page.map(\.object)
            position = page.last.map { AuditPosition(at: $0.at, number: $0.number) }
            // A new one is on no later page.
            try write(.signOut, "new", second: 9, by: .sample)
        } while position != nil && seen.count < 20
        #expect(seen == ["6", "5", "4", "3", "2", "1", "0"])
    }

    @Test("Nobody changes an entry, and nothing of the last thirty days is deleted")
    func appendOnly() throws {
        try database.run(
            """
            insert into audit (at, action, object, detail) values
                (now() - interval '29 days', 'key.create', 'young', '{}'),
                (now() - interval '31 days', 'message.send', 'send', '{}'),
                (now() - interval '31 days', 'key.create', 'kept', '{}'),
                (now() - interval '401 days', 'key.create', 'old', '{}')
            """)
        for sql in [
            "update audit set object = ''", "delete from audit where object = 'young'",
            "truncate audit", "delete from audit",
        ] {
            // Not even the owner.
            let error = #expect(throws: PostgresError.self) {
                try Connection(database.owner).execute(script: sql)
            }
            #expect(error?.sqlState?.description == "23001", "\(sql)")
        }
        let maintenance = Maintenance(
            try database.pool(1), keepDays: 3, auditDays: 400, logger: .silent)
        defer { maintenance.stop() }
        #expect(
            try waitUntil(within: .seconds(60)) {
                try database.run("select string_agg(object, ',' order by number) from audit")
                    == "young,kept"
            })
        let error = #expect(throws: PostgresError.self) {
            try Connection(database.admin).execute(script: "select drop_old_audit(29, 3, 10)")
        }
        #expect(error?.code == .data)
    }
}
