package import Domain
package import Postgres
import Synchronization
package import Telemetry

/// Reads signing secrets from the database, each once.
package final class SigningSecretStore: SigningSecrets {
    private let queries: Queries
    private let known = Mutex<[SigningPurpose: [UInt8]]>([:])

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    package func secret(for purpose: SigningPurpose) throws(StoreFailure) -> [UInt8] {
        if let secret = known.withLock({ $0[purpose] }) { return secret }
        let found = try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectSigningSecret(purpose: purpose)).first
        }
        guard let found else {
            throw StoreFailure(.failed, "there is no secret to sign with for \(purpose.rawValue)")
        }
        known.withLock { $0[purpose] = found }
        return found
    }
}

/// A secret by its purpose.
struct SelectSigningSecret: Statement {
    let purpose: SigningPurpose

    static let name: StaticString = "select_signing_secret"
    static let sql: StaticString = "select secret from signing_secret where purpose = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(purpose.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [UInt8] {
        try row.next([UInt8].self)
    }
}
