import Domain
import JSON
private import Security

/// An archived callback as JSON.
enum CallbackView {
    /// As it came: its body as text if it is UTF-8, otherwise in Base64.
    ///
    /// The archive keeps no secret: neither credentials nor other headers than the content type,
    /// and no token of a path.
    static func document(_ callback: ReceivedCallback) -> [UInt8] {
        let text = String(validating: callback.body, as: UTF8.self)
        return JSONWriter.document { json in
            json.member("id", callback.id.description)
            json.member("provider", callback.provider.name)
            json.member("received_at", callback.receivedAt.description)
            json.member("path", callback.uri)
            json.member("content_type", callback.contentType)
            json.object("headers") { json in
                json.member("content-type", ifAny: callback.contentType)
            }
            json.member("message_id", callback.message?.description)
            json.member("send_request_id", callback.sendRequest?.description)
            json.member("bytes", callback.body.count)
            json.member("encoding", text == nil ? "base64" : "utf-8")
            json.member("body", text ?? Base64.encode(callback.body))
        }
    }
}
