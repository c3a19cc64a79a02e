package import Domain
import FastCGI
import JSON

/// The answer to a send request that sends messages.
package enum SendAnswer {
    /// The document: each message with its known state; without states all are queued.
    package static func document(
        _ sendRequest: SendRequest, _ states: [MessageID: SendState] = [:]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("messages")
        json.beginArray()
        for recipient in sendRequest.recipients {
            let state = states[recipient.message]
            json.beginObject()
            json.member("id", recipient.message.description)
            json.member("to", recipient.number.description)
            json.member("status", (state?.status ?? .queued).rawValue)
            json.member("provider", (state?.provider ?? recipient.provider).name)
            json.member("segments", sendRequest.segmentation.segments)
            if let problem = state?.problem {
                json.key("error")
                json.beginObject()
                json.member("code", problem.code)
                json.member("description", problem.text)
                json.endObject()
            }
            json.endObject()
        }
        json.endArray()
        json.member("encoding", sendRequest.segmentation.encoding.rawValue)
        json.member("segments", sendRequest.segmentation.segments)
        json.member("send_request_id", sendRequest.id.description)
        json.member("send_at", sendRequest.sendAt?.description)
        json.endObject()
        return json.bytes
    }

    /// The answer that repetitions get: 200 once all messages have left the queue.
    static func stored(_ sendRequest: SendRequest, _ states: [MessageID: SendState] = [:])
        -> StoredAnswer
    {
        let isDone = sendRequest.recipients.allSatisfy { recipient in
            states[recipient.message].map { $0.status != .queued } ?? false
        }
        return StoredAnswer(
            status: isDone ? 200 : 202, body: document(sendRequest, states),
            message: sendRequest.recipients.count == 1 ? sendRequest.recipients[0].message : nil)
    }

    /// The answer that is sent: the stored one with its tickets, which are the same each time.
    static func response(
        _ answer: StoredAnswer, _ tickets: AnswerTickets?, isReplayed: Bool = false
    ) -> Response {
        var headers = [HeaderField.json]
        if let message = answer.message,
            let location = HeaderField(name: "Location", value: "/v1/messages/\(message)")
        {
            headers.append(location)
        }
        if isReplayed { headers.append(.replayed) }
        return Response(
            HTTPStatus(code: answer.status) ?? .accepted, headers: headers,
            body: tickets?.added(to: answer.body) ?? answer.body)
    }
}

extension HeaderField {
    static let replayed = HeaderField("Idempotency-Replayed", "true")
}
