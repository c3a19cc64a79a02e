import Foundation

/// How the demo starts its own program's other commands, wired to each other.
struct DemoChildren {
    let directory: DemoDirectory
    let secrets: DemoSecrets
    let databaseURL: String
    let url: String
    let port: UInt16
    let simulates: Bool
    /// The variables of the demo's own process.
    let inherited: [String: String]

    var simulatorURL: String { "http://127.0.0.1:\(secrets.simulatorPort)" }

    /// The callbacks' retries come a hundred times as fast as the providers'.
    private static let retryScale = "0.01"

    /// Answers nginx.
    ///
    /// - Parameters:
    ///   - sockets: its three.
    ///   - notify: where it says that it is ready.
    /// - Returns: how it is started.
    func responder(_ sockets: DemoSockets, notify: String) -> DemoChild.Plan {
        var environment = bare
        environment["DATABASE_URL"] = databaseURL
        environment["APP_BASE_URL"] = baseURLs
        if acceptsInfobipAccount {
            inherit(Self.infobipWebhookPrefixes, into: &environment)
        } else {
            environment["INFOBIP_WEBHOOK_USER"] = secrets.infobipUser
            environment["INFOBIP_WEBHOOK_PASSWORD"] = secrets.infobipPassword
            environment["INFOBIP_WEBHOOK_HEADER_SECRET"] = secrets.infobipHeaderSecret
            environment["INFOBIP_HMAC_SECRET"] = secrets.infobipHMACSecret
            environment["INFOBIP_WEBHOOK_URL_SECRET"] = secrets.infobipURLSecret
        }
        if acceptsPlivoAccount {
            // As the dispatcher: what it sends is signed by the account that it sends through.
            inherit(["PLIVO_AUTH_", "PLIVO_ALLOW_"], into: &environment)
        } else {
            environment["PLIVO_AUTH_ID"] = secrets.plivoAuthID
            environment["PLIVO_AUTH_TOKEN"] = secrets.plivoAuthToken
        }
        environment["WAYBILL_DEFAULT_PROVIDER"] = defaultProvider
        environment["NOTIFY_SOCKET"] = notify
        return plan("responder", ["serve"], environment, sockets.descriptors)
    }

    /// Sends through the simulator, or through the user's own accounts; nil if there is neither.
    var dispatch: DemoChild.Plan? {
        var environment = bare
        environment["DATABASE_URL"] = databaseURL
        environment["APP_BASE_URL"] = baseURLs
        environment["WAYBILL_DEFAULT_PROVIDER"] = defaultProvider
        if simulates {
            environment["INFOBIP_WEBHOOK_URL_SECRET"] = secrets.infobipURLSecret
            environment["INFOBIP_API_KEY"] = secrets.infobipAPIKey
            environment["INFOBIP_BASE_URL"] = simulatorURL
            environment["PLIVO_AUTH_ID"] = secrets.plivoAuthID
            environment["PLIVO_AUTH_TOKEN"] = secrets.plivoAuthToken
            environment["PLIVO_BASE_URL"] = simulatorURL
            environment["PLIVO_SENDER"] = "12025550123"
            // Lost answers and callbacks are missed and asked for within half a minute.
            environment["WAYBILL_SEND_TIMEOUT_SECONDS"] = "10"
            environment["PLIVO_SETTLE_SECONDS"] = "5"
            environment["WAYBILL_RECONCILE_SECONDS"] = "10,25,60,300,3600"
        } else {
            guard hasAccount else { return nil }
            // Nobody outside reaches this machine by the demo's address, so Infobip is not told of
            // it: reports go where the account's own do, and the sweeper asks for them.
            inherit(
                ["INFOBIP_", "PLIVO_"], except: Self.infobipWebhookPrefixes, into: &environment)
        }
        return plan("dispatch", ["dispatch"], environment)
    }

    /// Plays both providers.
    func simulator(_ sockets: DemoSockets) -> DemoChild.Plan {
        var environment = bare
        environment["INFOBIP_API_KEY"] = secrets.infobipAPIKey
        environment["INFOBIP_WEBHOOK_USER"] = secrets.infobipUser
        environment["INFOBIP_WEBHOOK_PASSWORD"] = secrets.infobipPassword
        environment["INFOBIP_HMAC_SECRET"] = secrets.infobipHMACSecret
        environment["PLIVO_AUTH_ID"] = secrets.plivoAuthID
        environment["PLIVO_AUTH_TOKEN"] = secrets.plivoAuthToken
        let arguments = [
            "simulate", "--relay", simulatorURL + "/callbacks-out", "--retry-scale",
            Self.retryScale, "--infobip-callback-url", url + "/callbacks/infobip",
            // A demo is also for loads that no account would bear.
            "--infobip-logs-per-minute", "0", "--plivo-requests-per-5s", "0",
        ]
        return plan("simulator", arguments, environment, sockets.descriptors)
    }

    /// Whether the responder accepts the callbacks of the user's own account, and not those that
    /// the demo's secrets sign.
    var acceptsPlivoAccount: Bool {
        !simulates && isSet("PLIVO_AUTH_ID") && isSet("PLIVO_AUTH_TOKEN")
    }

    /// The same for Infobip, whose callbacks have secrets of their own.
    var acceptsInfobipAccount: Bool {
        !simulates
            && [
                "INFOBIP_WEBHOOK_PASSWORD", "INFOBIP_WEBHOOK_SECRET",
                "INFOBIP_WEBHOOK_HEADER_SECRET", "INFOBIP_HMAC_SECRET",
                "INFOBIP_WEBHOOK_URL_SECRET",
            ].contains(where: isSet)
    }

    private static let infobipWebhookPrefixes = ["INFOBIP_WEBHOOK_", "INFOBIP_HMAC_"]

    private func inherit(
        _ prefixes: [String], except others: [String] = [],
        into environment: inout [String: String]
    ) {
        for (name, value) in inherited
        where prefixes.contains(where: name.hasPrefix) && !others.contains(where: name.hasPrefix) {
            environment[name] = value
        }
    }

    private var hasAccount: Bool {
        isSet("INFOBIP_API_KEY") || isSet("PLIVO_AUTH_ID") && isSet("PLIVO_AUTH_TOKEN")
    }

    private func isSet(_ name: String) -> Bool {
        [name, name + "_FILE"].contains { !(inherited[$0] ?? "").isEmpty }
    }

    private var defaultProvider: String {
        simulates || isSet("INFOBIP_API_KEY") || !hasAccount ? "infobip" : "plivo"
    }

    /// Both names are in the certificate, and users type either. An account's callbacks come to the
    /// address that its user has set, if by a tunnel; it is the first, which is told to the
    /// provider.
    private var baseURLs: String {
        let own = simulates || !hasAccount ? nil : inherited["APP_BASE_URL"]
        return [own, url, "https://localhost:\(port)"].compactMap { $0 }.filter { !$0.isEmpty }
            .joined(separator: ",")
    }

    /// What the demo's user has set for a deployment of their own must not leak in.
    private var bare: [String: String] {
        inherited.filter { name, _ in
            !["WAYBILL_", "INFOBIP_", "PLIVO_", "PG", "LISTEN_"].contains(where: name.hasPrefix)
                && !["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].contains(name)
        }
    }

    private func plan(
        _ name: String, _ arguments: [String], _ environment: [String: String],
        _ sockets: [Int32] = []
    ) -> DemoChild.Plan {
        DemoChild.Plan(
            name: name,
            program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
            arguments: arguments, environment: environment,
            log: "\(directory.logs)/\(name).log", sockets: sockets)
    }
}
