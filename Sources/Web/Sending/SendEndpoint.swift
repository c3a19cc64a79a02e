package import Domain
import FastCGI
import JSON
private import Security

/// `POST /v1/messages`: queues a text for one or more recipients, and waits for the providers'
/// answers if the caller wants that.
///
/// It is answered after the commit: what is answered 200 or 202 is queued, and nothing else is.
package struct SendEndpoint: Sendable {
    private let queue: any MessageQueue
    private let watch: SendWatch
    private let notifier: any Notifier
    private let routing: Routing
    private let tickets: TicketSigner
    private let webhooks: WebhookHosts
    private let key: @Sendable (SendRequestID, PhoneNumber) -> MessageID

    /// 1,000 recipients, the longest text, callback data and metadata, all of it escaped.
    static let bodyLimit = 256 << 10
    private static let waitLimitSeconds = 10.0
    /// No caller waits for longer than this after the send request came: nginx's limit is 30 s.
    private static let waitEnd: Duration = .seconds(20)
    private static let keyLengths = 1...255

    /// - Parameters:
    ///   - queue: takes the messages.
    ///   - watch: lets callers wait; its owner stops it.
    ///   - notifier: tells dispatchers that there is work.
    ///   - routing: whom messages go to if the caller names no provider.
    ///   - tickets: makes the answer's tickets.
    ///   - webhooks: the hosts that messages may name for a webhook.
    ///   - key: a message's id by its send request and recipient.
    package init(
        queue: any MessageQueue, watch: SendWatch, notifier: any Notifier, routing: Routing,
        tickets: TicketSigner, webhooks: WebhookHosts = .none,
        key: @escaping @Sendable (SendRequestID, PhoneNumber) -> MessageID
    ) {
        self.queue = queue
        self.watch = watch
        self.notifier = notifier
        self.routing = routing
        self.tickets = tickets
        self.webhooks = webhooks
        self.key = key
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [endpoint.route(.send, later: send)]
    }

    private func send(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let wait = try request.value("wait").flatMap(Self.wait) ?? .zero
        let members = try pinned(
            try JSONBody.members(
                of: exchange, request, limit: Self.bodyLimit, limits: Self.limits,
                example: #"{"to":"+41791234567","text":"…"}"#),
            request.value("provider"))
        let now = Timestamp.now
        var draft = SendDraft(members)
        check(request.idempotencyKey, &draft.problems)
        let written = draft
        let sendRequest = try draft.sendRequest(
            .new(at: now), by: Submitter(principal), from: request.origin, at: now,
            routing: routing, webhooks: webhooks, key: key)
        let queued = SendAnswer.stored(sendRequest)
        let tickets = try answerTickets(request)
        let idempotency = request.idempotencyKey.map { key in
            Idempotency(
                principal: principal.id, key: key,
                digest: SHA256.digest(of: SendDraft.canonical(members)).bytes, answer: queued)
        }
        switch try accept(sendRequest, idempotency) {
        case .queued: break
        case .repeated(let answer):
            return SendAnswer.response(answer, tickets, isReplayed: true)
        case .keyTaken:
            throw Problem(
                .conflict, "idempotency_key_reused",
                "This Idempotency-Key was used for another message in the last 24 hours; every"
                    + " message takes a key of its own.", at: "Idempotency-Key")
        case .optedOut(let blocked): throw written.problem(optedOut: blocked)
        }
        notifier.notify()
        // Messages that are sent later than that are not waited for.
        let isTaken =
            wait > .zero && sendRequest.sendAt.map { $0 <= now.advanced(by: wait) } ?? true
            && watch.watch(
                sendRequest.recipients.map(\.message),
                // Counted from the request's arrival, however long it has taken so far.
                until: min(.now + wait, exchange.arrival + Self.waitEnd),
                for: SendWatch.Caller(
                    idempotency: idempotency, compose: { SendAnswer.stored(sendRequest, $0) },
                    give: { exchange.respond(SendAnswer.response($0, tickets)) }))
        return isTaken ? nil : SendAnswer.response(queued, tickets)
    }

    /// Asked for before anything is queued: afterwards there must be no failure.
    private func answerTickets(_ request: APIRequest) throws(Problem) -> AnswerTickets {
        do {
            try tickets.prepare()
        } catch {
            throw Problem(error)
        }
        return AnswerTickets(
            signer: tickets, hasCorrelationID: try request.value("correlation_id") == "true")
    }

    private func accept(
        _ sendRequest: SendRequest, _ idempotency: Idempotency?
    ) throws(Problem) -> Acceptance {
        do {
            return try queue.accept(sendRequest, idempotency)
        } catch {
            guard error.code == .unavailable else { throw Problem(error) }
            throw .unavailable(
                "database_unavailable",
                "The database does not answer, and whether the message was queued is not certain."
                    + (idempotency == nil
                        ? " With an Idempotency-Key a send request can be repeated safely."
                        : " Repeat the send request with the same Idempotency-Key in a few seconds.")
            )
        }
    }

    /// Seconds as a decimal number; nil for anything else.
    static func wait(_ text: String) -> Duration? {
        let isNumber = text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
        }
        guard isNumber, let seconds = Double(text), (0...waitLimitSeconds).contains(seconds)
        else { return nil }
        return .milliseconds(Int64(seconds * 1000))
    }

    /// The members, with the provider from the query: nginx adds it on a path that belongs to one
    /// provider. It counts as if it were in the body.
    private func pinned(
        _ members: [JSONValue.Member], _ provider: String?
    ) throws(Problem) -> [JSONValue.Member] {
        guard let provider else { return members }
        let name = SendDraft.Member.provider.rawValue
        let named = JSONValue.object(members)[name]
        guard named == nil || named == .string(provider) else {
            var problems = FieldProblems()
            problems.add(
                name, "contradicts_path",
                "The path or its query names another provider already; leave it out here.")
            throw Problem(problems)
        }
        let others = members.filter { $0.name != name }
        return others + [JSONValue.Member(name: name, value: .string(provider))]
    }

    /// Few levels and values: a valid send request has 1,000 recipients, metadata of 8 KiB and
    /// little else. The other bounds are those of the fields.
    static let limits: JSONReader.Limits = {
        var limits = JSONReader.Limits()
        limits.depth = 32
        limits.string = bodyLimit
        limits.values = 6000
        return limits
    }()

    private func check(_ key: String?, _ problems: inout FieldProblems) {
        guard let key else { return }
        let isVisible = key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard isVisible, Self.keyLengths.contains(key.utf8.count) else {
            return problems.add(
                "Idempotency-Key", "bad_key",
                "It takes 1 to \(Self.keyLengths.upperBound) visible ASCII characters.")
        }
    }
}
