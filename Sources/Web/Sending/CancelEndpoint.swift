package import Domain
import FastCGI

/// `DELETE /v1/messages/{id}`: Cancels a message that no dispatcher has taken yet.
///
/// Repeating it is harmless: a message that was cancelled stays so, and is answered 200 again.
package struct CancelEndpoint: Sendable {
    private let queue: any MessageQueue
    private let reader: any MessageReader

    package init(queue: any MessageQueue, reader: any MessageReader) {
        self.queue = queue
        self.reader = reader
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [endpoint.route(.cancel, cancel)]
    }

    private func cancel(
        _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let id = try MessageEndpoints.id(request)
        switch try cancel(id, by: request.requester(principal)) {
        case .cancelled, .tooLate(.cancelled):
            return .json(body: MessageView.message(try MessageEndpoints.message(id, in: reader)))
        case .tooLate(.queued):
            throw Self.tooLate("A provider may have it: it is being sent just now.")
        case .tooLate(let status):
            throw Self.tooLate("Its status is \(status.rawValue).")
        case .unknown:
            // 404 if there is no such message.
            _ = try MessageEndpoints.message(id, in: reader)
            throw Problem(
                .conflict, "not_ours",
                "This message was not sent through us; only its reports came here.")
        }
    }

    private func cancel(
        _ id: MessageID, by requester: Requester
    ) throws(Problem) -> Cancellation {
        do {
            return try queue.cancel(id, at: .now, by: requester)
        } catch {
            throw Problem(error)
        }
    }

    private static func tooLate(_ why: String) -> Problem {
        Problem(.conflict, "too_late", "The message cannot be cancelled any more. \(why)")
    }
}
