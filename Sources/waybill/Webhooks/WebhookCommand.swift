import Domain
import Postgres
import Security
import Settings
import Store
import Telemetry
import Webhooks

/// `waybill webhook`: the endpoints of other systems, and what became of events for them.
enum WebhookCommand {
    static let help = """
        usage: waybill webhook create --url URL --events EVENT[,EVENT…] [WHAT] [--signing v1|v1a]
               waybill webhook change ID [--url URL] [--events EVENT[,EVENT…]] [WHAT]
                                         [--clear NAME[,NAME…]]
               waybill webhook list
               waybill webhook rotate ID [--overlap SECONDS] [--signing v1|v1a]
               waybill webhook pause|resume|test|delete ID
               waybill webhook deliveries [FILTERS] [--limit N]
               waybill webhook attempts NUMBER
               waybill webhook resend NUMBER… | FILTERS | --all

        Events: message.status_changed, inbound.received, opt_out.changed, provider.silent,
        webhook.disabled. create and rotate print the secret, this once: whsec_… is shared with the
        receiver; with --signing v1a it is the public key whpk_…. A rotated secret counts for a day
        more, or for --overlap seconds. What happens while a webhook is paused waits. --numbers tells
        the receiver telephone numbers.

        WHAT: --description TEXT, --statuses STATUS[,STATUS…], --final-only, --providers NAME[,NAME…],
        --countries CC[,CC…], --submitters ID[,ID…], --send-requests ID[,ID…], --metadata JSON (members
        that the metadata has), --rate N (attempts a second), --concurrency N, --numbers, and
        --header "Name: value", as often as needed. What change does not name stays; --header replaces
        all headers, and --clear takes back what it names, as in --clear countries,rate,headers.

        FILTERS: --webhook ID, --state waiting|delivered|never_delivered, --event EVENT, --message ID,
        --since TIME, --until TIME. resend queues events again, whatever became of them; their
        webhook-id stays. Connects with DATABASE_URL; waybill deliver sends.
        """

    static func run(_ words: [String]) throws -> Int32 {
        guard let verb = words.first else {
            throw CommandFailure(.usage, "create, list or another verb is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "create": return try WebhookCreation.run(rest)
        case "list":
            _ = try Arguments(rest)
            return try list()
        case "change": return try WebhookCreation.change(rest)
        case "rotate": return try WebhookCreation.rotate(rest)
        case "pause", "resume", "test", "delete":
            return try act(verb, id(try Arguments(rest, positional: 1...1)))
        case "deliveries": return try WebhookDeliveries.list(rest)
        case "attempts": return try WebhookDeliveries.attempts(rest)
        case "resend": return try WebhookDeliveries.resend(rest)
        default:
            throw CommandFailure(
                .usage,
                "there is no \"\(verb)\" here; known: create, change, list, rotate, pause, resume, test,"
                    + " delete, deliveries, attempts, resend")
        }
    }

    static func id(_ arguments: Arguments) throws(CommandFailure) -> WebhookID {
        guard let id = WebhookID(anyCase: arguments.positional[0]) else {
            throw CommandFailure(.usage, "\"\(arguments.positional[0])\" is no webhook's id")
        }
        return id
    }

    /// The store of `DATABASE_URL`; deliverers are told that something may have changed.
    static func with<Value>(
        _ body: (WebhookStore) throws(StoreFailure) -> Value
    ) throws -> Value {
        _ = ProviderKits.all
        var environment = Environment()
        let database = try environment.requiredDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let notifier = PostgresNotifier(database, channel: .webhooks)
            defer {
                notifier.notify()
                notifier.stop()
            }
            return try body(WebhookStore(pool, logger: logger))
        }
    }

    private static func list() throws -> Int32 {
        let all = try with { store throws(StoreFailure) in try store.list() }
        for (webhook, waiting) in all {
            let health =
                webhook.disabledReason
                ?? webhook.health.failingSince.map {
                    "failing since \($0): \(webhook.health.failure ?? "")"
                }
                ?? webhook.health.succeededAt.map { "delivered at \($0)" }
                ?? "nothing delivered yet"
            let columns = [
                webhook.id.description, webhook.state.name, webhook.draft.url,
                webhook.draft.events.map(\.rawValue).joined(separator: ","),
                "\(waiting.count)\(waiting.isBound ? " or more" : "") waiting", health,
                webhook.draft.description,
            ]
            Output.line(columns.map(MessageTimeline.printable).joined(separator: "\t"))
        }
        return 0
    }

    private static func act(_ verb: String, _ id: WebhookID) throws -> Int32 {
        let done: Bool = try with { store throws(StoreFailure) in
            switch verb {
            case "pause": return try store.setPaused(id, true, by: .commandLine)
            case "resume": return try store.setPaused(id, false, by: .commandLine)
            case "delete": return try store.delete(id, by: .commandLine)
            default:
                guard let number = try store.test(id, by: .commandLine) else { return false }
                Output.line("delivery \(number); waybill webhook attempts \(number) tells of it")
                return true
            }
        }
        guard done else {
            throw CommandFailure("there is no webhook \(id) that this can be done with now")
        }
        return 0
    }
}
