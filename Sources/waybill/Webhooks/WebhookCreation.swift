import Domain
import Security
import Settings
import Store
import Webhooks

/// `waybill webhook create` and `rotate`: what makes a secret.
enum WebhookCreation {
    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: [
                "url", "events", "description", "statuses", "providers", "countries", "rate",
                "concurrency", "signing",
            ], flags: ["final-only", "numbers"])
        let draft = try draft(arguments)
        let secret = try secret(arguments)
        let made = try WebhookCommand.with { store throws(StoreFailure) in
            try store.create(draft, secret: secret, by: .commandLine)
        }
        guard let made else {
            throw CommandFailure("there are \(webhookLimit) webhooks; delete those nobody uses")
        }
        Output.line("\(made.id)\t\(try text(of: secret))")
        return 0
    }

    static func rotate(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["overlap", "signing"], positional: 1...1)
        let id = try WebhookCommand.id(arguments)
        let overlap = try arguments.integer("overlap", in: 0...604_800) ?? 86_400
        let secret = try secret(arguments)
        let isRotated = try WebhookCommand.with { store throws(StoreFailure) in
            try store.rotate(id, secret: secret, overlap: .seconds(overlap), by: .commandLine)
        }
        guard isRotated else { throw CommandFailure("there is no webhook \(id)") }
        Output.line(try text(of: secret))
        return 0
    }

    private static func draft(_ arguments: Arguments) throws -> WebhookDraft {
        guard let url = arguments.value("url"), let events = arguments.value("events") else {
            throw CommandFailure(.usage, "--url or --events is missing")
        }
        var draft = WebhookDraft(
            url: try checked(url),
            events: try words(events, "events", WebhookEventType.subscribable, \.rawValue))
        draft.description = arguments.value("description") ?? ""
        draft.filter.isFinalOnly = arguments.has("final-only")
        if let text = arguments.value("statuses") {
            draft.filter.statuses = try words(text, "statuses", Status.allCases, \.rawValue)
        }
        if let text = arguments.value("providers") {
            draft.filter.providers = try words(
                text, "providers", ProviderKits.all.providers, \.name)
        }
        draft.filter.countries = arguments.value("countries")?.split(separator: ",").map {
            $0.uppercased()
        }
        draft.rate = try arguments.integer("rate", in: WebhookDraft.rates)
        draft.concurrency =
            try arguments.integer("concurrency", in: WebhookDraft.concurrencies)
            ?? WebhookDraft.usualConcurrency
        draft.hasNumbers = arguments.has("numbers")
        return draft
    }

    /// The URL in its one spelling, if it leads where webhooks may lead.
    private static func checked(_ text: String) throws -> String {
        var environment = Environment()
        let rules = environment.egressRules()
        guard environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        let url: WebhookURL
        do throws(WebhookURL.Problem) {
            url = try WebhookURL(text, allowsHTTP: rules.allowsHTTP)
        } catch {
            throw CommandFailure(.usage, "--url: \(error.explanation)")
        }
        let resolver = HostResolver(threads: 1)
        defer { resolver.stop() }
        if let objection = ResolvingCheck(rules: rules, resolver: resolver).objection(to: url) {
            throw CommandFailure("--url cannot be used: \(objection)")
        }
        return url.description
    }

    private static func words<Value>(
        _ text: String, _ option: String, _ known: [Value], _ word: (Value) -> String
    ) throws(CommandFailure) -> [Value] {
        var values: [Value] = []
        for part in text.split(separator: ",") {
            guard let value = known.first(where: { word($0) == part }) else {
                let list = known.map(word).joined(separator: ", ")
                throw CommandFailure(.usage, "--\(option): no \"\(part)\"; known: \(list)")
            }
            values.append(value)
        }
        return values
    }

    private static func secret(_ arguments: Arguments) throws -> WebhookSecret {
        let kind: WebhookSecret.Kind
        switch arguments.value("signing") {
        case nil, "v1": kind = .shared
        case "v1a": kind = .keyPair
        default: throw CommandFailure(.usage, "--signing takes v1 or v1a")
        }
        return WebhookSecret(kind, try RandomBytes.make(count: WebhookKey.byteCount))
    }

    private static func text(of secret: WebhookSecret) throws -> String {
        switch secret.kind {
        case .shared: try WebhookKey(shared: secret.bytes).receiverText
        case .keyPair: try WebhookKey(private: secret.bytes).receiverText
        }
    }
}
