import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The migration to principals", .blocking)
struct PrincipalMigrationTests {
    private let database: TestDatabase

    /// A database of the version before, with what it may hold.
    init() throws {
        database = try .empty()
        let files = try TestDatabase.files.get()
        let before = files.prefix { !$0.name.hasSuffix("_add_principals.sql") }
        _ = try Migrator(database.owner, files: Array(before)).migrate(granting: []) { _ in }
        try database.run(
            """
            insert into api_key (hash, name, scopes, created_at, last_used_at, revoked_at) values
                (decode(repeat('01', 32), 'hex'), 'shop', '{send}', '2026-11-18T11:06:40.5Z',
                    '2026-11-19T00:00:00Z', null),
                (decode(repeat('02', 32), 'hex'), 'old', '{read}', '2026-11-18T11:06:40.5Z', null,
                    '2026-11-20T00:00:00Z');
            insert into idempotency_key (caller, key, created_at, digest, status, answer) values
                (decode(repeat('01', 32), 'hex'), 'a', now(), '\\x01', 202, '\\x31'),
                (decode(repeat('02', 32), 'hex'), 'a', now(), '\\x02', 202, '\\x32'),
                (decode(repeat('03', 32), 'hex'), 'a', now(), '\\x03', 202, '\\x33');
            insert into send_request (id, accepted_at, give_up_at, segments, encoding, is_pinned,
                body) values (gen_random_uuid(), now(), now(), 1, 'gsm-7', false, '')
            """)
        try database.migrate()
    }

    @Test("a key keeps its secret and gets an id, which the answers to its requests hang on")
    func keepsKeys() throws {
        let keys = APIKeys(try database.pool(), logger: .silent)
        let hash = [UInt8](repeating: 1, count: 32)
        let key = try #require(try keys.key(hash: hash))
        #expect(key.name == "shop" && key.scopes == [.send])
        #expect(key.id.version == 7)
        #expect(key.id.high >> 16 == 1_795_000_000_500)
        #expect(key.id.low >> 62 == 2)
        #expect(key.lastUsedAt == key.secrets.first?.lastUsedAt && key.lastUsedAt != nil)
        #expect(try keys.key(hash: Array(repeating: 2, count: 32)) == nil)
        #expect(try keys.list().map { $0.revokedAt != nil }.filter { $0 }.count == 1)

        let queue = SendQueue(try database.pool(), feed: ChangeFeed(), logger: .silent)
        let repeated = Idempotency(
            principal: .key(key.id), key: "a", digest: [1],
            answer: StoredAnswer(status: 202, body: []))
        #expect(
            try queue.accept(.sample(), repeated)
                == .repeated(StoredAnswer(status: 202, body: [0x31])))
        // The one whose key is gone is gone, too.
        #expect(try database.run("select count(*) from idempotency_key") == "2")
    }

    @Test("a send request of then has no submitter, and a new one has")
    func keepsRequests() throws {
        #expect(
            try database.run(
                "select count(*) from send_request where submitter_kind is null") == "1")
        let error = #expect(throws: PostgresError.self) {
            try Connection(database.admin).execute(
                script: "update send_request set submitter_kind = 'key'")
        }
        #expect(error?.code == .integrity)
    }
}
