import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Making a provider known to the database", .blocking)
struct RegisterProviderTests {
    private let database: TestDatabase
    private let third = Provider(code: 12, name: "third", messageNames: .itsOwn)

    init() throws {
        database = try TestDatabase()
    }

    private func register(_ providers: [Provider]) throws {
        let files = try TestDatabase.files.get()
        _ = try Migrator(database.owner, files: files)
            .migrate(granting: TestDatabase.roles, registering: providers) { _ in }
    }

    private var rows: String {
        get throws {
            try database.run("select provider, name from provider_state order by provider")
        }
    }

    @Test("It gets a row, and an index where its names of messages are its own; once")
    func thirdProvider() throws {
        #expect(try rows == "1|infobip\n2|plivo")
        for _ in 0..<2 { try register(Provider.samples + [third]) }
        #expect(try rows == "1|infobip\n2|plivo\n12|third")
        let indexes = try database.run(
            "select indexname from pg_indexes where indexname like 'outbox_recipient%' order by 1")
        #expect(indexes == "outbox_recipient_12\noutbox_recipient_2")
        let states = try SendingStates(try database.pool(1), logger: .silent).sendingStates()
        #expect(states.map(\.provider) == [.infobip, .plivo, third])
    }

    @Test("A code is never given to another provider")
    func codeOfAnother() throws {
        let thief = Provider(code: 2, name: "thief", messageNames: .ours)
        #expect(throws: MigrationError.self) { try register([thief]) }
        #expect(try rows == "1|infobip\n2|plivo")
    }

    @Test("What a later program wrote about an unknown provider can be read")
    func unknownCode() throws {
        let id = MessageID.new(at: .now)
        try database.run(
            """
            insert into message (id, precedence, fingerprint, created_at, updated_at, provider,
                status, is_ours, is_key_derived)
            values ('\(id)', 0, 0, now(), now(), 77, 4, true, true);
            insert into event (message_id, at, kind, provider) values ('\(id)', now(), 1, 77);
            insert into provider_state (provider, name) values (77, 'later')
            """)
        let store = MessageStore(try database.pool(1), logger: .silent) { _, _ in id }
        #expect(try store.message(id)?.provider.name == "provider-77")
        #expect(try store.events(of: id, limit: 10).map { $0.provider?.code } == [77])
        let states = try SendingStates(try database.pool(1), logger: .silent).sendingStates()
        #expect(states.map(\.provider.code) == [1, 2, 77])
    }
}
