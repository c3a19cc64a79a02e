import Domain
import Postgres

extension Migrator {
    /// Makes providers known to the database.
    ///
    /// - Throws: `failed` naming one whose code belongs to another.
    func register(_ providers: [Provider]) throws(MigrationError) {
        for provider in providers {
            try attempt(.failed, "registering the provider \(provider.name)") {
                () throws(PostgresError) in
                _ = try connection.execute(RegisterProvider(provider: provider))
            }
        }
    }
}

/// Makes a provider known, however often.
struct RegisterProvider: Statement {
    let provider: Provider

    static let name: StaticString = "register_provider"
    static let sql: StaticString = "select register_provider($1, $2, $3)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(provider.name)
        parameters.add(provider.takesOurID)
    }
}
