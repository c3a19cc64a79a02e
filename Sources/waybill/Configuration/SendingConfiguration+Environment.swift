import Domain
import Postgres
import Providers
import Sending
import Settings
import Telemetry

extension SendingConfiguration {
    /// Reads all settings of `waybill dispatch`.
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
        let database = environment.databaseOrUsual(WaybillSettings.dispatchDatabaseURL)
        let bases = environment.publicAddresses()
        self.kits = kits
        sending = kits.sending(
            &environment, callbackBase: bases.first,
            reconcile: environment.durations(WaybillSettings.reconcileSeconds(of: kits)))
        common = Dispatcher.Settings(&environment)
        _ = environment.routing(among: kits)
        optOuts = environment.optOutRules(of: kits)
        logLevel = environment.choice(WaybillSettings.logLevel)
        guard let database, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.database = database
    }
}

extension SendingConfiguration.Limits {
    init(
        _ environment: inout Environment, _ settings: LaneSettings, reconcile: [Duration]
    ) {
        rate = environment.rate(settings.rate)
        concurrency = environment.integer(settings.concurrency)
        batch = environment.integer(settings.batchLimit)
        self.reconcile = reconcile
    }
}

extension Dispatcher.Settings {
    fileprivate init(_ environment: inout Environment) {
        self.init()
        sendTimeout = .seconds(environment.integer(WaybillSettings.sendTimeoutSeconds))
        maxAttempts = environment.integer(WaybillSettings.sendMaxAttempts)
        isFailoverOn = environment.flag(WaybillSettings.failover)
        slow = .seconds(environment.integer(WaybillSettings.slowSeconds))
    }
}
