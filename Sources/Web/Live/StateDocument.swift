import Domain
import JSON

/// The state of several messages.
enum StateDocument {
    /// Their documents as far as they fit, and for a send request the number of messages by status.
    static func list(
        _ messages: [Message], of target: LiveTarget, _ view: LiveView, bytes: Int,
        _ documents: inout MessageDocuments
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        if case .sendRequest(let id, _) = target {
            json.member("send_request_id", id.description)
            json.member("total", messages.count)
            json.key("counts")
            json.beginObject()
            for status in Status.allCases {
                let count = messages.count { $0.shownStatus == status }
                if count > 0 { json.member(status.rawValue, count) }
            }
            json.endObject()
        }
        var left = bytes
        var isMore = false
        json.key("messages")
        json.beginArray()
        for message in messages {
            let document = documents.document(of: message, view)
            left -= document.count
            guard left >= 0 else {
                isMore = true
                break
            }
            json.raw(document)
        }
        json.endArray()
        json.member("more", isMore)
        json.endObject()
        return json.bytes
    }
}
