import Domain
import Postgres
import Providers
import Telemetry

extension Configuration {
    /// Reads all settings.
    ///
    /// - Throws: `ConfigurationError` with every problem at once.
    init(_ environment: Environment = Environment()) throws(ConfigurationError) {
        var environment = environment
        let database = environment.database("DATABASE_URL")
        let apiDatabase = environment.apiDatabase()
        let before = environment.problems.count
        infobip = InfobipWebhook.Settings(&environment)
        plivo = PlivoWebhook.Settings(&environment)
        if infobip == nil, plivo == nil, environment.problems.count == before {
            environment.report(
                "INFOBIP_WEBHOOK_PASSWORD",
                "no provider is configured, so every callback would be refused; set it with"
                    + " INFOBIP_WEBHOOK_USER, or INFOBIP_WEBHOOK_SECRET, or PLIVO_AUTH_TOKEN")
        }
        _ = environment.publicAddresses()
        routing = environment.routing()
        logLevel = environment.logLevel()
        sockets = Sockets(
            directory: environment.text("WAYBILL_SOCKET_DIRECTORY") ?? "/run/waybill",
            group: environment.text("WAYBILL_SOCKET_GROUP"))
        limits = Limits(&environment)
        environment.checkWatchdog(commitDeadline: limits.commitDeadline)
        guard let database, let apiDatabase, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.database = database
        self.apiDatabase = apiDatabase
    }

    /// Whether there is a secret by which callbacks are authenticated.
    static func hasSecret(_ environment: Environment) -> Bool {
        [
            "INFOBIP_WEBHOOK_PASSWORD", "INFOBIP_WEBHOOK_SECRET", "INFOBIP_WEBHOOK_HEADER_SECRET",
            "INFOBIP_HMAC_SECRET", "INFOBIP_WEBHOOK_URL_SECRET", "PLIVO_AUTH_TOKEN",
        ].contains(where: environment.isGiven)
    }
}

extension Environment {
    /// How much is logged.
    mutating func logLevel() -> Logger.Level {
        // The guides' programs log with pino or winston, whose words these are.
        choice(
            "LOG_LEVEL", default: .info,
            synonyms: ["trace": .debug, "verbose": .debug, "warn": .warning, "fatal": .error])
    }

    /// A connection that must be configured.
    mutating func database(_ name: String) -> ConnectionSettings? {
        guard let text = required(name, "set it to a connection string such as postgresql://…")
        else { return nil }
        guard !Self.splitsPassword(text) else {
            report(
                name,
                "holds an @ or a / in its user or password, which libpq takes for the end of it;"
                    + " write %40 and %2F")
            return nil
        }
        do {
            return try ConnectionSettings(text)
        } catch {
            report(name, "is no connection string that libpq understands")
            return nil
        }
    }

    /// Whether libpq would take a part of the password for the host, the port or the database's
    /// name, which are shown.
    private static func splitsPassword(_ text: String) -> Bool {
        guard
            let prefix = ["postgresql://", "postgres://"].first(where: text.hasPrefix)
        else { return false }
        let rest = text.dropFirst(prefix.count)
        // Where libpq ends the user and the password.
        guard let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }) else { return false }
        return rest[rest.index(after: end)...].prefix { $0 != "?" }.contains("@")
    }

    /// The API's connections: a database that hangs must not hold its workers for longer than
    /// nginx waits, nor the watchdog's question behind them. Problems are reported by `database`.
    fileprivate mutating func apiDatabase() -> ConnectionSettings? {
        let before = problems
        defer { problems = before }
        guard let text = text("DATABASE_URL") else { return nil }
        return try? ConnectionSettings(text, responseTimeout: .seconds(3))
    }

    /// The migrations' connection: `MIGRATE_DATABASE_URL`, or else `DATABASE_URL`.
    mutating func migrationDatabase() -> ConnectionSettings? {
        let name = "MIGRATE_DATABASE_URL"
        let before = problems.count
        if text(name) != nil { return database(name) }
        return problems.count == before ? database("DATABASE_URL") : nil
    }
}

extension Environment {
    /// systemd's watchdog must outlast a check that is merely slow: the self-check may wait 5 s for
    /// its answer, and a commit for its deadline, twice each.
    fileprivate mutating func checkWatchdog(commitDeadline: Duration) {
        guard let text = text("WATCHDOG_USEC"), let microseconds = Int64(text), microseconds > 0
        else { return }
        let least = (commitDeadline + .seconds(5)) * 2
        guard .microseconds(microseconds) < least else { return }
        report(
            "WATCHDOG_USEC",
            "is \(Duration.microseconds(microseconds)); with WAYBILL_COMMIT_DEADLINE_MS of"
                + " \(commitDeadline) WatchdogSec= of the unit must be at least \(least)")
    }
}

extension Configuration.Limits {
    /// Plivo hangs up after 8 s, and an answer must be on its way a second before. nginx gives up
    /// after 10 s, and a writer that hangs is known (after twice this and 5 s) before systemd's
    /// watchdog would notice (30 s).
    static let commitDeadlineMilliseconds = 100...7_000

    fileprivate init(_ environment: inout Environment) {
        callbackWorkers = environment.integer("WAYBILL_CALLBACK_WORKERS", default: 2, in: 1...64)
        apiWorkers = environment.integer("WAYBILL_API_WORKERS", default: 4, in: 1...64)
        maxConnections = environment.integer(
            "WAYBILL_MAX_CONNECTIONS", default: 1024, in: 8...20_000)
        maxInFlight = environment.integer(
            "WAYBILL_MAX_IN_FLIGHT", default: 1024, in: 1...20_000)
        writerQueueReports = environment.integer(
            "WAYBILL_WRITER_QUEUE_REPORTS", default: 20_000, in: 100...1_000_000)
        writerConnections = environment.integer(
            "WAYBILL_WRITER_CONNECTIONS", default: 2, in: 1...8)
        commitDeadline = .milliseconds(
            environment.integer(
                "WAYBILL_COMMIT_DEADLINE_MS", default: 4000, in: Self.commitDeadlineMilliseconds))
        poolSize = environment.integer("WAYBILL_POOL_SIZE", default: 4, in: 1...100)
        drainDeadline = .seconds(
            environment.integer("WAYBILL_DRAIN_SECONDS", default: 25, in: 1...600))
        callbackRetentionDays = environment.integer(
            "WAYBILL_CALLBACK_RETENTION_DAYS", default: 90, in: 3...3650)
    }
}
