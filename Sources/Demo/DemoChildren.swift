import Foundation

/// How the demo starts the other commands of its own program, connected to each other.
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

    /// Callbacks are retried a hundred times as fast as the providers do it.
    private static let retryScale = "0.01"

    /// The responder behind nginx.
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
            // As for the dispatcher: callbacks are signed with the account that sent the message.
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
            // Lost answers and callbacks are recovered by polling within half a minute.
            environment["WAYBILL_SEND_TIMEOUT_SECONDS"] = "10"
            environment["PLIVO_SETTLE_SECONDS"] = "5"
            environment["WAYBILL_RECONCILE_SECONDS"] = "10,25,60,300,3600"
        } else {
            guard hasAccount else { return nil }
            // The demo's address cannot be reached from outside, so Infobip does not get it:
            // reports go to the account's own address, and the sweeper polls for them.
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
            // A demo is also for loads beyond the limits of a real account.
            "--infobip-logs-per-minute", "0", "--plivo-requests-per-5s", "0",
        ]
        return plan("simulator", arguments, environment, sockets.descriptors)
    }

    /// Whether the responder accepts the callbacks of the user's own account, and not those signed
    /// with the demo's secrets.
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
    /// address that the user has set, for example of a tunnel; it comes first, because the first
    /// one is sent to the provider.
    private var baseURLs: String {
        let own = simulates || !hasAccount ? nil : inherited["APP_BASE_URL"]
        return [own, url, "https://localhost:\(port)"].compactMap { $0 }.filter { !$0.isEmpty }
            .joined(separator: ",")
    }

    /// Removes settings of the user's own deployment, which must not affect the demo.
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
