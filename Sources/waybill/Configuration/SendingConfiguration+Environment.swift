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
    init(_ environment: Environment = Environment()) throws(ConfigurationError) {
        var environment = environment
        try self.init(reading: &environment)
    }

    /// The same, and leaves in the environment what was read.
    init(reading environment: inout Environment) throws(ConfigurationError) {
        let database = environment.database(WaybillSettings.databaseURL)
        let before = environment.problems.count
        let bases = environment.publicAddresses()
        infobip = InfobipSending.Settings(&environment, callbackBase: bases.first)
        plivo = PlivoSending.Settings(&environment, callbackBase: bases.first)
        if infobip == nil, plivo == nil, environment.problems.count == before {
            environment.report(
                InfobipSettings.apiKey,
                "no provider can be sent through; set it with INFOBIP_BASE_URL, or PLIVO_AUTH_ID"
                    + " with PLIVO_AUTH_TOKEN")
        }
        let times = environment.durations(WaybillSettings.reconcileSeconds)
        infobipLimits = Limits(
            &environment, InfobipSettings.lane,
            reconcile: times.isEmpty ? ReconcileSchedule.usualSlots(of: .infobip) : times)
        plivoLimits = Limits(
            &environment, PlivoSettings.lane,
            reconcile: times.isEmpty ? ReconcileSchedule.usualSlots(of: .plivo) : times)
        common = Dispatcher.Settings(&environment)
        _ = environment.routing()
        logLevel = environment.choice(WaybillSettings.logLevel)
        guard let database, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.database = database
    }

    /// The providers that can be sent through as far as secrets go.
    static func providersWithSecrets(_ environment: Environment) -> Set<Provider> {
        var providers: Set<Provider> = []
        if environment.isGiven(InfobipSettings.apiKey) { providers.insert(.infobip) }
        // The token alone is for receiving.
        if environment.isGiven(PlivoSettings.authID), environment.isGiven(PlivoSettings.authToken) {
            providers.insert(.plivo)
        }
        return providers
    }
}

extension SendingConfiguration.Limits {
    fileprivate init(
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
