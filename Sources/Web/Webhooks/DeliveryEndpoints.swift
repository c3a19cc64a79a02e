package import Domain
import FastCGI
import JSON

/// `/v1/webhook-deliveries`: what became of events for webhooks, and sending them again.
package struct DeliveryEndpoints: Sendable {
    private let webhooks: any WebhookRegister
    private let notifier: any Notifier
    private let signer: CursorSigner

    static let limits = 1...200
    static let usualLimit = 50
    static let attemptLimit = 100
    static let numberLimit = 200
    private static let list = "webhook_deliveries"

    /// - Parameters:
    ///   - webhooks: where they are.
    ///   - notifier: tells deliverers that there is work.
    ///   - signer: of the list's cursors.
    package init(
        _ webhooks: any WebhookRegister, notifier: any Notifier, signer: CursorSigner
    ) {
        self.webhooks = webhooks
        self.notifier = notifier
        self.signer = signer
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listDeliveries, list),
            endpoint.route(.showDelivery, show),
            endpoint.route(.resendDelivery, resend),
            endpoint.route(.resendDeliveries, later: resendAll),
        ]
    }

    private func list(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let filter = Self.filter(
            try FilterValues(request, RouteDescription.deliveryFilters))
        let limit = try request.value("limit").flatMap { Int($0) } ?? Self.usualLimit
        let form = Array("\(filter)".utf8)
        var before: Int64?
        if let cursor = try request.value("cursor") {
            let bytes = try signer.position(cursor, list: Self.list, filter: form)
            before = bytes.reduce(0) { $0 << 8 | Int64($1) }
        }
        var found: [DeliveryRecord]
        let count: BoundedCount
        do {
            // One more tells whether there is a next page.
            found = try webhooks.deliveries(of: filter, before: before, limit: limit + 1)
            count = try webhooks.count(of: filter)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if found.count > limit, let last = found.prefix(limit).last {
            found.removeLast(found.count - limit)
            next = try signer.cursor(
                (0..<8).map { UInt8(truncatingIfNeeded: last.number >> Int64(56 - $0 * 8)) },
                list: Self.list, filter: form)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("deliveries") { json in
                    for record in found {
                        json.object { json in WebhookView.delivery(record, in: &json) }
                    }
                }
                json.member("count", count.count)
                json.member("count_is_least", count.isBound)
                json.member("next", next)
            })
    }

    private func show(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let number = try number(request)
        let found: (record: DeliveryRecord, attempts: [DeliveryAttempt])?
        do {
            found = try webhooks.delivery(number, attempts: Self.attemptLimit)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw Self.unknown }
        return .json(
            body: JSONWriter.document { json in
                WebhookView.delivery(found.record, in: &json)
                json.array("log") { json in
                    for attempt in found.attempts {
                        json.object { json in
                            WebhookView.attempt(attempt, principal.seesDetails, in: &json)
                        }
                    }
                }
            })
    }

    private func resend(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        var filter = DeliveryFilter()
        filter.numbers = [try number(request)]
        let queued: Int
        do {
            queued = try webhooks.resend(filter, after: 0, by: request.requester(principal)).queued
        } catch {
            throw Problem(error)
        }
        guard queued > 0 else { throw Self.unknown }
        notifier.notify()
        return try show(request, principal)
    }

    private func resendAll(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let filters = RouteDescription.deliveryFilters
        var body = try BodyReader(
            exchange, request, .resendDeliveries,
            known: filters.map(\.name) + ["ids", "after"])
        var filter = Self.filter(FilterValues(&body, filters))
        filter.numbers = body.numbers("ids", 1...Self.numberLimit)
        let after = body.number("after") ?? 0
        try body.check()
        // What is enqueued from now on is sent anyway.
        let until = filter.until ?? .now
        filter.until = until
        let result: (queued: Int, last: Int64, left: BoundedCount)
        do {
            result = try webhooks.resend(filter, after: after, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        if result.queued > 0 { notifier.notify() }
        return .json(
            body: JSONWriter.document { json in
                json.member("queued", result.queued)
                json.member("left", result.left.count)
                json.member("left_is_least", result.left.isBound)
                json.member("until", until.description)
                json.member("after", max(result.last, 1))
            })
    }

    private static let unknown = Problem(
        .notFound, "unknown_delivery",
        "There is no delivery of this number; they are kept for as long as callbacks are.")

    private func number(_ request: APIRequest) throws(Problem) -> Int64 {
        guard let number = Int64(request.captures[0]), number > 0 else { throw Self.unknown }
        return number
    }

    /// The forms of the values have been checked.
    private static func filter(_ values: FilterValues) -> DeliveryFilter {
        var filter = DeliveryFilter()
        filter.webhook = values.id("webhook_id")
        filter.state = values.text("state").flatMap { text in
            DeliveryRecord.State.allCases.first { $0.name == text }
        }
        filter.type = values.text("event").flatMap { WebhookEventType(rawValue: $0) }
        filter.message = values.id("message_id")
        filter.since = values.time("since")
        filter.until = values.time("until")
        return filter
    }
}
