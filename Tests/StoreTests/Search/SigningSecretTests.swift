import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The secrets to sign with", .blocking)
struct SigningSecretTests {
    @Test("are the same in every process, and another one for each purpose and database")
    func areShared() throws {
        let database = try TestDatabase()
        let secrets = try (0..<2).map { _ in
            try SigningSecretStore(database.pool(1), logger: .silent).secret(for: .cursor)
        }
        #expect(secrets[0] == secrets[1])
        #expect(secrets[0].count == 32)
        let store = SigningSecretStore(try database.pool(1), logger: .silent)
        #expect(try store.secret(for: .ticket) != secrets[0])
        let other = try TestDatabase.empty()
        try other.migrate()
        #expect(
            try SigningSecretStore(other.pool(1), logger: .silent).secret(for: .cursor)
                != secrets[0])
    }

    @Test("cannot be changed by the responder")
    func areFixed() throws {
        let database = try TestDatabase()
        let connection = try Connection(database.responder)
        #expect(throws: PostgresError.self) {
            try connection.execute(script: "update signing_secret set purpose = 'ticket'")
        }
    }
}
