import Domain
import Postgres
import Providers
import Settings

extension Environment {
    /// What a command needs that reads callbacks: the database, and the providers that are received.
    ///
    /// - Throws: `ConfigurationError` with every problem at once.
    mutating func receivingDatabase() throws(ConfigurationError) -> (
        database: ConnectionSettings, webhooks: [any WebhookProvider], optOuts: OptOutRules
    ) {
        let database = database(WaybillSettings.databaseURL)
        let webhooks = ProviderKits.all.receiving(&self).compactMap { $0.settings.webhook() }
        let optOuts = optOutRules()
        guard let database, problems.isEmpty else {
            throw ConfigurationError(problems: problems)
        }
        return (database, webhooks, optOuts)
    }

    /// The database as the role that owns the tables.
    ///
    /// - Throws: `ConfigurationError` if there is none.
    mutating func owningDatabase() throws(ConfigurationError) -> ConnectionSettings {
        guard let database = databaseOrUsual(WaybillSettings.migrateDatabaseURL), problems.isEmpty
        else { throw ConfigurationError(problems: problems) }
        return database
    }
}
