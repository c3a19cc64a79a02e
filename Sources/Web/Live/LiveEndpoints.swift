package import Domain
import FastCGI
private import Security

/// `GET /v1/messages/{id}/live` and `GET /v1/live`: streams of changes.
///
/// The endpoint checks who calls and what is asked for; the streams' own thread does the rest.
package struct LiveEndpoints: Sendable {
    private let streams: LiveStreams
    private let tickets: TicketSigner
    private let providers: [ProviderTraits]

    /// Then the browser comes back, and nginx asks again who it is.
    private static let singleSignOnLimit: Duration = .seconds(300)

    package init(_ streams: LiveStreams, tickets: TicketSigner, providers: [ProviderTraits]) {
        self.streams = streams
        self.tickets = tickets
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.followMessage, orOpenIf: { _ in false }) {
                request, exchange, reader throws(Problem) in
                let id = try MessageEndpoints.id(request)
                return try open(.message(id), request, exchange, reader)
            },
            endpoint.route(.follow, orOpenIf: Self.hasTicket) {
                request, exchange, reader throws(Problem) in
                try open(try target(request), request, exchange, reader)
            },
        ]
    }

    private static func hasTicket(_ request: APIRequest) -> Bool {
        (try? request.value("ticket")).flatMap { $0 } != nil
    }

    private func open(
        _ target: LiveTarget, _ request: APIRequest, _ exchange: Exchange, _ reader: StreamReader?
    ) throws(Problem) -> Response? {
        var target = target
        var endsAt: ContinuousClock.Instant?
        if let text = try request.value("ticket") {
            let ticket = try ticket(text, request)
            switch ticket.subject {
            case .message(let id): target = .message(id)
            case .sendRequest(let id): target = .sendRequest(id, LiveFilter())
            }
            endsAt = .now + ticket.expiresAt.since(.now)
        }
        if let reader, reader.credential == nil { endsAt = .now + Self.singleSignOnLimit }
        // nginx would wait for the end of a body that never ends.
        guard exchange.method != "HEAD" else { return Response(.ok, headers: [.eventStream]) }
        let opening = LiveOpening(
            exchange: exchange, requestID: request.requestID, target: target,
            view: LiveView(
                seesDetails: reader?.seesDetails ?? false,
                repeatsUnnamed: try request.value("unnamed") == "true"),
            reader: reader, endsAt: endsAt, resumption: try Self.resumption(request, exchange))
        guard streams.open(opening) else { throw .tooManyStreams }
        return nil
    }

    /// What the query asks for.
    private func target(_ request: APIRequest) throws(Problem) -> LiveTarget {
        var filter = LiveFilter()
        if let statuses = try request.value("status") {
            filter.statuses = Set(
                statuses.split(separator: ",").compactMap { Status(rawValue: String($0)) })
        }
        filter.isFinal = try request.value("final").map { $0 == "true" }
        if let name = try request.value("provider") {
            guard let provider = providers.provider(named: name) else {
                throw Problem(
                    .badRequest, "bad_query",
                    "There is no provider of this name; known: \(providers.names).", at: "provider")
            }
            filter.provider = provider
        }
        guard let text = try request.value("send_request_id") else { return .filter(filter) }
        guard let id = SendRequestID(anyCase: text) else { return .filter(filter) }
        return .sendRequest(id, filter)
    }

    private func ticket(_ text: String, _ request: APIRequest) throws(Problem) -> LiveTicket {
        for name in ["status", "final", "provider", "send_request_id"]
        where try request.value(name) != nil {
            throw Problem(
                .badRequest, "bad_query",
                "A ticket says by itself what it shows; leave this out.", at: name)
        }
        let ticket: LiveTicket?
        do {
            ticket = try tickets.read(text)
        } catch {
            throw Problem(error)
        }
        guard let ticket else {
            throw Problem(
                .unauthorized, "wrong_ticket", "This is no ticket of ours.",
                headers: [.challengeBearer])
        }
        guard ticket.expiresAt > .now else {
            throw Problem(
                .unauthorized, "expired_ticket",
                "The ticket ended at \(ticket.expiresAt); an hour after the message was sent only a"
                    + " key or a session may follow it.", headers: [.challengeBearer])
        }
        return ticket
    }

    /// The header's value, which a browser sends by itself when it comes back, before the query's,
    /// with which it came first.
    private static func resumption(
        _ request: APIRequest, _ exchange: Exchange
    ) throws(Problem) -> LiveOpening.Resumption {
        if let header = exchange.parameter("HTTP_LAST_EVENT_ID"), !header.isEmpty {
            return EventText.sequence(header).map { .after($0) } ?? .unknown
        }
        guard let text = try request.value("last_event_id") else { return .none }
        return EventText.sequence(text).map { .after($0) } ?? .unknown
    }
}
