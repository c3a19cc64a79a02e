import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Keys with an end, addresses and a maker", .blocking)
struct KeyLifeTests {
    private let database: TestDatabase
    private let keys: APIKeys

    init() throws {
        database = try TestDatabase()
        keys = APIKeys(try database.pool(), logger: .silent)
    }

    private func hash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    @Test("A key keeps its end, its addresses and its maker")
    func keeps() throws {
        let end = Timestamp(microseconds: 4_000_000_000_000_000)
        let networks = ["192.0.2.0/24", "192.0.2.7", "2001:DB8::/32", "::ffff:198.51.100.9"]
            .compactMap { IPNetwork($0) }
        let draft = APIKeyDraft(
            name: "shop", scopes: [.send], expiresAt: end, networks: networks)
        let creation = try keys.create(draft, hash: hash(1), by: .sample)
        guard case .created(let made) = creation else {
            Issue.record("\(creation)")
            return
        }
        let found = try #require(try keys.key(hash: hash(1)))
        for key in [made, found, try #require(try keys.list().first)] {
            #expect(key.id == made.id)
            #expect(key.expiresAt == end)
            #expect(key.networks == networks)
            #expect(key.maker == Submitter(Requester.sample.principal))
            #expect(key.secrets.count == 1)
        }
        #expect(made.lastUsedAt == nil)
        #expect(
            try database.run(
                "select after->'addresses', after->'expires_at', before from audit")
                == #"["192.0.2.0/24", "192.0.2.7", "2001:DB8::/32", "::ffff:198.51.100.9"]|"\#(end)"|{}"#
        )
    }

    @Test("A name that is taken and too many keys are told apart, and leave nothing")
    func refusals() throws {
        let draft = APIKeyDraft(name: "shop", scopes: [.send])
        guard case .created = try keys.create(draft, hash: hash(1), by: .sample) else {
            Issue.record("not created")
            return
        }
        #expect(try keys.create(draft, hash: hash(2), by: .sample) == .nameTaken)
        try database.run(
            """
            insert into api_key (id, name, scopes)
            select gen_random_uuid(), 'k' || n, '{read}' from generate_series(2, \(keyLimit)) as n
            """)
        let other = APIKeyDraft(name: "other", scopes: [.send])
        #expect(try keys.create(other, hash: hash(3), by: .sample) == .tooMany)
        #expect(try keys.create(draft, hash: hash(3), by: .sample) == .nameTaken)
        #expect(try database.run("select count(*) from audit") == "1")
        try database.run("update api_key set revoked_at = now() where name = 'k2'")
        guard case .created = try keys.create(other, hash: hash(3), by: .sample) else {
            Issue.record("not created")
            return
        }
        #expect(try keys.list().count == keyLimit + 1)
    }

    @Test("A key that has ended is found with its end, and its use is not recorded")
    func expired() throws {
        _ = try keys.create(name: "shop", scopes: [.send], hash: hash(1), by: .sample)
        try database.run("update api_key set expires_at = now() - interval '1 second'")
        let key = try #require(try keys.key(hash: hash(1)))
        #expect(key.expiresAt.map { $0 <= .now } == true)
        #expect(try keys.list().first?.lastUsedAt == nil)
    }

    @Test("A key is revoked by its id, once, and that is in the audit")
    func revokes() throws {
        _ = try keys.create(name: "shop", scopes: [.send], hash: hash(1), by: .sample)
        let id = try #require(try keys.key(hash: hash(1))).id
        #expect(try keys.revoke(id, by: .sample))
        #expect(try !keys.revoke(id, by: .sample))
        #expect(try !keys.revoke(.new(at: .now), by: .sample))
        #expect(try keys.key(hash: hash(1)) == nil)
        #expect(
            try database.run(
                "select object, detail->>'name', before, after from audit where action = 'key.revoke'"
            )
                == #"\#(id)|shop|{"revoked": false}|{"revoked": true}"#)
    }

    @Test("Keys from before have the maker whom the audit names")
    func migrates() throws {
        let old = try TestDatabase.empty()
        let files = try TestDatabase.files.get()
        let before = files.prefix { !$0.name.hasSuffix("_widen_keys_and_audit.sql") }
        _ = try Migrator(old.owner, files: Array(before)).migrate(granting: []) { _ in }
        try old.run(
            """
            insert into api_key (id, name, scopes) values
                ('01990000-0000-7000-8000-000000000001', 'a', '{read}'),
                ('01990000-0000-7000-8000-000000000002', 'b', '{read}');
            insert into audit (at, principal_kind, principal_id, principal_name, action, object,
                detail)
            values (now(), 'command_line', '00000000-0000-8000-8000-000000000007', 'root',
                'key.create', '01990000-0000-7000-8000-000000000001', '{}')
            """)
        try old.migrate()
        let makers = try APIKeys(try old.pool(), logger: .silent).list().map(\.maker?.name)
        #expect(makers == ["root", nil])
    }
}
