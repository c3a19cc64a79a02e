import Domain
import Postgres
import Providers
import Security
import Sending
import Telemetry

extension SendingConfiguration {
    /// Reads all settings of `waybill dispatch`.
    ///
    /// - Throws: `ConfigurationError` with every problem at once.
    init(_ environment: Environment = Environment()) throws(ConfigurationError) {
        var environment = environment
        let database = environment.database("DATABASE_URL")
        let before = environment.problems.count
        let bases = environment.publicAddresses()
        infobip = InfobipSending.Settings(&environment, callbackBase: bases.first)
        plivo = PlivoSending.Settings(&environment, callbackBase: bases.first)
        if infobip == nil, plivo == nil, environment.problems.count == before {
            environment.report(
                "INFOBIP_API_KEY",
                "no provider can be sent through; set it with INFOBIP_BASE_URL, or PLIVO_AUTH_ID"
                    + " with PLIVO_AUTH_TOKEN")
        }
        infobipLimits = Limits(
            &environment, .infobip, rate: nil, concurrency: 4, batch: 500)
        plivoLimits = Limits(&environment, .plivo, rate: 50, concurrency: 8, batch: 100)
        common = Dispatcher.Settings(&environment)
        _ = environment.routing()
        logLevel = environment.logLevel()
        guard let database, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.database = database
    }

    /// The providers that can be sent through as far as secrets go.
    static func providersWithSecrets(_ environment: Environment) -> Set<Provider> {
        var providers: Set<Provider> = []
        if environment.isGiven("INFOBIP_API_KEY") { providers.insert(.infobip) }
        // The token alone is for receiving.
        if environment.isGiven("PLIVO_AUTH_ID"), environment.isGiven("PLIVO_AUTH_TOKEN") {
            providers.insert(.plivo)
        }
        return providers
    }

    /// A lane that waits for longer than this counts as stuck, and a stop as long as this and the
    /// writing behind it must end within the unit's TimeoutStopSec of 60 s.
    static let sendTimeoutSeconds = 1...40
}

extension InfobipSending.Settings {
    fileprivate init?(_ environment: inout Environment, callbackBase: String?) {
        let version = environment.choice("INFOBIP_API_VERSION", default: InfobipSending.Version.v3)
        let secrets = environment.list("INFOBIP_WEBHOOK_URL_SECRET")
        let baseURL = environment.providerURL("INFOBIP_BASE_URL")
        let batch = environment.integer("INFOBIP_BATCH_LIMIT", default: 500, in: 1...1000)
        guard let key = environment.text("INFOBIP_API_KEY").flatMap({ Secret($0) }) else {
            if baseURL != nil {
                environment.report("INFOBIP_API_KEY", "is not set, but INFOBIP_BASE_URL is")
            }
            return nil
        }
        guard let baseURL else {
            if environment.text("INFOBIP_BASE_URL") == nil {
                environment.report(
                    "INFOBIP_BASE_URL",
                    "is not set, but INFOBIP_API_KEY is; the account's own address, such as"
                        + " xxxxx.api.infobip.com")
            }
            return nil
        }
        // A message's own URL takes the place of the account's subscription and is called without
        // its credentials: without a secret in the URL nobody could authenticate the reports.
        let secret = secrets.first.flatMap { Secret($0) }
        let callbackURL =
            if let callbackBase, let secret {
                InfobipWebhook.callbackURL(base: callbackBase, secret: secret)
            } else { String?.none }
        self.init(
            version: version, baseURL: baseURL, apiKey: key,
            callbackURL: callbackURL,
            batchLimit: batch)
    }
}

