import Domain
import Providers
import Sending
import Settings
import Store
import Telemetry

/// The settings that belong to no provider.
enum WaybillSettings {
    /// All settings, the providers' too, in the order in which they are listed everywhere.
    static let table = table(of: .all)

    /// The same of a program that knows these providers.
    static func table(of kits: ProviderKits) -> SettingTable {
        SettingTable(
            database + [.publicAddresses] + kits.settings + sending(of: kits)
                + [routes(of: kits), defaultProvider(of: kits)] + inbound + webhooks + people
                + singleSignOn
                + process + spool
                + [apiKey])
    }

    // MARK: - The database

    private static let databaseGroup = Setting.Group("The database")

    private static let database = [
        databaseURL, dispatchDatabaseURL, deliverDatabaseURL, migrateDatabaseURL,
    ]

    static let databaseURL = Setting(
        "DATABASE_URL", whenUnset: "required", isSecret: true,
        example: "postgresql://waybill:PASSWORD@127.0.0.1/waybill", in: databaseGroup,
        readBy: [
            .serve, .dispatch, .deliver, .migrate, .key, .user, .webhook, .send, .message, .optOut,
            .deadLetters,
            .quarantine,
            .replay, .rebuild, .verify, .retain, .erase,
        ],
        """
        The connection of the responder's role, any connection string of libpq; several hosts with \
        `target_session_attrs=read-write` fail over. `waybill migrate` gives the role its rights.
        """)

    static let dispatchDatabaseURL = Setting(
        "DISPATCH_DATABASE_URL", whenUnset: "`DATABASE_URL`", isSecret: true,
        example: "postgresql://waybill_dispatch:PASSWORD@127.0.0.1/waybill", in: databaseGroup,
        readBy: [.dispatch, .migrate],
        """
        The connection of the dispatcher's role. `waybill migrate` gives it the rights that sending \
        takes; unless set, the role of `DATABASE_URL` has them besides its own.
        """)

    static let deliverDatabaseURL = Setting(
        "DELIVER_DATABASE_URL", whenUnset: "`DATABASE_URL`", isSecret: true,
        example: "postgresql://waybill_deliver:PASSWORD@127.0.0.1/waybill", in: databaseGroup,
        readBy: [.deliver, .migrate],
        """
        The connection of the deliverer's role. `waybill migrate` gives it the rights that webhooks \
        take; unless set, the role of `DATABASE_URL` has them besides its own.
        """)

    static let migrateDatabaseURL = Setting(
        "MIGRATE_DATABASE_URL", whenUnset: "`DATABASE_URL`", isSecret: true,
        example: "postgresql://waybill_migrate:PASSWORD@127.0.0.1/waybill", in: databaseGroup,
        readBy: [.migrate, .rebuild, .erase], "The connection of the role that owns the tables.")

    /// The connection of a role of the database. Where it is not given, that of `DATABASE_URL` is used.
    static func databaseURL(of role: DatabaseRole) -> Setting {
        guard let setting = table[role.setting] else {
            preconditionFailure("\(role.setting) is in no entry of the table")
        }
        return setting
    }

    // MARK: - Sending

    private static let sendingGroup = Setting.Group(
        "Sending", "A provider is sent through if its credentials are set.")

    private static func sending(of kits: ProviderKits) -> [Setting] {
        [sendTimeoutSeconds, sendMaxAttempts, failover, slowSeconds, reconcileSeconds(of: kits)]
    }

    /// A lane that waits for longer than this counts as stuck; a stop that takes as long as this
    /// and the recording after it must end within the unit's TimeoutStopSec of 60 s.
    static let sendTimeoutSeconds = Setting(
        "WAYBILL_SEND_TIMEOUT_SECONDS", .integer(default: 30, in: 1...40), in: sendingGroup,
        readBy: [.dispatch],
        """
        How many seconds one request may take, all in all; a dispatcher that waits for longer counts \
        as stuck.
        """)

    static let sendMaxAttempts = Setting(
        "WAYBILL_SEND_MAX_ATTEMPTS", .integer(default: 10, in: 1...100), in: sendingGroup,
        readBy: [.dispatch], "How often a message is tried before it is given up.")

    static let failover = Setting(
        "WAYBILL_FAILOVER", .flag(default: true), in: sendingGroup, readBy: [.dispatch],
        "Whether a provider takes over from one that is stopped, degraded or slow.")

