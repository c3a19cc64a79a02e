import Domain
import Postgres
import Settings
import Telemetry
import Webhooks

/// All settings of the deliverer, checked as a whole before anything starts.
struct DeliveryConfiguration {
    let database: ConnectionSettings
    let deliverer: DelivererSettings
    /// That of the egress proxy.
    let socket: String
    let logLevel: Logger.Level

    /// Reads all settings of `waybill deliver`.
    ///
    /// - Throws: `ConfigurationError` with every problem at once.
    init(_ environment: Environment = Environment()) throws(ConfigurationError) {
        var environment = environment
        try self.init(reading: &environment)
    }

    /// The same; the environment keeps what was read.
    init(reading environment: inout Environment) throws(ConfigurationError) {
        let database = environment.databaseOrUsual(WaybillSettings.deliverDatabaseURL)
        var deliverer = DelivererSettings(userAgent: "waybill/\(Version.current)")
        deliverer.rules = environment.egressRules()
        deliverer.timeout = .seconds(environment.integer(WaybillSettings.webhookTimeoutSeconds))
        socket = environment.text(WaybillSettings.egressSocket) ?? ""
        logLevel = environment.choice(WaybillSettings.logLevel)
        guard let database, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.database = database
        self.deliverer = deliverer
    }

    /// How long a stop may take: the attempts under way, and recording their results.
    var drainDeadline: Duration { deliverer.timeout + .seconds(10) }
}

extension Environment {
    /// The hosts that messages may name.
    mutating func webhookHosts(_ rules: EgressRules) -> Set<String> {
        var hosts: Set<String> = []
        for text in list(WaybillSettings.webhookHosts) {
            // The scheme decides only which port is usual.
            if let url = try? WebhookURL("https://\(text)/", allowsHTTP: false), url.target == "/" {
                hosts.insert(url.authority)
            } else {
                report(
                    WaybillSettings.webhookHosts,
                    "takes hosts as in example.com or example.com:8443")
            }
        }
        return hosts
    }

    /// Where webhooks may lead.
    mutating func egressRules() -> EgressRules {
        let allowsHTTP = flag(WaybillSettings.webhookAllowHTTP)
        var networks: [IPNetwork] = []
        for text in list(WaybillSettings.webhookNetworks) {
            if let network = IPNetwork(text) {
                networks.append(network)
            } else {
                report(
                    WaybillSettings.webhookNetworks, "takes \(IPNetwork.rule), and \(text) is none")
            }
        }
        return EgressRules(allowsHTTP: allowsHTTP, networks: networks)
    }
}
