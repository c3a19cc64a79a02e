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
        let trials = trials(of: check)
        if arguments.has("json") {
            let shown = trials.first { $0.state.problem != nil } ?? trials.first
            Output.line(check.document(database: shown?.state))
            guard check.problems.isEmpty else { return 78 }
            return shown?.state.problem == nil ? 0 : 1
        }
        let (configuration, sending) = try check.configurations(databases: trials)
        for (name, value) in (configuration?.summary ?? []) + (sending?.summary ?? []) {
            Output.line("\(name): \(value)")
        }
        let problems = trials.compactMap(\.shownProblem)
        if let first = problems.first {
            // Both services may use one database.
            let others = problems.dropFirst().filter { $0 != first }
            throw CommandFailure(([first] + others).joined(separator: "\n"))
        }
        var shown: Set<Setting> = []
        for trial in trials where shown.insert(trial.setting).inserted {
            let milliseconds = (trial.state.latency ?? .zero) / .milliseconds(1)
            Output.line(
                "\(trial.name): reachable in \(Int(milliseconds.rounded(.up))) ms,"
                    + " migration \(trial.state.migration ?? 0)")
        }
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

    /// Tries the connection of each service that is looked at, also where other settings are wrong.
    private static func trials(of check: ConfigurationCheck) -> [DatabaseTrial] {
        var environment = check.environment
        var roles: [DatabaseRole] = []
        if check.serving != nil { roles.append(.responder) }
        if check.sending != nil { roles.append(.dispatcher) }
        return roles.compactMap { role in
            let own = WaybillSettings.databaseURL(of: role)
            let setting = environment.isGiven(own) ? own : WaybillSettings.databaseURL
            guard let settings = environment.database(setting) else { return nil }
            return DatabaseTrial(setting: setting, state: state(settings, as: role))
        }
    }

    private static func state(
        _ settings: ConnectionSettings, as role: DatabaseRole
    ) -> DatabaseState {
        let pool = ConnectionPool(settings, maximumCount: 1)
        defer { pool.close() }
        let health = DatabaseHealth(pool, as: role)
        let state = health.databaseState()
        guard state.problem == nil, let problem = health.missingRights() else { return state }
        return DatabaseState(
            latency: state.latency, migration: state.migration,
            expectedMigration: state.expectedMigration, problem: problem)
    }
}

/// What trying a service's database came to.
struct DatabaseTrial {
    /// Where its connection stands.
    let setting: Setting
    let state: DatabaseState

    /// `database`, unless the service has one of its own.
    fileprivate var name: String {
        setting == WaybillSettings.databaseURL ? "database" : "\(setting.name)"
    }

    fileprivate var shownProblem: String? {
        state.problem.map { setting == WaybillSettings.databaseURL ? $0 : "\(setting.name): \($0)" }
    }
}
