import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Keys to the API", .blocking)
struct APIKeysTests {
    private let database: TestDatabase
    private let keys: APIKeys

    init() throws {
        database = try TestDatabase()
        keys = APIKeys(try database.pool(), logger: .silent)
    }

    private func hash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    @Test(
        "a key is found by its hash, with its scopes",
        arguments: [
            [.read], [.send, .admin], Set(Scope.allCases),
        ] as [Set<Scope>])
    func isFound(scopes: Set<Scope>) throws {
        #expect(try keys.create(name: "monitoring é 🙂", scopes: scopes, hash: hash(1), by: .sample))
        let key = try keys.key(hash: hash(1))
        #expect(key?.name == "monitoring é 🙂")
        #expect(key?.scopes == scopes)
        #expect(key?.revokedAt == nil)
        let age = try #require(key).createdAt.since(.now)
        #expect(abs(age / .seconds(1)) < 60)
        #expect(try keys.key(hash: hash(2)) == nil)
        #expect(try keys.key(hash: []) == nil)
    }

    @Test("a name belongs to one valid key, and may be used again after a revocation")
    func namesAreUnique() throws {
        #expect(try keys.create(name: "a", scopes: [.read], hash: hash(1), by: .sample))
        #expect(try !keys.create(name: "a", scopes: [.admin], hash: hash(2), by: .sample))
        #expect(try keys.key(hash: hash(2)) == nil)
        #expect(try keys.key(hash: hash(1))?.scopes == [.read])

        #expect(try keys.revoke(name: "a", by: .sample))
        #expect(try keys.key(hash: hash(1)) == nil)
        #expect(try !keys.revoke(name: "a", by: .sample))
        #expect(try !keys.revoke(name: "never", by: .sample))

        #expect(try keys.create(name: "a", scopes: [.admin], hash: hash(2), by: .sample))
        #expect(try keys.key(hash: hash(2))?.scopes == [.admin])
        #expect(try keys.key(hash: hash(1)) == nil)
        let all = try keys.list()
        #expect(all.map(\.name) == ["a", "a"])
        #expect(all.map(\.scopes) == [[.read], [.admin]])
        #expect(all.map { $0.revokedAt == nil } == [false, true])
    }

