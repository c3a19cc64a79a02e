import Domain
import JSON

/// Reads what somebody decides about a webhook, from the body of a request.
struct WebhookDraftReader {
    let providers: [ProviderTraits]
    let rules: EgressRules

    static let names = [
        "url", "description", "events", "statuses", "final_only", "providers", "countries",
        "submitters", "send_requests", "metadata", "rate", "concurrency", "headers", "numbers",
    ]

    /// Applies the members that are there; a null takes a filter or a bound back.
    ///
    /// - Parameters:
    ///   - body: gets the problems.
    ///   - draft: what holds without them.
    /// - Returns: the draft, and its URL where that is given and valid.
    func apply(_ body: inout BodyReader, to draft: inout WebhookDraft) -> WebhookURL? {
        let url = url(&body)
        if let url { draft.url = url.description }
        if let text = body.text("description") {
            if text.count > WebhookDraft.descriptionLimit
                || text.unicodeScalars.contains(where: { $0.value < 0x20 })
            {
                body.problems.add(
                    "description", "bad_value",
                    "It takes up to \(WebhookDraft.descriptionLimit) characters in one line.")
            }
            draft.description = text
        }
        if let events = list(&body, "events", known: WebhookEventType.subscribable, \.rawValue) {
            if events.isEmpty, body.problems.list.allSatisfy({ !$0.field.hasPrefix("events") }) {
                body.problems.add("events", "empty", "It names no event.")
            }
            draft.events = events
        }
        filter(&body, &draft.filter)
        if draft.filter.passesNothing, body.problems.count == 0 {
            body.problems.add(
                "statuses", "bad_value", "None of these is final, and final_only is true.")
        }
        if body.isNull("rate") { draft.rate = nil }
        draft.rate = body.integer("rate", WebhookDraft.rates) ?? draft.rate
        draft.concurrency =
            body.integer("concurrency", WebhookDraft.concurrencies) ?? draft.concurrency
        if let headers = headers(&body) { draft.headers = headers }
        draft.hasNumbers = body.flag("numbers") ?? draft.hasNumbers
        return url
    }

    private func url(_ body: inout BodyReader) -> WebhookURL? {
        guard let text = body.text("url") else { return nil }
        do throws(WebhookURL.Problem) {
            return try WebhookURL(text, allowsHTTP: rules.allowsHTTP)
        } catch {
            body.problems.add("url", "bad_url", error.explanation)
            return nil
        }
    }

    private func filter(_ body: inout BodyReader, _ filter: inout WebhookFilter) {
        replace(&body, "statuses", &filter.statuses) {
            list(&$0, $1, known: Status.allCases, \.rawValue)
        }
        filter.isFinalOnly = body.flag("final_only") ?? filter.isFinalOnly
        replace(&body, "providers", &filter.providers) {
            list(&$0, $1, known: providers.map(\.provider), \.name)
        }
        replace(&body, "countries", &filter.countries) {
            list(&$0, $1, takes: "two capital letters, as in GB") { text in
                text.utf8.count == 2 && text.utf8.allSatisfy { (65...90) ~= $0 } ? text : nil
            }
        }
        replace(&body, "submitters", &filter.submitters) {
            list(&$0, $1, takes: "the id of a key or a user") {
                Identifier<Principal>(anyCase: $0)
            }
        }
        replace(&body, "send_requests", &filter.sendRequests) {
            list(&$0, $1, takes: "the id of a send request") { SendRequestID(anyCase: $0) }
        }
        replace(&body, "metadata", &filter.metadata) { body, name in
            body.object(name).map { members in
                String(decoding: JSONValue.object(members).canonicalBytes, as: UTF8.self)
            }
        }
    }

    private func replace<Value>(
        _ body: inout BodyReader, _ name: String, _ value: inout Value?,
        _ read: (inout BodyReader, String) -> Value?
    ) {
        if body.isNull(name) { value = nil }
        if let new = read(&body, name) { value = new }
    }

    /// An array of words that are known.
    private func list<Value>(
        _ body: inout BodyReader, _ name: String, known: [Value], _ word: (Value) -> String
    ) -> [Value]? {
        let takes = "one of \(known.map(word).joined(separator: ", "))"
        return list(&body, name, takes: takes) { text in known.first { word($0) == text } }
    }

    private func list<Value>(
        _ body: inout BodyReader, _ name: String, takes: String, _ read: (String) -> Value?
    ) -> [Value]? {
        guard let texts = body.texts(name) else { return nil }
        guard texts.count <= WebhookFilter.listLimit else {
            body.problems.add(
                name, "too_many", "It takes at most \(WebhookFilter.listLimit) elements.")
            return nil
        }
        var values: [Value] = []
        for (index, text) in texts {
            if let value = read(text) {
                values.append(value)
            } else {
                body.problems.add("\(name)[\(index)]", "bad_value", "It takes \(takes).")
            }
        }
        return values
    }

    private func headers(_ body: inout BodyReader) -> [String: String]? {
        if body.isNull("headers") { return [:] }
        guard let members = body.object("headers") else { return nil }
        guard members.count <= WebhookDraft.headerLimit else {
            body.problems.add(
                "headers", "too_many", "It takes at most \(WebhookDraft.headerLimit) headers.")
            return nil
        }
        var headers: [String: String] = [:]
        var seen: Set<String> = []
        for member in members {
            let place = "headers.\(member.name.prefix(100))"
            guard case .string(let value) = member.value else {
                body.problems.add(
                    place, "wrong_type", "It must be a string, and is \(member.value.kind).")
                continue
            }
            if let problem = WebhookHeader.problem(member.name, value) {
                body.problems.add(place, "bad_value", problem)
            } else if !seen.insert(member.name.lowercased()).inserted {
                body.problems.add(place, "bad_value", "This header is there twice.")
            }
            headers[member.name] = value
        }
        return headers
    }
}
