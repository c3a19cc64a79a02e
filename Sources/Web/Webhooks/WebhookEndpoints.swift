package import Domain
import FastCGI
import JSON
private import Security

/// `/v1/webhooks`: the endpoints of other systems.
package struct WebhookEndpoints: Sendable {
    private let webhooks: any WebhookRegister
    private let check: any EgressCheck
    private let notifier: any Notifier
    private let providers: [ProviderTraits]

    static let usualOverlap = 86_400
    static let overlaps = 0...604_800

    /// - Parameters:
    ///   - webhooks: where they are.
    ///   - check: of where they may lead.
    ///   - notifier: tells deliverers that something has changed.
    ///   - providers: those that filters can name.
    package init(
        _ webhooks: any WebhookRegister, check: any EgressCheck, notifier: any Notifier,
        providers: [ProviderTraits]
    ) {
        self.webhooks = webhooks
        self.check = check
        self.notifier = notifier
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listWebhooks, list),
            endpoint.route(.createWebhook, later: create),
            endpoint.route(.showWebhook) { request, principal throws(Problem) in
                try show(try id(request), principal)
            },
            endpoint.route(.changeWebhook, later: change),
            endpoint.route(.deleteWebhook, delete),
            endpoint.route(.rotateWebhook, later: rotate),
            endpoint.route(.pauseWebhook) { request, principal throws(Problem) in
                try setPaused(true, request, principal)
            },
            endpoint.route(.resumeWebhook) { request, principal throws(Problem) in
                try setPaused(false, request, principal)
            },
            endpoint.route(.testWebhook, test),
        ]
    }

    private func list(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let all = try stored { () throws(StoreFailure) in try webhooks.list() }
        return .json(
            body: JSONWriter.document { json in
                json.array("webhooks") { json in
                    for (webhook, waiting) in all {
                        json.object { json in
                            WebhookView.webhook(webhook, waiting, principal.seesDetails, in: &json)
                        }
                    }
                }
            })
    }

    private func create(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        var body = try BodyReader(
            exchange, request, .createWebhook, known: WebhookDraftReader.names + ["signing"])
        var draft = WebhookDraft(url: "", events: [.statusChanged])
        for name in ["url", "events"] where !body.has(name) {
            body.problems.add(name, "missing", "It is required.")
        }
        let url = reader.apply(&body, to: &draft)
        let kind = signing(&body) ?? .shared
        if let url { try refuse(url, &body) }
        try body.check()
        let secret = try makeSecret(kind)
        let made = try stored { [draft] () throws(StoreFailure) in
            try webhooks.create(draft, secret: secret, by: request.requester(principal))
        }
        guard let made else {
            throw Problem(
                .conflict, "too_many_webhooks",
                "There are \(webhookLimit) webhooks; delete those that nobody uses.")
        }
        notifier.notify()
        let text = try Self.text(of: secret)
        return .json(
            .created,
            body: JSONWriter.document { json in
                json.object("webhook") { json in
                    WebhookView.webhook(
                        made, BoundedCount(found: 0, bound: 1), true, in: &json)
                }
                json.member("secret", text)
            })
    }

    private func change(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let id = try id(request)
        var body = try BodyReader(
            exchange, request, .changeWebhook, known: WebhookDraftReader.names)
        let (webhook, _) = try found(id)
        var draft = webhook.draft
        let url = reader.apply(&body, to: &draft)
        if let url, url.description != webhook.draft.url {
            if webhook.origin == .ofMessages {
                body.problems.add("url", "bad_value", "The messages themselves name it.")
            } else {
                try refuse(url, &body)
            }
        }
        try body.check()
        let isChanged = try stored { [draft] () throws(StoreFailure) in
            try webhooks.change(webhook, to: draft, by: request.requester(principal))
        }
        guard isChanged else {
            throw Problem(
                .conflict, "webhook_changed",
                "Somebody else has changed it meanwhile; read it and try again.")
        }
        notifier.notify()
        return try show(id, principal)
    }

    private func delete(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let id = try id(request)
        let isDeleted = try stored { () throws(StoreFailure) in
            try webhooks.delete(id, by: request.requester(principal))
        }
        guard isDeleted else { throw Self.unknown }
        notifier.notify()
        return Response(.noContent)
    }

    private func rotate(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let id = try id(request)
        var body = try BodyReader(
            exchange, request, .rotateWebhook, known: ["overlap_seconds", "signing"])
        let overlap = body.integer("overlap_seconds", Self.overlaps) ?? Self.usualOverlap
        let kind = signing(&body) ?? .shared
        try body.check()
        let secret = try makeSecret(kind)
        let isRotated = try stored { () throws(StoreFailure) in
            try webhooks.rotate(
                id, secret: secret, overlap: .seconds(overlap), by: request.requester(principal))
        }
        guard isRotated else { throw Self.unknown }
        notifier.notify()
        let text = try Self.text(of: secret)
        return .json(
            body: JSONWriter.document { json in
                json.member("secret", text)
                json.member(
                    "earlier_secrets_end_at",
                    Timestamp.now.advanced(by: .seconds(overlap)).description)
            })
    }

    private func setPaused(
        _ isPaused: Bool, _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let id = try id(request)
        let isMoved = try stored { () throws(StoreFailure) in
            try webhooks.setPaused(id, isPaused, by: request.requester(principal))
        }
        if !isMoved {
            let (webhook, _) = try found(id)
            throw Problem(
                .conflict, "wrong_webhook_state",
                "The webhook is \(webhook.state.name) already or still.")
        }
        notifier.notify()
        return try show(id, principal)
    }

    private func test(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let id = try id(request)
        let (webhook, _) = try found(id)
        let url = try? WebhookURL(webhook.draft.url, allowsHTTP: check.rules.allowsHTTP)
        if let objection = url.map({ check.objection(to: $0) }) ?? "its scheme is not allowed" {
            throw Problem(
                .unprocessableContent, "address_refused",
                "Nothing was sent: \(objection).")
        }
        let number = try stored { () throws(StoreFailure) in
            try webhooks.test(id, by: request.requester(principal))
        }
        guard let number else { throw Self.unknown }
        notifier.notify()
        return .json(
            .accepted,
            body: JSONWriter.document { json in json.member("delivery", number) })
    }
}

