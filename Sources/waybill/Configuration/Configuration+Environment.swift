import Domain
import Postgres
import Settings
import Telemetry

extension Configuration {
    /// Reads all settings of `waybill serve`.
    ///
    /// - Throws: `ConfigurationError` with every problem at once.
    init(
        _ environment: Environment = Environment(), kits: ProviderKits = .all
    ) throws(ConfigurationError) {
        var environment = environment
        try self.init(reading: &environment, kits: kits)
    }

    /// The same; the environment keeps what was read.
    init(
        reading environment: inout Environment, kits: ProviderKits = .all
    ) throws(ConfigurationError) {
        let database = environment.database(WaybillSettings.databaseURL)
        // A database that hangs must not block the API's workers for longer than nginx waits, nor
        // the watchdog's request behind them.
        let apiDatabase = environment.silently {
            $0.database(WaybillSettings.databaseURL, responseTimeout: .seconds(3))
        }
        self.kits = kits
        receiving = kits.receiving(&environment)
        _ = environment.publicAddresses()
        routing = environment.routing(among: kits)
        corsOrigins = environment.origins(WaybillSettings.corsOrigins)
        singleSignOn = environment.singleSignOn()
        sessions = SessionPolicy(&environment)
        logLevel = environment.choice(WaybillSettings.logLevel)
        sockets = Sockets(&environment)
        spool = environment.spool()
        optOuts = environment.optOutRules(of: kits)
        answers = (
            environment.text(WaybillSettings.optOutConfirmation),
            environment.text(WaybillSettings.helpAnswer)
        )
        egress = environment.egressRules()
        webhookHosts = environment.webhookHosts(egress)
        limits = Limits(&environment, hasSpool: spool != nil)
        environment.checkWatchdog(commitDeadline: limits.commitDeadline)
        guard let database, let apiDatabase, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.database = database
        self.apiDatabase = apiDatabase
    }
}

extension Environment {
    /// systemd's watchdog must outlast a check that is only slow: the self-check may wait 5 s for
    /// its answer, and a commit for its deadline, twice each.
    fileprivate mutating func checkWatchdog(commitDeadline: Duration) {
        let watchdog = WaybillSettings.watchdog
        guard let text = text(watchdog), let microseconds = Int64(text), microseconds > 0
        else { return }
        let least = (commitDeadline + .seconds(5)) * 2
        guard .microseconds(microseconds) < least else { return }
        report(
            watchdog,
            "is \(Duration.microseconds(microseconds)); with"
                + " \(WaybillSettings.commitDeadline.name) of \(commitDeadline) WatchdogSec= of the"
                + " unit must be at least \(least)")
    }
}

extension Environment {
    fileprivate mutating func spool() -> Configuration.Spool? {
        let limit = integer(WaybillSettings.spoolBytes)
        let mode: SpoolState.Mode = choice(WaybillSettings.spoolMode)
        let window = Duration.seconds(integer(WaybillSettings.spoolWindow))
        guard let directory = text(WaybillSettings.spoolDirectory) else {
            if mode == .always {
                report(
                    WaybillSettings.spoolMode,
                    "is always; set \(WaybillSettings.spoolDirectory.name), too")
            }
            return nil
        }
        guard directory.hasPrefix("/") else {
            report(WaybillSettings.spoolDirectory, "must be an absolute path")
            return nil
        }
        return Configuration.Spool(
            directory: directory, limitBytes: limit, mode: mode, window: window)
    }
}

extension Configuration.Sockets {
    fileprivate init(_ environment: inout Environment) {
        directory = environment.socketDirectory()
        group = environment.text(WaybillSettings.socketGroup)
    }
}

extension Environment {
    /// How long messages are kept; nil for good.
    mutating func ledgerRetentionDays() -> Int? {
        let days = integer(WaybillSettings.ledgerRetentionDays)
        if days == 1 || days == 2 {
            report(
                WaybillSettings.ledgerRetentionDays,
                "must be 0 or at least 3: a provider repeats a callback for two days")
        }
        return days == 0 ? nil : days
    }

    /// The folder for sockets that systemd does not pass to us.
    mutating func socketDirectory() -> String {
        // The entry has a default.
        text(WaybillSettings.socketDirectory) ?? ""
    }
}

extension Configuration.Limits {
    /// With a spool a callback is safe elsewhere, so that nobody need wait for a database that does
    /// not answer: with the time that the spool takes, under two seconds.
    private static let deadlineWithSpool: Duration = .milliseconds(1500)

    fileprivate init(_ environment: inout Environment, hasSpool: Bool) {
        callbackWorkers = environment.integer(WaybillSettings.callbackWorkers)
        apiWorkers = environment.integer(WaybillSettings.apiWorkers)
        maxConnections = environment.integer(WaybillSettings.maxConnections)
        maxInFlight = environment.integer(WaybillSettings.maxInFlight)
        maxStreams = environment.integer(WaybillSettings.maxStreams)
        writerQueueReports = environment.integer(WaybillSettings.writerQueueReports)
        writerConnections = environment.integer(WaybillSettings.writerConnections)
        let deadline = Duration.milliseconds(environment.integer(WaybillSettings.commitDeadline))
        let isSet = environment.isGiven(WaybillSettings.commitDeadline)
        commitDeadline = hasSpool && !isSet ? Self.deadlineWithSpool : deadline
        poolSize = environment.integer(WaybillSettings.poolSize)
        drainDeadline = .seconds(environment.integer(WaybillSettings.drainSeconds))
        observedPerHour = environment.integer(WaybillSettings.quarantineObserve)
        callbackRetentionDays = environment.integer(WaybillSettings.callbackRetentionDays)
        ledgerRetentionDays = environment.ledgerRetentionDays()
        auditRetentionDays = environment.integer(WaybillSettings.auditRetentionDays)
        inboundRetentionDays = environment.integer(WaybillSettings.inboundRetentionDays)
    }
}