    @Test("all keys are listed in the order of their creation")
    func lists() throws {
        #expect(try keys.list().isEmpty)
        for (byte, name) in ["c", "a", "b"].enumerated() {
            #expect(
                try keys.create(name: name, scopes: [.read], hash: hash(UInt8(byte)), by: .sample))
        }
        #expect(try keys.list().map(\.name) == ["c", "a", "b"])
    }

    @Test("the last use is recorded once a minute")
    func notesUse() throws {
        #expect(try keys.create(name: "a", scopes: [.read], hash: hash(1), by: .sample))
        func lastUse() throws -> Timestamp? { try keys.list().first?.lastUsedAt }
        func age(by interval: String) throws {
            try database.run("update api_key set last_used_at = now() - interval '\(interval)'")
        }
        #expect(try lastUse() == nil)
        #expect(try keys.key(hash: hash(1))?.lastUsedAt == nil)
        let first = try #require(try lastUse())

        try age(by: "50 seconds")
        let recent = try #require(try lastUse())
        #expect(recent < first)
        _ = try keys.key(hash: hash(1))
        #expect(try lastUse() == recent)

        try age(by: "61 seconds")
        _ = try keys.key(hash: hash(1))
        #expect(try #require(try lastUse()) >= first)

        _ = try keys.key(hash: hash(9))
        try age(by: "1 hour")
        let old = try lastUse()
        _ = try keys.revoke(name: "a", by: .sample)
        #expect(try keys.key(hash: hash(1)) == nil)
        #expect(try lastUse() == old)
    }

    @Test("a key is valid though its use cannot be recorded: no right to write, a lock, a standby")
    func needsNoNote() throws {
        #expect(try keys.create(name: "a", scopes: [.read], hash: hash(1), by: .sample))
        try database.run("revoke update on api_key from waybill")
        #expect(try keys.key(hash: hash(1))?.name == "a")
        #expect(try keys.list().first?.lastUsedAt == nil)
        try database.run("grant update on api_key to waybill")

        let blockade = try Blockade(database, table: "api_key")
        let others = APIKeys(try database.pool(), logger: .silent)
        #expect(try others.key(hash: hash(1))?.name == "a")
        // The failed write is not tried again at once.
        #expect(try others.key(hash: hash(1))?.name == "a")
        try blockade.lift()
        #expect(try keys.list().first?.lastUsedAt == nil)

        try database.run(
            "alter role waybill in database \(database.name) set default_transaction_read_only = on"
        )
        let readers = APIKeys(try database.pool(), logger: .silent)
        #expect(try readers.key(hash: hash(1))?.name == "a")
        #expect(try readers.key(hash: hash(2)) == nil)
    }

    @Test("what the schema does not allow is a failure, not a crash")
    func refuses() throws {
        func code(_ name: String, _ scopes: Set<Scope>, _ hash: [UInt8]) -> StoreFailure
            .Code?
        {
            do throws(StoreFailure) {
                _ = try keys.create(name: name, scopes: scopes, hash: hash, by: .sample)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code("", [.read], hash(1)) == .failed)
        #expect(code(String(repeating: "x", count: 101), [.read], hash(1)) == .failed)
        #expect(code("nul\0", [.read], hash(1)) == .failed)
        #expect(code("a", [], hash(1)) == .failed)
        #expect(code("a", [.read], [1, 2, 3]) == .failed)
        #expect(code("a", [.read], hash(1)) == nil)
        #expect(code("b", [.read], hash(1)) == .failed)
        #expect(code(String(repeating: "🙂", count: 100), [.read], hash(3)) == nil)
    }

    @Test("without a database the failure says that trying again may help")
    func isUnavailable() throws {
        let nowhere = try ConnectionSettings("postgresql://u@127.0.0.1:\(try FreePort.next())/d")
        let keys = APIKeys(ConnectionPool(nowhere, maximumCount: 1), logger: .silent)
        let error = #expect(throws: StoreFailure.self) { try keys.key(hash: hash(1)) }
        #expect(error?.code == .unavailable)
        #expect(error?.isAway == true)
    }

    @Test("a server that accepts connections and never answers is away")
    func isSilent() throws {
        let silent = try SilentListener()
        let settings = try ConnectionSettings(
            "postgresql://u@127.0.0.1:\(silent.port)/d?connect_timeout=1")
        let keys = APIKeys(ConnectionPool(settings, maximumCount: 1), logger: .silent)
        let error = #expect(throws: StoreFailure.self) { try keys.key(hash: hash(1)) }
        #expect(error?.code == .unavailable)
        #expect(error?.isAway == true)
    }

    @Test("a key that cannot be looked up in time is unavailable, and the database is not away")
    func isBusy() throws {
        #expect(try keys.create(name: "a", scopes: [.admin], hash: hash(1), by: .sample))
        func failure(_ keys: APIKeys) -> StoreFailure? {
            #expect(throws: StoreFailure.self) { try keys.key(hash: hash(1)) }
        }
        let pool = ConnectionPool(
            try database.responder, maximumCount: 1, maximumWait: .milliseconds(100))
        try pool.withConnection { _ throws(PostgresError) in
            let exhausted = failure(APIKeys(pool, logger: .silent))
            #expect(exhausted?.code == .unavailable)
            #expect(exhausted?.isAway == false)
        }
        // A lock or statement that takes too long is reported by the server itself.
        let connection = try Connection(database.admin)
        for setting in ["lock_timeout", "statement_timeout"] {
            try connection.execute(script: "begin; lock table api_key")
            let text = database.responderURL(options: "-c \(setting)=100")
            let impatient = ConnectionPool(try ConnectionSettings(text), maximumCount: 1)
            let late = failure(APIKeys(impatient, logger: .silent))
            #expect(late?.code == .unavailable)
            #expect(late?.isAway == false, "\(late?.description ?? "")")
            try connection.execute(script: "rollback")
        }
    }

    @Test("one connection without an answer does not mean that the server is away")
    func isStuck() throws {
        #expect(try keys.create(name: "a", scopes: [.admin], hash: hash(1), by: .sample))
        let settings = try ConnectionSettings(
            database.responderURL(options: ""), applicationName: "stuck",
            responseTimeout: .seconds(1))
        let stuck = APIKeys(ConnectionPool(settings, maximumCount: 1), logger: .silent)
        #expect(try stuck.key(hash: hash(1))?.name == "a")
        let process = try #require(
            pid_t(
                try database.run(
                    "select pid from pg_stat_activity where application_name = 'stuck'"
                ).trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(process, SIGSTOP)
        defer { kill(process, SIGCONT) }
        let error = #expect(throws: StoreFailure.self) { try stuck.key(hash: hash(1)) }
        #expect(error?.code == .unavailable)
        #expect(error?.isAway == false)
    }

    @Test("a server without a free slot is not away, one that is shut down is")
    func isFullOrDown() throws {
        let server = try PostgresServer.dedicated()
        let database = try TestDatabase(on: server)
        try database.run("alter role waybill connection limit 1")
        let holder = try Connection(database.responder)
        func failure() throws -> StoreFailure? {
            let keys = APIKeys(try database.pool(1), logger: .silent)
            return #expect(throws: StoreFailure.self) { try keys.key(hash: hash(1)) }
        }
        let full = try failure()
        #expect(full?.code == .unavailable)
        #expect(full?.isAway == false, "\(full?.description ?? "")")
        withExtendedLifetime(holder) {}
        try server.stop()
        #expect(try failure()?.isAway == true)
    }
}