extension WebhookEndpoints {
    private static let unknown = Problem(
        .notFound, "unknown_webhook", "There is no webhook of this id.")

    private var reader: WebhookDraftReader {
        WebhookDraftReader(providers: providers, rules: check.rules)
    }

    private func id(_ request: APIRequest) throws(Problem) -> WebhookID {
        guard let id = WebhookID(anyCase: request.captures[0]) else { throw Self.unknown }
        return id
    }

    private func found(
        _ id: WebhookID
    ) throws(Problem) -> (webhook: Webhook, waiting: BoundedCount) {
        let found = try stored { () throws(StoreFailure) in try webhooks.webhook(id) }
        guard let found else { throw Self.unknown }
        return found
    }

    private func show(_ id: WebhookID, _ principal: Principal) throws(Problem) -> Response {
        let (webhook, waiting) = try found(id)
        return .json(
            body: JSONWriter.document { json in
                WebhookView.webhook(webhook, waiting, principal.seesDetails, in: &json)
            })
    }

    /// Adds a problem if the URL leads where it must not.
    private func refuse(_ url: WebhookURL, _ body: inout BodyReader) throws(Problem) {
        // The name is not asked for in vain.
        guard body.problems.count == 0, let objection = check.objection(to: url) else { return }
        body.problems.add("url", "address_refused", "It cannot be used: \(objection).")
    }

    private func signing(_ body: inout BodyReader) -> WebhookSecret.Kind? {
        switch body.text("signing") {
        case nil: return nil
        case "v1": return .shared
        case "v1a": return .keyPair
        default:
            body.problems.add(
                "signing", "bad_value", "It takes v1 (HMAC-SHA256) or v1a (Ed25519).")
            return nil
        }
    }

    private func makeSecret(_ kind: WebhookSecret.Kind) throws(Problem) -> WebhookSecret {
        guard let bytes = try? RandomBytes.make(count: WebhookKey.byteCount) else {
            throw Problem(StoreFailure(.failed, "no randomness for a secret"))
        }
        return WebhookSecret(kind, bytes)
    }

    private static func text(of secret: WebhookSecret) throws(Problem) -> String {
        let key: WebhookKey?
        switch secret.kind {
        case .shared: key = try? WebhookKey(shared: secret.bytes)
        case .keyPair: key = try? WebhookKey(private: secret.bytes)
        }
        guard let key else { throw Problem(StoreFailure(.failed, "no key of this kind")) }
        return key.receiverText
    }

    private func stored<Value>(
        _ body: () throws(StoreFailure) -> Value
    ) throws(Problem) -> Value {
        do throws(StoreFailure) { return try body() } catch { throw Problem(error) }
    }
}
