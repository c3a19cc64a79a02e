import Domain
import JSON
import Security
import Settings
import Webhooks

/// What `waybill webhook create` and `change` say about a webhook.
struct WebhookDraftArguments {
    private let arguments: Arguments

    static let options: Set<String> = [
        "url", "events", "description", "statuses", "providers", "countries", "submitters",
        "send-requests", "metadata", "rate", "concurrency", "header", "clear",
    ]
    static let repeated: Set<String> = ["header"]
    static let flags: Set<String> = ["final-only", "numbers"]

    init(_ arguments: Arguments) { self.arguments = arguments }

    /// Takes back what is named by `--clear`, then applies what is given.
    func apply(to draft: inout WebhookDraft) throws {
        for word in arguments.value("clear")?.split(separator: ",") ?? [] {
            try clear(String(word), in: &draft)
        }
        if let url = arguments.value("url") { draft.url = try checked(url) }
        if let events = arguments.value("events") {
            draft.events = try words(events, "events", WebhookEventType.subscribable, \.rawValue)
        }
        if let text = arguments.value("description") { draft.description = try described(text) }
        try filter(&draft.filter)
        guard !draft.filter.passesNothing else {
            throw CommandFailure(.usage, "--statuses: none of these is final, as --final-only asks")
        }
        draft.rate = try arguments.integer("rate", in: WebhookDraft.rates) ?? draft.rate
        draft.concurrency =
            try arguments.integer("concurrency", in: WebhookDraft.concurrencies)
            ?? draft.concurrency
        let headers = arguments.all("header")
        if !headers.isEmpty { draft.headers = try read(headers) }
        if arguments.has("numbers") { draft.hasNumbers = true }
    }

    private func clear(_ word: String, in draft: inout WebhookDraft) throws(CommandFailure) {
        switch word {
        case "description": draft.description = ""
        case "statuses": draft.filter.statuses = nil
        case "final-only": draft.filter.isFinalOnly = false
        case "providers": draft.filter.providers = nil
        case "countries": draft.filter.countries = nil
        case "submitters": draft.filter.submitters = nil
        case "send-requests": draft.filter.sendRequests = nil
        case "metadata": draft.filter.metadata = nil
        case "rate": draft.rate = nil
        case "concurrency": draft.concurrency = WebhookDraft.usualConcurrency
        case "headers": draft.headers = [:]
        case "numbers": draft.hasNumbers = false
        default:
            throw CommandFailure(
                .usage,
                "--clear: no \"\(word)\"; known: description, statuses, final-only, providers,"
                    + " countries, submitters, send-requests, metadata, rate, concurrency, headers,"
                    + " numbers")
        }
    }

    private func filter(_ filter: inout WebhookFilter) throws(CommandFailure) {
        if arguments.has("final-only") { filter.isFinalOnly = true }
        if let text = arguments.value("statuses") {
            filter.statuses = try words(text, "statuses", Status.allCases, \.rawValue)
        }
        if let text = arguments.value("providers") {
            filter.providers = try words(text, "providers", ProviderKits.all.providers, \.name)
        }
        if let text = arguments.value("countries") {
            filter.countries = try list(text, "countries", takes: "two letters, as in GB") {
                let upper = $0.uppercased()
                return upper.utf8.count == 2 && upper.utf8.allSatisfy { (65...90) ~= $0 }
                    ? upper : nil
            }
        }
        if let text = arguments.value("submitters") {
            filter.submitters = try list(
                text, "submitters", takes: "ids of keys or users"
            ) { Identifier<Principal>(anyCase: $0) }
        }
        if let text = arguments.value("send-requests") {
            filter.sendRequests = try list(
                text, "send-requests", takes: "ids of send requests"
            ) { SendRequestID(anyCase: $0) }
        }
        if let text = arguments.value("metadata") {
            guard let value = JSONValue(Array(text.utf8)), case .object = value else {
                throw CommandFailure(.usage, #"--metadata takes a JSON object, as in {"team":"a"}"#)
            }
            filter.metadata = String(decoding: value.canonicalBytes, as: UTF8.self)
        }
    }

    private func described(_ text: String) throws(CommandFailure) -> String {
        guard text.count <= WebhookDraft.descriptionLimit,
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 })
        else {
            throw CommandFailure(
                .usage,
                "--description takes up to \(WebhookDraft.descriptionLimit) characters in one line")
        }
        return text
    }

    /// Each as `Name: value`.
    private func read(_ lines: [String]) throws(CommandFailure) -> [String: String] {
        guard lines.count <= WebhookDraft.headerLimit else {
            throw CommandFailure(
                .usage, "--header may be there \(WebhookDraft.headerLimit) times at most")
        }
        var headers: [String: String] = [:]
        var seen: Set<String> = []
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw CommandFailure(.usage, "--header takes \"Name: value\"")
            }
            let name = String(parts[0])
            let value = String(parts[1].drop { $0 == " " })
            if let problem = WebhookHeader.problem(name, value) {
                throw CommandFailure(.usage, "--header \(name): \(problem)")
            }
            guard seen.insert(name.lowercased()).inserted else {
                throw CommandFailure(.usage, "--header \(name) is there twice")
            }
            headers[name] = value
        }
        return headers
    }

    /// The URL in its one spelling, if it leads where webhooks may lead.
    private func checked(_ text: String) throws -> String {
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

    private func words<Value>(
        _ text: String, _ option: String, _ known: [Value], _ word: (Value) -> String
    ) throws(CommandFailure) -> [Value] {
        let names = known.map(word).joined(separator: ", ")
        return try list(text, option, takes: names) { part in known.first { word($0) == part } }
    }

    private func list<Value>(
        _ text: String, _ option: String, takes: String, _ read: (String) -> Value?
    ) throws(CommandFailure) -> [Value] {
        var values: [Value] = []
        for part in text.split(separator: ",") {
            guard let value = read(String(part)) else {
                throw CommandFailure(.usage, "--\(option): no \"\(part)\"; it takes \(takes)")
            }
            values.append(value)
        }
        guard (1...WebhookFilter.listLimit).contains(values.count) else {
            throw CommandFailure(
                .usage, "--\(option) takes 1 to \(WebhookFilter.listLimit) values")
        }
        return values
    }
}
