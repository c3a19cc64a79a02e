import Domain
import Foundation
import Providers
import Settings
import Settings

/// How the demo starts the other commands of its own program, connected to each other.
struct DemoChildren {
    let directory: DemoDirectory
    let secrets: DemoSecrets
    let databaseURL: String
    let dispatchDatabaseURL: String
    let deliverDatabaseURL: String
    let url: String
    let port: UInt16
    let simulates: Bool
    /// The providers that the program knows.
    let kits: [any ProviderKit]
    /// The variables of the demo's own process.
    let inherited: [String: String]

    var simulatorURL: String { "http://127.0.0.1:\(secrets.simulatorPort)" }

    /// Callbacks are retried a hundred times as fast as the providers do it.
    private static let retryScale = "0.01"

    /// Less than in production: the demo may run in a small folder.
    private static let spoolBytes = "268435456"

    /// The responder behind nginx.
    ///
    /// - Parameters:
    ///   - sockets: its three.
    ///   - notify: where it reports that it is ready.
    /// - Returns: how it is started.
    func responder(_ sockets: DemoSockets, notify: String) -> DemoChild.Plan {
        var environment = bare
        environment["DATABASE_URL"] = databaseURL
        environment["APP_BASE_URL"] = baseURLs
        for demo in kits.compactMap(\.demo) {
            if acceptsAccount(demo) {
                inherit(demo.receivingPrefixes, into: &environment)
            } else {
                environment.merge(demo.responder(secrets.providers)) { $1 }
            }
        }
        environment["WAYBILL_DEFAULT_PROVIDER"] = defaultProvider
        environment["WAYBILL_SPOOL_DIRECTORY"] = directory.spool
        environment["WAYBILL_SPOOL_BYTES"] = Self.spoolBytes
        inherit(
            ["WAYBILL_CORS_ORIGINS", "WAYBILL_QUARANTINE_OBSERVE", "WAYBILL_SPOOL"],
            into: &environment)
        environment.merge(webhookRules) { $1 }
        environment["NOTIFY_SOCKET"] = notify
        return plan("responder", ["serve"], environment, sockets.descriptors)
    }

    /// Sends through the simulator, or through the user's own accounts; nil with neither.
    var dispatch: DemoChild.Plan? {
        var environment = bare
        environment["DISPATCH_DATABASE_URL"] = dispatchDatabaseURL
        environment["APP_BASE_URL"] = baseURLs
        environment["WAYBILL_DEFAULT_PROVIDER"] = defaultProvider
        if simulates {
            for demo in kits.compactMap(\.demo) {
                environment.merge(demo.dispatcher(secrets.providers, simulatorURL)) { $1 }
            }
            // Lost answers and callbacks are recovered by polling within half a minute.
            environment["WAYBILL_SEND_TIMEOUT_SECONDS"] = "10"
            environment["WAYBILL_RECONCILE_SECONDS"] = "10,25,60,300,3600"
        } else {
            guard !accounts.isEmpty else { return nil }
            for kit in kits {
                let hidden = kit.demo.map { $0.hidesReceiving ? $0.receivingPrefixes : [] } ?? []
                inherit([kit.settingPrefix], except: hidden, into: &environment)
            }
        }
        return plan("dispatch", ["dispatch"], environment)
    }

    /// Sends events to webhooks, through the demo's egress proxy.
    var deliver: DemoChild.Plan {
        var environment = bare
        environment["DELIVER_DATABASE_URL"] = deliverDatabaseURL
        environment["WAYBILL_EGRESS_SOCKET"] = DemoEgress(directory).socket
        environment.merge(webhookRules) { $1 }
        return plan("deliver", ["deliver"], environment)
    }

    /// Receivers on this machine may be tried, by plain HTTP.
    private var webhookRules: [String: String] {
        var rules = [
            "WAYBILL_WEBHOOK_ALLOW_HTTP": "true", "WAYBILL_WEBHOOK_NETWORKS": "127.0.0.0/8,::1",
        ]
        inherit(["WAYBILL_WEBHOOK_"], into: &rules)
        return rules
    }

    /// Simulates the providers.
    func simulator(_ sockets: DemoSockets) -> DemoChild.Plan {
        var environment = bare
        var arguments = [
            "simulate", "--relay", simulatorURL + "/callbacks-out", "--retry-scale",
            Self.retryScale,
        ]
        for simulation in kits.compactMap({ $0.demo?.simulator }) {
            environment.merge(simulation.environment(secrets.providers)) { $1 }
            arguments += simulation.arguments(url)
        }
        return plan("simulator", arguments, environment, sockets.descriptors)
    }

    /// Whether the responder accepts the callbacks of the user's own account, and not those signed
    /// with the demo's secrets.
    func acceptsAccount(_ demo: DemoKit) -> Bool { !simulates && isGiven(demo.ownAccount) }

    private func inherit(
        _ prefixes: [String], except others: [String] = [],
        into environment: inout [String: String]
    ) {
        for (name, value) in inherited
        where prefixes.contains(where: name.hasPrefix) && !others.contains(where: name.hasPrefix) {
            environment[name] = value
        }
    }

    /// The providers with an account of the user's to send through.
    private var accounts: [any ProviderKit] { kits.filter { isGiven($0.neededToSend) } }

    private func isGiven(_ needed: NeededSettings) -> Bool {
        needed.ways.contains { way in way.allSatisfy { isSet($0.name) } }
    }

    private func isSet(_ name: String) -> Bool {
        [name, name + "_FILE"].contains { !(inherited[$0] ?? "").isEmpty }
    }

    private var defaultProvider: String? {
        let chosen = simulates ? kits.first : accounts.first ?? kits.first
        return chosen?.provider.name
    }

    /// Both names are in the certificate, and users type either. An account's callbacks come to the
    /// address that the user has set, for example of a tunnel; it comes first, because the first
    /// one is sent to the provider.
    private var baseURLs: String {
        let own = simulates || accounts.isEmpty ? nil : inherited["APP_BASE_URL"]
        return [own, url, "https://localhost:\(port)"].compactMap { $0 }.filter { !$0.isEmpty }
            .joined(separator: ",")
    }

    /// Removes settings of the user's own deployment, which must not affect the demo.
    private var bare: [String: String] {
        inherited.filter { name, _ in
            !(["WAYBILL_", "PG", "LISTEN_"] + kits.map(\.settingPrefix))
                .contains(where: name.hasPrefix)
                && !["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"].contains(name)
                && !name.contains("DATABASE_URL")
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