extension PlivoSending.Settings {
    fileprivate init?(_ environment: inout Environment, callbackBase: String?) {
        let baseURL = environment.providerURL("PLIVO_BASE_URL")
        let settle = environment.integer("PLIVO_SETTLE_SECONDS", default: 600, in: 0...86_400)
        // Version 2 does not sign the recipient, so a call's URL would not be authenticated.
        let allowsV2 = environment.flag("PLIVO_ALLOW_SIGNATURE_V2", default: false)
        let batch = environment.integer("PLIVO_BATCH_LIMIT", default: 100, in: 1...1000)
        let sender = environment.text("PLIVO_SENDER")
        let powerpack = environment.text("PLIVO_POWERPACK_UUID")
        let tokens = environment.secrets("PLIVO_AUTH_TOKEN")
        guard let id = environment.text("PLIVO_AUTH_ID") else {
            if sender != nil || powerpack != nil {
                environment.report(
                    "PLIVO_AUTH_ID",
                    "is not set, but \(sender == nil ? "PLIVO_POWERPACK_UUID" : "PLIVO_SENDER") is")
            }
            return nil
        }
        guard let token = tokens.first.flatMap({ Secret($0) }) else {
            if environment.text("PLIVO_AUTH_TOKEN") == nil {
                environment.report("PLIVO_AUTH_TOKEN", "is not set, but PLIVO_AUTH_ID is")
            }
            return nil
        }
        if callbackBase == nil {
            environment.report(
                "APP_BASE_URL",
                "is not set; Plivo must be told where to report, such as https://sms.example.com")
        }
        self.init(
            baseURL: baseURL ?? "https://api.plivo.com", authID: id, authToken: token,
            callbackBaseURL: callbackBase, powerpackUUID: powerpack, defaultSender: sender,
            settleDelay: .seconds(settle), batchLimit: allowsV2 ? 1 : batch)
    }
}

extension SendingConfiguration.Limits {
    fileprivate init(
        _ environment: inout Environment, _ provider: Provider, rate: Double?, concurrency: Int,
        batch: Int
    ) {
        let prefix = provider.rawValue.uppercased()
        self.rate = environment.rate("\(prefix)_RATE", default: rate)
        self.concurrency = environment.integer(
            "\(prefix)_CONCURRENCY", default: concurrency, in: 1...64)
        self.batch = environment.integer("\(prefix)_BATCH_LIMIT", default: batch, in: 1...1000)
        let slots = environment.durations("WAYBILL_RECONCILE_SECONDS")
        reconcile = slots.isEmpty ? ReconcileSchedule.usualSlots(of: provider) : slots
    }
}

extension Dispatcher.Settings {
    fileprivate init(_ environment: inout Environment) {
        self.init()
        sendTimeout = .seconds(
            environment.integer(
                "WAYBILL_SEND_TIMEOUT_SECONDS", default: 30,
                in: SendingConfiguration.sendTimeoutSeconds))
        maxAttempts = environment.integer("WAYBILL_SEND_MAX_ATTEMPTS", default: 10, in: 1...100)
        isFailoverOn = environment.flag("WAYBILL_FAILOVER", default: true)
        slow = .seconds(environment.integer("WAYBILL_SLOW_SECONDS", default: 10, in: 1...120))
    }
}

extension Environment {
    /// A provider's address, with its scheme. Keys travel there, so it takes https, but for a
    /// simulator on this machine.
    fileprivate mutating func providerURL(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        let url = text.contains("://") ? text : "https://" + text
        if let problem = HTTPAddress.problem(of: url) {
            report(
                name,
                "\"\(HTTPAddress.shown(text))\" is not of the form host or https://host[:port]:"
                    + " it \(problem)")
            return nil
        }
        guard url.hasPrefix("https://") || HTTPAddress.isLoopback(url) else {
            report(name, "takes https; plain http would show the key to everybody on the way")
            return nil
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    /// Messages a second; `none` for no limit.
    fileprivate mutating func rate(_ name: String, default value: Double?) -> Double? {
        guard let text = text(name) else { return value }
        if text.lowercased() == "none" { return nil }
        guard let number = Double(text), (0.01...100_000).contains(number) else {
            report(name, "takes messages a second, from 0.01 to 100000, or none")
            return value
        }
        return number
    }

    fileprivate mutating func durations(_ name: String) -> [Duration] {
        let values = list(name).map { Int($0) }
        guard values.allSatisfy({ $0.map { (1...2_592_000).contains($0) } ?? false }) else {
            report(name, "takes whole numbers of seconds from 1 to 2592000")
            return []
        }
        return values.compactMap { $0.map { .seconds($0) } }
    }
}