    static let slowSeconds = Setting(
        "WAYBILL_SLOW_SECONDS", .integer(default: 10, in: 1...120), in: sendingGroup,
        readBy: [.dispatch], "The seconds beyond which a provider counts as slow.")

    static func reconcileSeconds(of kits: ProviderKits) -> Setting {
        let usual = kits.traits.map { traits in
            let times = traits.usual.reconcile.map { String($0.components.seconds) }
            return "`\(traits.provider.name)` \(times.joined(separator: ", "))"
        }
        return Setting(
            "WAYBILL_RECONCILE_SECONDS", .seconds(in: 1...2_592_000),
            whenUnset: usual.joined(separator: "; "), isList: true,
            example: "3600,43200,144000", in: sendingGroup, readBy: [.dispatch],
            """
            After how many seconds, from its sending on, the provider is asked about a message \
            without a final report; a last time comes after the message's validity. Times past what \
            the provider remembers are not used.
            """)
    }

    // MARK: - Routing

    private static let routingGroup = Setting.Group("Routing")

    static func routes(of kits: ProviderKits) -> Setting {
        let names = kits.providers.map(\.name)
        let example = "+44=\(names[names.count - 1]),+1=\(names[0])"
        return Setting(
            "WAYBILL_ROUTES", whenUnset: "none", isList: true, example: example,
            in: routingGroup, readBy: [.serve, .dispatch, .send],
            """
            Which provider a message goes to if its sender names none, by the number's beginning, \
            the longest first: `\(example)`.
            """)
    }

    static func defaultProvider(of kits: ProviderKits) -> Setting {
        let names = kits.providers.map(\.name)
        let others = kits.traits.dropFirst().map(\.title).joined(separator: " or ")
        return Setting(
            "WAYBILL_DEFAULT_PROVIDER", .choice(default: nil, of: names),
            whenUnset: "`\(names[0])`, unless only \(others) is configured", example: names[0],
            in: routingGroup, readBy: [.serve, .dispatch, .send],
            "Which provider a message goes to if its sender names none and no route fits.")
    }

    // MARK: - The process

    private static let processGroup = Setting.Group("The process")

    private static let process = [
        logLevel, socketDirectory, socketGroup, corsOrigins, callbackWorkers, apiWorkers,
        maxConnections,
        maxInFlight, maxStreams, writerQueueReports, writerConnections, commitDeadline, poolSize,
        drainSeconds,
        quarantineObserve, callbackRetentionDays, ledgerRetentionDays, auditRetentionDays, watchdog,
    ]

    static let logLevel = Setting(
        "LOG_LEVEL",
        // The guides' programs log with pino or winston, which use these words.
        .choice(
            of: Logger.Level.self, default: .info,
            synonyms: ["trace": .debug, "verbose": .debug, "warn": .warning, "fatal": .error]),
        in: processGroup, readBy: [.serve, .dispatch, .deliver, .simulate],
        "How much is logged; `trace`, `verbose`, `warn` and `fatal` are taken as the nearest.")

    static let socketDirectory = Setting(
        "WAYBILL_SOCKET_DIRECTORY", .text(default: "/run/waybill"), in: processGroup,
        readBy: [.serve, .simulate],
        """
        Where `callbacks.sock`, `api.sock` and `events.sock` are bound when systemd hands none over.
        """)

    static let socketGroup = Setting(
        "WAYBILL_SOCKET_GROUP", whenUnset: "the process's", example: "www-data",
        in: processGroup, readBy: [.serve],
        "The group that may connect to sockets that we bind ourselves: nginx's.")

    static let corsOrigins = Setting(
        "WAYBILL_CORS_ORIGINS", whenUnset: "none", isList: true,
        example: "https://app.example.com,http://localhost:3000", in: processGroup,
        readBy: [.serve],
        """
        The origins whose web pages may call the API with a key (CORS), each exactly as its browser \
        sends it; name them in `nginx/cors.conf`, too.
        """)

    static let callbackWorkers = Setting(
        "WAYBILL_CALLBACK_WORKERS", .integer(default: 2, in: 1...64), in: processGroup,
        readBy: [.serve], "Threads that read and check callbacks.")

    static let apiWorkers = Setting(
        "WAYBILL_API_WORKERS", .integer(default: 4, in: 1...64), in: processGroup,
        readBy: [.serve],
        "Threads that answer the API; a request that waits for one for 5 s gets 503.")

