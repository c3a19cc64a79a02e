import Domain
import Postgres
import Settings
import Store

/// `waybill check`: the configuration as `serve` and `dispatch` would see it.
enum CheckCommand {
    static let help = """
        usage: waybill check [--service serve|dispatch|all] [--json]

        Lists every problem of the configuration at once, tries the database, and prints what is
        configured, without any secret. Exit status 0 if the services would start, 78 if the
        configuration has problems, 1 if only the database has.

          --service NAME  whose settings are looked at, exactly as that service reads them. Unless
                          given: those of each service whose secrets are here, and `serve` where there
                          are none. Both services may share a file of settings, so what belongs to a
                          secret of the other one is no problem then.
          --json          prints one document instead: for each service its settings, with where each
                          value comes from, and its problems
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["service"], flags: ["json"])
        let service = try arguments.value("service").map(service)
        let check = ConfigurationCheck(Environment(), service)
        let database = database(of: check).map(state)
        if arguments.has("json") {
            Output.line(check.document(database: database))
            guard check.problems.isEmpty else { return 78 }
            return database?.problem == nil ? 0 : 1
        }
        let (configuration, sending) = try check.configurations(database: database)
        for (name, value) in (configuration?.summary ?? []) + (sending?.summary ?? []) {
            Output.line("\(name): \(value)")
        }
        guard let database else { return 0 }
        if let problem = database.problem { throw CommandFailure(problem) }
        let milliseconds = (database.latency ?? .zero) / .milliseconds(1)
        Output.line(
            "database: reachable in \(Int(milliseconds.rounded(.up))) ms,"
                + " migration \(database.migration ?? 0)")
        return 0
    }

    private static func service(_ name: String) throws(CommandFailure) -> ConfigurationCheck.Service
    {
        guard let service = ConfigurationCheck.Service(rawValue: name) else {
            let known = ConfigurationCheck.Service.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.usage, "--service takes one of \(known)")
        }
        return service
    }

    /// The database that the services use, even if other settings are wrong.
    private static func database(of check: ConfigurationCheck) -> ConnectionSettings? {
        var environment = check.environment
        return environment.database(WaybillSettings.databaseURL)
    }

    private static func state(_ settings: ConnectionSettings) -> DatabaseState {
        let pool = ConnectionPool(settings, maximumCount: 1)
        defer { pool.close() }
        return DatabaseHealth(pool).databaseState()
    }
}
