package import Domain
import FastCGI

/// `GET /v1/messages…`: a message's status and how it came about.
package struct MessageEndpoints: Sendable {
    private let reader: any MessageReader
    /// Whose messages can be asked for by their names there.
    private let providers: [ProviderTraits]
    /// A message has a handful of reports; the bound is for unforeseen cases.
    private static let timelineLimit = 1000

    package init(_ reader: any MessageReader, providers: [ProviderTraits]) {
        self.reader = reader
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.findMessages, find),
            endpoint.route(.showMessage, show),
            endpoint.route(.showReports, reports),
        ]
    }

    private func find(_ request: APIRequest, _: Principal) throws(Problem) -> Response {
        guard let name = try request.value("provider"),
            let id = try request.value("provider_message_id"), !id.isEmpty
        else {
            throw Problem(
                .badRequest, "bad_query",
                "Give provider and provider_message_id, as in"
                    + " ?provider=\(providers.first?.provider.name ?? "")&provider_message_id=…")
        }
        guard let provider = providers.provider(named: name) else {
            throw Problem(
                .badRequest, "bad_query",
                "There is no provider of this name; known: \(providers.names).", at: "provider")
        }
        let found: Message?
        do {
            found = try reader.message(provider: provider, named: id)
        } catch {
            throw Problem(error)
        }
        return .json(body: MessageView.message(try Self.known(found)))
    }

    private func show(_ request: APIRequest, _: Principal) throws(Problem) -> Response {
        return .json(body: MessageView.message(try message(request)))
    }

    private func reports(_ request: APIRequest, _: Principal) throws(Problem) -> Response {
        let message = try message(request)
        let reports: [RecordedReport]
        let events: [SendEvent]
        do {
            reports = try reader.reports(of: message.id, limit: Self.timelineLimit)
            events =
                message.isOurs
                ? try reader.events(of: message.id, limit: Self.timelineLimit) : []
        } catch {
            throw Problem(error)
        }
        return .json(
            body: MessageView.timeline(of: message, reports: reports, events: events))
    }

    private func message(_ request: APIRequest) throws(Problem) -> Message {
        try Self.message(Self.id(request), in: reader)
    }

    /// The message that the path names.
    ///
    /// - Throws: 400 `bad_message_id`.
    static func id(_ request: APIRequest) throws(Problem) -> MessageID {
        guard let id = MessageID(anyCase: request.captures[0]) else {
            throw Problem(
                .badRequest, "bad_message_id",
                "A message id is a UUID; to look one up by the provider's id use"
                    + " /v1/messages?provider=…&provider_message_id=….")
        }
        return id
    }

    /// A message that must be there.
    ///
    /// - Throws: 404 `unknown_message`, and what the store gives.
    static func message(
        _ id: MessageID, in reader: any MessageReader
    ) throws(Problem) -> Message {
        let found: Message?
        do {
            found = try reader.message(id)
        } catch {
            throw Problem(error)
        }
        return try known(found)
    }

    private static func known(_ message: Message?) throws(Problem) -> Message {
        guard let message else {
            throw Problem(
                .notFound, "unknown_message",
                "Nobody has sent this message through us or reported on it.")
        }
        return message
    }
}