    static let maxConnections = Setting(
        "WAYBILL_MAX_CONNECTIONS", .integer(default: 1024, in: 8...20_000), in: processGroup,
        readBy: [.serve],
        """
        Open FastCGI connections of each socket. Beyond it idle ones are closed, the longest idle \
        first; while none is idle, up to as many again are taken, and then the request that has \
        waited for longest gets 503.
        """)

    static let maxInFlight = Setting(
        "WAYBILL_MAX_IN_FLIGHT", .integer(default: 1024, in: 1...20_000), in: processGroup,
        readBy: [.serve],
        """
        Requests of each socket that are not answered yet. Beyond it they wait, a callback for 3 s; \
        then 503.
        """)

    static let maxStreams = Setting(
        "WAYBILL_MAX_STREAMS", .integer(default: 12_000, in: 1...50_000), in: processGroup,
        readBy: [.serve],
        """
        Live streams that may be open; beyond it 503. Each takes a descriptor of the unit's \
        `LimitNOFILE=65536`.
        """)

    static let writerQueueReports = Setting(
        "WAYBILL_WRITER_QUEUE_REPORTS", .integer(default: 20_000, in: 100...1_000_000),
        in: processGroup, readBy: [.serve],
        "Reports that may wait for a commit; beyond it 503.")

    static let writerConnections = Setting(
        "WAYBILL_WRITER_CONNECTIONS", .integer(default: 2, in: 1...8), in: processGroup,
        readBy: [.serve],
        "Connections that write; the second helps when more than 200 reports wait.")

    /// Plivo closes after 8 s, and an answer must be sent a second before. nginx gives up after 10
    /// s, and a writer that hangs is noticed (after twice this and 5 s) before systemd's watchdog
    /// acts (30 s).
    static let commitDeadline = Setting(
        "WAYBILL_COMMIT_DEADLINE_MS", .integer(default: 4000, in: 100...7_000),
        in: processGroup, readBy: [.serve],
        """
        How many milliseconds a callback may wait for its commit; beyond it 503, because a provider \
        may hang up after 8 s. With a spool it goes there instead, and waits for 1500 unless this is \
        set. The unit's `WatchdogSec=` must be at least twice this and 10 s more.
        """)

    static let poolSize = Setting(
        "WAYBILL_POOL_SIZE", .integer(default: 4, in: 1...100), in: processGroup,
        readBy: [.serve], "Connections of the API.")

    static let drainSeconds = Setting(
        "WAYBILL_DRAIN_SECONDS", .integer(default: 25, in: 1...600), in: processGroup,
        readBy: [.serve],
        "How many seconds a stop may take; at most 35 with the unit's `TimeoutStopSec=40s`.")

    static let quarantineObserve = Setting(
        "WAYBILL_QUARANTINE_OBSERVE", .integer(default: 0, in: 0...10_000), in: processGroup,
        readBy: [.serve],
        """
        How many callbacks an hour that fail authentication go to quarantine, to be looked at and \
        replayed once the secrets are right; those of up to 64 KiB, 16 MiB an hour. 0 keeps none.
        """)

    static let callbackRetentionDays = Setting(
        "WAYBILL_CALLBACK_RETENTION_DAYS", .integer(default: 90, in: 3...3650),
        in: processGroup, readBy: [.serve, .retain],
        """
        How many days raw callbacks, the quarantine, and the texts and timelines of messages that \
        are over are kept.
        """)

    static let ledgerRetentionDays = Setting(
        "WAYBILL_LEDGER_RETENTION_DAYS", .integer(default: 0, in: 0...3650),
        in: processGroup, readBy: [.serve, .retain],
        """
        How many days messages and their reports are kept after the last thing that happened to \
        them, 3 at least; 0 keeps them for good. Counts stay.
        """)

    static let auditRetentionDays = Setting(
        "WAYBILL_AUDIT_RETENTION_DAYS", .integer(default: 400, in: 30...3650),
        in: processGroup, readBy: [.serve, .retain],
        """
        How many days the audit is kept. Its entries of send requests go with the send requests, \
        after 30 days at the earliest.
        """)

    static let watchdog = Setting(
        "WATCHDOG_USEC", whenUnset: "off", in: processGroup, readBy: [.serve],
        """
        Set by systemd from the unit's `WatchdogSec=`, not by you; checked against \
        `WAYBILL_COMMIT_DEADLINE_MS`.
        """)

    // MARK: - waybill probe

    static let apiKey = Setting(
        "WAYBILL_API_KEY", whenUnset: "required, unless `--key-file` names one", isSecret: true,
        in: Setting.Group("The probe"), readBy: [.probe], "An API key with scope `read`.")
}
