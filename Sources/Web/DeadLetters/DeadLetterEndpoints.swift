package import Domain
import FastCGI
import JSON

/// `/v1/dead-letters`: the messages that were given up, and sending them again.
package struct DeadLetterEndpoints: Sendable {
    private let letters: any DeadLetters
    private let reader: any MessageReader
    private let notifier: any Notifier
    private let signer: CursorSigner
    private let providers: [ProviderTraits]

    static let limits = 1...200
    static let usualLimit = 50
    private static let list = "dead_letters"

    /// - Parameters:
    ///   - letters: where they are.
    ///   - reader: for a message that is queued again.
    ///   - notifier: tells dispatchers that there is work.
    ///   - signer: of the list's cursors.
    ///   - providers: those that can be named.
    package init(
        _ letters: any DeadLetters, reader: any MessageReader, notifier: any Notifier,
        signer: CursorSigner, providers: [ProviderTraits]
    ) {
        self.letters = letters
        self.reader = reader
        self.notifier = notifier
        self.signer = signer
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listDeadLetters, list),
            endpoint.route(.retryDeadLetter, retry),
            endpoint.route(.retryDeadLetters, later: retryAll),
        ]
    }

    private func list(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let filter = try DeadLetterQuery.filter(
            FilterValues(request, RouteDescription.deadLetterFilters), providers)
        let limit = try request.value("limit").flatMap { Int($0) } ?? Self.usualLimit
        let form = filter.canonicalForm
        var position: DeadLetterPosition?
        if let cursor = try request.value("cursor") {
            position = DeadLetterQuery.position(
                try signer.position(cursor, list: Self.list, filter: form))
        }
        var found: [DeadLetter]
        let count: BoundedCount
        do {
            // One more tells whether there is a next page.
            found = try letters.page(of: filter, after: position, limit: limit + 1)
            count = try letters.count(of: filter)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if found.count > limit, let last = found.prefix(limit).last {
            found.removeLast(found.count - limit)
            next = try signer.cursor(
                DeadLetterQuery.bytes(DeadLetterPosition(at: last.at, message: last.message)),
                list: Self.list, filter: form)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("dead_letters") { json in
                    for letter in found {
                        json.object { Self.describe(letter, principal.seesDetails, in: &$0) }
                    }
                }
                json.member("count", count.count)
                json.member("count_is_least", count.isBound)
                json.member("next", next)
            })
    }

    private func retry(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let id = try MessageEndpoints.id(request)
        let result: RetryResult
        do {
            result = try letters.retry(id, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        switch result {
        case .queued:
            notifier.notify()
            return .json(body: MessageView.message(try MessageEndpoints.message(id, in: reader)))
        case .unknown:
            throw Problem(
                .notFound, "unknown_dead_letter",
                "No message of this id was given up; or it is tried again already.")
        case .refused(let refusal):
            throw Problem(.conflict, "cannot_retry", Self.explanation(refusal))
        }
    }

    private func retryAll(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let filters = RouteDescription.deadLetterFilters
        var body = try BodyReader(
            exchange, request, .retryDeadLetters, known: filters.map(\.name) + ["ids"])
        let values = FilterValues(&body, filters)
        let messages = DeadLetterQuery.messages(&body)
        try body.check()
        var filter = try DeadLetterQuery.filter(values, providers)
        filter.messages = messages
        // What fails again at once must not be found again, without an end.
        let until = filter.until ?? .now
        filter.until = until
        let queued: Int
        let left: BoundedCount
        do {
            (queued, left) = try letters.retry(filter, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        if queued > 0 { notifier.notify() }
        return .json(
            body: JSONWriter.document { json in
                json.member("retried", queued)
                json.member("left", left.count)
                json.member("left_is_least", left.isBound)
                json.member("until", until.description)
            })
    }

    private static func describe(
        _ letter: DeadLetter, _ seesDetails: Bool, in json: inout JSONWriter
    ) {
        let words = letter.problem.text
        json.member("id", letter.message.description)
        json.member("send_request_id", letter.sendRequest.description)
        json.member("at", letter.at.description)
        json.member("provider", letter.provider.name)
        json.member(
            "to", seesDetails ? letter.recipient : NumberMask.masked(letter.recipient))
        json.member("attempts", letter.attempts)
        json.member("code", letter.problem.code)
        json.member("detail", seesDetails ? words : NumberMask.maskedNumbers(in: words))
        json.member("status", letter.status?.rawValue)
        json.member("may_have_been_sent", letter.mayHaveBeenSent)
        json.member("retriable", letter.refusal == nil)
        json.member("why_not", letter.refusal?.rawValue)
    }

    private static func explanation(_ refusal: RetryRefusal) -> String {
        switch refusal {
        case .underWay: "The message is in the queue already."
        case .reported:
            "The provider has reported on the message, so it went out. To send its text once more,"
                + " send a new message."
        case .textGone: "The message's text is no longer kept; send a new message."
        case .settled: "The message's status is none of a message that was given up."
        }
    }
}
