package import Domain
import FastCGI

/// `GET /v1/messages…` and `GET /v1/callbacks/{id}`: messages, and how their statuses came about.
package struct MessageEndpoints: Sendable {
    private let reader: any MessageReader
    private let list: MessageList
    /// A message has a handful of reports; the bound is for unforeseen cases.
    private static let timelineLimit = 1000

    package init(_ reader: any MessageReader, list: MessageList) {
        self.reader = reader
        self.list = list
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.findMessages, caller: list.answer),
            endpoint.route(.showMessage, show),
            endpoint.route(.showReports, reports),
            endpoint.route(.showCallback, callback),
        ]
    }

    private func show(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let message = try message(request)
        let (reports, events) = try history(of: message)
        return .json(
            body: MessageView(principal.seesDetails)
                .document(message, reports: reports, events: events))
    }

    private func reports(
        _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let message = try message(request)
        let (reports, events) = try history(of: message)
        return .json(
            body: MessageView(principal.seesDetails)
                .reports(of: message, reports: reports, events: events))
    }

    private func history(
        of message: Message
    ) throws(Problem) -> (reports: [RecordedReport], events: [SendEvent]) {
        do {
            return (
                try reader.reports(of: message.id, limit: Self.timelineLimit),
                message.isOurs
                    ? try reader.events(of: message.id, limit: Self.timelineLimit) : []
            )
        } catch {
            throw Problem(error)
        }
    }

    private func callback(_ request: APIRequest, _: Principal) throws(Problem) -> Response {
        guard let id = CallbackID(anyCase: request.captures[0]) else {
            throw Problem(
                .badRequest, "bad_callback_id",
                "A callback id is a UUID, as callback_id of a report.")
        }
        let found: ReceivedCallback?
        do { found = try reader.callback(id) } catch { throw Problem(error) }
        guard let found else {
            throw Problem(
                .notFound, "unknown_callback",
                "There is no callback of this id, or it was kept for as long as is set and is gone."
            )
        }
        return .json(body: CallbackView.document(found))
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

    /// The message if there is one.
    ///
    /// - Throws: 404 `unknown_message`.
    static func known(_ message: Message?) throws(Problem) -> Message {
        guard let message else {
            throw Problem(
                .notFound, "unknown_message",
                "Nobody has sent this message through us or reported on it.")
        }
        return message
    }
}
