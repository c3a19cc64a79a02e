private import Foundation

import Domain
import Security
import Telemetry

extension Configuration {
    /// Reads all settings.
    ///
    /// - Throws: `ConfigurationError` with every problem at once.
    init(_ environment: Environment = Environment()) throws(ConfigurationError) {
        var environment = environment
        let databaseURL = environment.required(
            "DATABASE_URL", "set it to the responder's connection string, such as postgresql://…")
        let migrateURL = environment.text("MIGRATE_DATABASE_URL")
        let infobip = Infobip(&environment)
        let plivo = Plivo(&environment)
        if infobip == nil, plivo == nil, environment.problems.isEmpty {
            environment.report(
                "INFOBIP_WEBHOOK_PASSWORD",
                "no provider is configured, so every callback would be refused; set it with"
                    + " INFOBIP_WEBHOOK_USER, or INFOBIP_WEBHOOK_SECRET, or PLIVO_AUTH_TOKEN")
        }
        logLevel = environment.choice("LOG_LEVEL", default: .info)
        sockets = Sockets(
            directory: environment.text("WAYBILL_SOCKET_DIRECTORY") ?? "/run/waybill",
            group: environment.text("WAYBILL_SOCKET_GROUP"))
        limits = Limits(&environment)
        guard let databaseURL, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        self.databaseURL = Secret(databaseURL)
        migrateDatabaseURL = Secret(migrateURL ?? databaseURL)
        self.infobip = infobip
        self.plivo = plivo
    }
}

extension Configuration.Infobip {
    /// Nil if no method has a secret.
    fileprivate init?(_ environment: inout Environment) {
        // The guides' one secret proves itself in the header and by HMAC alike; settings of their
        // own take its place.
        let shared = environment.list("INFOBIP_WEBHOOK_SECRET")
        let headerSecrets = environment.list("INFOBIP_WEBHOOK_HEADER_SECRET")
        let hmacSecrets = environment.list("INFOBIP_HMAC_SECRET")
        let users = environment.list("INFOBIP_WEBHOOK_USER")
        let passwords = environment.list("INFOBIP_WEBHOOK_PASSWORD")
        var pairs = zip(users, passwords).map { ($0, $1) }
        if users.isEmpty != passwords.isEmpty {
            environment.report(
                users.isEmpty ? "INFOBIP_WEBHOOK_USER" : "INFOBIP_WEBHOOK_PASSWORD",
                "is not set, but the other half of the Basic credentials is")
        } else if users.count == 1 {
            pairs = passwords.map { (users[0], $0) }
        } else if users.count != passwords.count {
            environment.report(
                "INFOBIP_WEBHOOK_USER",
                "names \(users.count) users for \(passwords.count) passwords;"
                    + " give one user, or as many as there are passwords")
        }
        if let colon = users.first(where: { $0.contains(":") }) {
            environment.report(
                "INFOBIP_WEBHOOK_USER",
                "a user of \(colon.count) characters contains a colon, which Basic cannot carry")
        }
        header = environment.header("INFOBIP_WEBHOOK_HEADER", default: "X-Webhook-Secret")
        hmacHeader = environment.header("INFOBIP_HMAC_HEADER", default: "X-Hub-Signature")
        hmacAlgorithm = environment.choice("INFOBIP_HMAC_ALGORITHM", default: .sha256)
        basic = pairs.map { (Secret($0), Secret($1)) }
        self.headerSecrets = (headerSecrets.isEmpty ? shared : headerSecrets).map(Secret.init)
        self.hmacSecrets = (hmacSecrets.isEmpty ? shared : hmacSecrets).map(Secret.init)
        if basic.isEmpty, self.headerSecrets.isEmpty, self.hmacSecrets.isEmpty { return nil }
    }
}

extension Configuration.Plivo {
    /// Nil if no token is set.
    fileprivate init?(_ environment: inout Environment) {
        let baseURLs = environment.list("APP_BASE_URL")
        authID = environment.text("PLIVO_AUTH_ID")
        tokens = environment.list("PLIVO_AUTH_TOKEN").map(Secret.init)
        allowsV2 = environment.flag("PLIVO_ALLOW_SIGNATURE_V2", default: false)
        self.baseURLs = baseURLs.map { url in
            url.hasSuffix("/") ? String(url.dropLast()) : url
        }
        for url in baseURLs where !Self.isBaseURL(url) {
            environment.report(
                "APP_BASE_URL",
                "\"\(url)\" is not of the form https://host[:port]; it must be the public address"
                    + " that the providers call, without query or fragment")
        }
        guard !tokens.isEmpty else {
            if authID != nil {
                environment.report(
                    "PLIVO_AUTH_TOKEN", "is not set, but PLIVO_AUTH_ID is; signatures need it")
            }
            return nil
        }
        if baseURLs.isEmpty {
            environment.report(
                "APP_BASE_URL",
                "is not set; Plivo signs the public URL that it calls, such as"
                    + " https://sms.example.com")
        }
    }

    private static func isBaseURL(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme,
            let host = parts.host
        else { return false }
        return ["http", "https"].contains(scheme) && !host.isEmpty && parts.query == nil
            && parts.fragment == nil && parts.user == nil
    }
}

extension Configuration.Limits {
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
            "WAYBILL_WRITER_CONNECTIONS", default: 1, in: 1...8)
        commitDeadline = .milliseconds(
            environment.integer("WAYBILL_COMMIT_DEADLINE_MS", default: 4000, in: 100...60_000))
        poolSize = environment.integer("WAYBILL_POOL_SIZE", default: 4, in: 1...100)
        statementTimeout = .milliseconds(
            environment.integer("WAYBILL_STATEMENT_TIMEOUT_MS", default: 5000, in: 100...600_000))
        drainDeadline = .seconds(
            environment.integer("WAYBILL_DRAIN_SECONDS", default: 25, in: 1...600))
        callbackRetentionDays = environment.integer(
            "WAYBILL_CALLBACK_RETENTION_DAYS", default: 90, in: 3...3650)
    }
}

extension Environment {
    fileprivate mutating func header(_ name: String, default value: StaticString) -> HeaderName {
        let fallback = HeaderName("\(value)") ?? .authorization
        guard let text = text(name) else { return fallback }
        guard let header = HeaderName(text) else {
            report(name, "is not a header's name: letters, digits and hyphens")
            return fallback
        }
        return header
    }
}
