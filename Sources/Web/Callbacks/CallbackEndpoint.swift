package import Domain
import FastCGI
import JSON
package import Telemetry

/// Receives one provider's callbacks: reads, authenticates, parses and submits them to the sink,
/// and answers once it is on disk: in the database, or in the spool.
///
/// This is the hot path. Everything up to the sink happens on the worker that read the request;
/// the answer is given on the sink's thread.
package final class CallbackEndpoint: Sendable {
    private let webhook: any WebhookProvider
    private let sink: any ReportSink
    private let unverified: UnverifiedCallbacks?
    private let ages: ReportAges?
    private let logger: Logger
    package let statistics = CallbackStatistics()
    private let accepted: Counter
    private let reports: Counter
    private let rejects: Counter
    private let oddities: Counter
    private let events: Counter
    private let inbound: Counter
    private let refusals: [String: Counter]
    private let duration: Histogram
    private let notes = NoteBudget()

    private static let ok = PreparedResponse(
        Response(.ok, headers: [.json], body: JSONWriter.document { $0.member("status", "stored") })
    )

    /// - Parameters:
    ///   - webhook: authenticates and reads.
    ///   - sink: stores.
    ///   - unverified: keeps callbacks that fail authentication; nil keeps none.
    ///   - ages: where it counts how old reports are.
    ///   - metrics: where it counts.
    ///   - logger: told of refusals, and of parts that cannot be read.
    package init(
        _ webhook: any WebhookProvider, sink: any ReportSink,
        unverified: UnverifiedCallbacks? = nil, ages: ReportAges? = nil, metrics: Metrics,
        logger: Logger
    ) {
        self.webhook = webhook
        self.sink = sink
        self.unverified = unverified
        self.ages = ages
        self.logger = logger
        let provider = webhook.provider.name
        accepted = metrics.counter(
            "waybill_callbacks_accepted_total", "Callbacks answered 200, by provider.",
            ["provider": provider])
        reports = metrics.counter(
            "waybill_reports_accepted_total", "Reports stored, repetitions included, by provider.",
            ["provider": provider])
        rejects = metrics.counter(
            "waybill_reports_quarantined_total",
            "Parts of authenticated callbacks of which no report could be made, by provider.",
            ["provider": provider])
        oddities = metrics.counter(
            "waybill_reports_with_oddities_total",
            "Reports stored without a field that could not be read, by provider.",
            ["provider": provider])
        events = metrics.counter(
            "waybill_other_events_total",
            "Parts of authenticated callbacks about something else than a delivery, by provider.",
            ["provider": provider])
        inbound = metrics.counter(
            "waybill_inbound_accepted_total",
            "Messages from people stored, repetitions included, by provider.",
            ["provider": provider])
        duration = metrics.histogram(
            "waybill_callback_seconds",
            "From the arrival of a callback that was answered 200 to its answer, by provider.",
            ["provider": provider])
        let reasons =
            Refusal.Reason.allCases.map(\.rawValue) + Malformation.Code.allCases.map(\.rawValue)
            + ["body_too_large", "incomplete_body", "writer_full", "database_unavailable"]
            + ["stopping"]
        refusals = Dictionary(
            uniqueKeysWithValues: reasons.map { reason in
                let counter = metrics.counter(
                    "waybill_callbacks_refused_total",
                    "Callbacks not answered 200, by provider and reason.",
                    ["provider": provider, "reason": reason])
                return (reason, counter)
            })
    }

    /// Whose callbacks it takes, and how those come.
    package var traits: ProviderTraits { webhook.traits }

    /// The provider's paths: one for all callbacks. A provider that returns our ids nowhere else
    /// has one more with our id of the message, and one with the id of the send request; and there
    /// may be one for messages from people.
    package var routes: [Router.Route] {
        // The URL may have been entered with a slash at its end, and a 404 would lose the report.
        ["", "/"].flatMap { routes(end: $0) }
    }

    private func routes(end: String) -> [Router.Route] {
        let described = RouteDescription.callbacks(of: traits)
        func route(
            _ description: RouteDescription, _ answer: @escaping Router.Endpoint
        ) -> Router.Route {
            // The path with a slash at its end is another spelling.
            end.isEmpty
                ? Router.Route(description, answer)
                : Router.Route("POST", description.path + end, answer)
        }
        let plain = route(described.plain) { [self] exchange, _ in handle(exchange) }
        let inbound = inboundRoutes(described.inbound, described.inboundByGet, end: end)
        guard traits.callbackPaths == .withOurIDs else { return [plain] + inbound }
        // Likewise the id may be in capitals.
        let message = route(described.message) { [self] exchange, captures in
            guard let message = MessageID(anyCase: captures[0]) else {
                return refuse(exchange, noSuchPath("message"), .anybody, at: .now)
            }
            handle(exchange, message: message)
        }
        let sendRequest = route(described.sendRequest) { [self] exchange, captures in
            guard let sendRequest = SendRequestID(anyCase: captures[0]) else {
                return refuse(exchange, noSuchPath("send request"), .anybody, at: .now)
            }
            handle(exchange, sendRequest: sendRequest)
        }
        return [plain, message, sendRequest] + inbound
    }

    /// By GET as well, which is the choice of whoever enters the URL: the query is the form then.
    private func inboundRoutes(
        _ post: RouteDescription, _ get: RouteDescription, end: String
    ) -> [Router.Route] {
        guard traits.hasInboundPath else { return [] }
        let answer: Router.Endpoint = { [self] exchange, _ in handle(exchange) }
        guard end.isEmpty else {
            return [post, get].map { Router.Route($0.method, $0.path + end, answer) }
        }
        return [Router.Route(post, answer), Router.Route(get, answer)]
    }

    private func noSuchPath(_ kind: String) -> Problem {
        Problem(.notFound, "not_found", "The path must end in one of our \(kind) ids.")
    }

    /// Answers one callback; `message` or `sendRequest` is the id in its path, if any.
    private func handle(
        _ exchange: Exchange, message: MessageID? = nil, sendRequest: SendRequestID? = nil
    ) {
        let now = Timestamp.now
        let body: [UInt8]
        do {
            body = try exchange.readBody(limit: webhook.bodyLimit)
        } catch {
            return refuse(
                exchange, Problem(error, bodyLimit: webhook.bodyLimit), .anybody, at: now)
        }
        let request = CallbackRequest(
            uri: exchange.requestURI ?? "", sendRequest: sendRequest, body: body,
            header: { exchange.parameter($0.parameter) })
        let verification: Verification
        do {
            verification = try webhook.authenticate(request)
        } catch {
            unverified?.keep(
                received(request, message, exchange, at: now), refused: error,
                with: { CallbackCredentials(request, webhook.authenticatingHeaders) })
            return refuse(exchange, problem(for: error), caller(error), at: now)
        }
        let callback = received(request, message, exchange, at: now)
        do throws(Malformation) {
            if exchange.hasEncodedBody { throw Malformation.encoded }
            let parsed = try webhook.parse(callback)
            let submission = Submission(
                callback: callback, reports: parsed.reports, inbound: parsed.inbound,
                optOuts: parsed.optOuts, rejects: notes.admit(parsed.rejects, at: now),
                // Read only where a replay may need it.
                credentials: parsed.rejects.isEmpty
                    ? nil : CallbackCredentials(request, webhook.authenticatingHeaders))
            store(submission, parsed, for: exchange, verification: verification)
        } catch {
            // The excerpt in quarantine is cut; the archive has the whole body.
            let submission = Submission(
                callback: callback, reports: [], rejects: [Reject(error, of: callback)],
                credentials: CallbackCredentials(request, webhook.authenticatingHeaders))
            keep(submission, error, for: exchange)
        }
    }

    private func received(
        _ request: CallbackRequest, _ message: MessageID?, _ exchange: Exchange, at now: Timestamp
    ) -> ReceivedCallback {
        ReceivedCallback(
            id: .new(at: now), provider: webhook.provider,
            uri: webhook.archived(uri: request.uri), contentType: exchange.contentType,
            message: message, sendRequest: request.sendRequest, receivedAt: now, body: request.body)
    }

    /// Submits a readable callback to the sink and answers once it is on disk.
    private func store(
        _ submission: Submission, _ parsed: ParsedCallback, for exchange: Exchange,
        verification: Verification
    ) {
        let callback = submission.callback
        sink.submit(submission) { [self] result in
            switch result {
            case .success:
                // Counted before the answer, so that a caller who has the answer sees it in the
                // status.
                duration.record(.now - exchange.arrival)
                accepted.add()
                reports.add(parsed.reports.count)
                if !parsed.inbound.isEmpty { inbound.add(parsed.inbound.count) }
                let others = parsed.events + parsed.optOuts.count
                if others > 0 { events.add(others) }
                let lost = count(parsed.rejects)
                statistics.accepted(
                    reports: parsed.reports.count, rejects: lost, verification: verification,
                    at: callback.receivedAt)
                ages?.add(parsed.reports, receivedAt: callback.receivedAt)
                let requestID = parsed.rejects.isEmpty ? nil : exchange.requestID
                exchange.respond(
                    Self.ok.adding("Waybill-Receipt", callback.id.description))
                log(parsed.rejects, of: callback, requestID: requestID)
            case .failure(let failure):
                refuse(
                    exchange, problem(for: failure), .provider, reports: parsed.reports.count,
                    at: callback.receivedAt)
            }
        }
    }

    /// Counts what goes to quarantine, and returns how many reports are lost by it.
    private func count(_ kept: [Reject]) -> Int {
        if kept.isEmpty { return 0 }
        let lost = kept.count { $0.cost == .report }
        rejects.add(lost)
        oddities.add(kept.count { $0.cost == .field })
        events.add(kept.count { $0.cost == .nothing })
        return lost
    }

    /// Archives an unreadable callback of an authenticated provider, records the reason in
    /// quarantine, then refuses it.
    private func keep(
        _ submission: Submission, _ malformation: Malformation, for exchange: Exchange
    ) {
        let now = submission.callback.receivedAt
        sink.submit(submission) { [self] result in
            switch result {
            case .success:
                rejects.add()
                refuse(exchange, Problem(malformation), .provider, at: now)
            case .failure(let failure):
                refuse(exchange, problem(for: failure), .provider, at: now)
            }
        }
    }

    private func refuse(
        _ exchange: Exchange, _ problem: Problem, _ caller: CallbackStatistics.Caller,
        reports: Int = 0, at now: Timestamp
    ) {
        let requestID = exchange.requestID
        refusals[problem.code]?.add()
        statistics.refused(caller, reports: reports, at: now)
        exchange.respond(problem.response(requestID: requestID))
        logger.log(
            .warning, "callback refused", requestID: requestID, limitKey: problem.code,
            [
                "provider": "\(webhook.provider.name)", "code": "\(problem.code)",
                "place": "\(problem.place ?? "")", "status": .integer(Int64(problem.status.code)),
            ])
    }

    /// One line each for lost reports, for fields that were left out, and for other events.
    private func log(_ kept: [Reject], of callback: ReceivedCallback, requestID: String?) {
        // One line is enough, because quarantine has every reject.
        for cost in [Reject.Cost.report, .field, .nothing] {
            let rejects = kept.filter { $0.cost == cost }
            guard let first = rejects.first else { continue }
            let (level, message) = cost.logLine
            logger.log(
                level, message, requestID: requestID,
                limitKey: "\(webhook.provider.name) \(first.reason)",
                [
                    "provider": "\(webhook.provider.name)", "reason": "\(first.reason)",
                    "place": "\(first.place.prefix(200))", "callback_id": "\(callback.id)",
                    "count": .integer(Int64(rejects.count)),
                ])
        }
    }

    private func caller(_ refusal: Refusal) -> CallbackStatistics.Caller {
        switch refusal.reason {
        case .missingCredentials, .missingSignature: .anybody
        case .wrongCredentials, .wrongSignature, .schemeNotAllowed: .unverified
        }
    }

    private func problem(for refusal: Refusal) -> Problem {
        let code = refusal.reason.rawValue
        let detail =
            switch refusal.reason {
            case .missingCredentials: "No credentials came that are enabled here."
            case .wrongCredentials: "The credentials are wrong."
            case .missingSignature: "No signature came."
            case .wrongSignature:
                "The signature does not match; it covers the public URL, the body and the nonce."
            case .schemeNotAllowed: "This signature scheme is not accepted here."
            }
        return switch traits.refusal {
        case .forbidden: Problem(.forbidden, code, detail)
        case .unauthorized: Problem(.unauthorized, code, detail, headers: [.challengeBasic])
        }
    }

    private func problem(for failure: SinkFailure) -> Problem {
        switch failure {
        case .full:
            .unavailable("writer_full", "Too much waits to be stored; send it again.")
        case .unavailable:
            .unavailable(
                "database_unavailable", "The report cannot be stored now; send it again.")
        case .stopping:
            .unavailable("stopping", "The service is stopping; send it again.")
        }
    }
}

extension Reject.Cost {
    /// how serious it is.
    fileprivate var logLine: (Logger.Level, String) {
        switch self {
        case .report: (.warning, "part of a callback put into quarantine")
        case .field: (.warning, "reports stored without fields that could not be read")
        case .nothing: (.info, "a callback about something else than a delivery")
        }
    }
}
