import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Whether those who read streams still may", .blocking)
struct StreamReaderTests {
    private let harness: PeopleHarness
    private let readers: StreamReaderStore
    private let keys: APIKeys
    private var database: TestDatabase { harness.database }

    init() throws {
        let policy = SessionPolicy(idle: .seconds(1800), absolute: .seconds(43_200))
        harness = try PeopleHarness(policy)
        let pool = try harness.database.pool()
        readers = StreamReaderStore(pool, policy: policy, logger: .silent)
        keys = APIKeys(pool, logger: .silent)
    }

    private static func hash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    private func addKey(
        _ byte: UInt8, _ scopes: Set<Scope> = [.read], _ networks: [String] = []
    ) throws {
        let draft = APIKeyDraft(
            name: "key-\(byte)", scopes: scopes, networks: networks.compactMap { IPNetwork($0) })
        guard case .created = try keys.create(draft, hash: Self.hash(byte), by: .sample) else {
            throw StoreFailure(.failed, "no key")
        }
    }

    private func rights(_ bytes: UInt8...) throws -> [StreamCredential: StreamRights] {
        try readers.rights(of: Set(bytes.map { .key(hash: Self.hash($0)) }))
    }

    @Test("A key reads until it is revoked, ends, loses the scope, or its secret ends")
    func keysEnd() throws {
        for byte: UInt8 in 1...6 { try addKey(byte) }
        try addKey(7, [.send, .admin])
        #expect(try rights(1, 2, 3, 4, 5, 6, 7, 99).count == 6)
        #expect(try rights().isEmpty)
        for sql in [
            "update api_key set revoked_at = now() where name = 'key-1'",
            "update api_key set expires_at = now() where name = 'key-2'",
            "update api_key set scopes = '{send}' where name = 'key-3'",
            """
            update api_key_secret set expires_at = now()
            from api_key where key_id = api_key.id and name = 'key-4'
            """,
            "update api_key set expires_at = now() + interval '1 hour' where name = 'key-5'",
        ] { try database.run(sql) }
        #expect(
            try rights(1, 2, 3, 4, 5, 6)
                == [
                    .key(hash: Self.hash(5)): StreamRights(role: nil),
                    .key(hash: Self.hash(6)): StreamRights(role: nil),
                ])
        // Looking is no use of a key.
        #expect(try keys.list().allSatisfy { $0.lastUsedAt == nil })
    }

    @Test("A key's addresses come with its right, and admit nobody else")
    func addresses() throws {
        try addKey(1, [.read], ["192.0.2.0/24", "2001:db8::/32", "198.51.100.9"])
        let right = try #require(try rights(1)[.key(hash: Self.hash(1))])
        for address in ["192.0.2.7", "2001:db8:1::5", "198.51.100.9", "::ffff:192.0.2.9"] {
            #expect(right.admit(role: nil, from: address), "\(address)")
        }
        for address in ["192.0.3.7", "2001:db9::1", "198.51.100.8", "", "x"] {
            #expect(!right.admit(role: nil, from: address), "\(address)")
        }
        #expect(!right.admit(role: nil, from: nil))
        #expect(!right.admit(role: .viewer, from: "192.0.2.7"))
        try database.run("update api_key set addresses = null")
        #expect(try rights(1)[.key(hash: Self.hash(1))]?.admit(role: nil, from: nil) == true)
    }

    @Test("A session reads until it ends in any way, and tells the user's role of now")
    func sessions() throws {
        let ann = try harness.add("ann@example.com", .operator)
        var ids: [StreamCredential] = []
        for _ in 0..<4 {
            guard case .success(let started) = try harness.signIn() else {
                Issue.record("not signed in")
                return
            }
            ids.append(.session(started.signedIn.session.id))
        }
        func rights() throws -> [StreamCredential: StreamRights] {
            try readers.rights(of: Set(ids))
        }
        func change(_ number: Int, _ change: String) throws {
            guard case .session(let id) = ids[number] else { return }
            try database.run(change + " where id = '\(id)'")
        }
        #expect(try rights().count == 4)
        #expect(try rights().values.allSatisfy { $0 == StreamRights(role: .operator) })
        try change(0, "update session set ends_at = now()")
        try change(1, "update session set last_active_at = now() - interval '31 minutes'")
        try change(2, "delete from session")
        #expect(try Set(rights().keys) == [ids[3]])
        try database.run("update app_user set role = 'viewer' where id = '\(ann.id)'")
        let right = try #require(try rights()[ids[3]])
        #expect(right.admit(role: .viewer, from: nil))
        #expect(!right.admit(role: .operator, from: nil))
        try database.run("update app_user set is_disabled = true where id = '\(ann.id)'")
        #expect(try rights().isEmpty)
    }

    @Test("With nobody to answer, nothing is known")
    func away() throws {
        let settings = try ConnectionSettings(
            "postgresql://waybill@127.0.0.1:\(FreePort.next())/none")
        let store = StreamReaderStore(
            ConnectionPool(settings, maximumCount: 1), policy: SessionPolicy(), logger: .silent)
        #expect(throws: StoreFailure.self) {
            try store.rights(of: [.key(hash: Self.hash(1))])
        }
    }
}
