/// An HTTP header's name, in both spellings that are needed.
package struct HeaderName: Hashable, Sendable, CustomStringConvertible {
    /// As configured, for messages to people.
    package let description: String
    /// As FastCGI passes it: `HTTP_X_WEBHOOK_SECRET`.
    package let parameter: String

    /// - Parameter name: RFC 9110 token characters, without `_` (nginx drops such headers); nil
    ///   for anything else.
    package init?(_ name: String) {
        let isToken = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard !name.isEmpty, isToken else { return nil }
        description = name
        parameter =
            "HTTP_"
            + String(
                decoding: name.uppercased().utf8.map {
                    $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0
                }, as: UTF8.self)
    }
}

extension HeaderName {
    /// Carries HTTP Basic credentials or a bearer token.
    package static let authorization = HeaderName(known: "Authorization", "HTTP_AUTHORIZATION")

    private init(known name: String, _ parameter: String) {
        description = name
        self.parameter = parameter
    }
}

/// The parts of a request that authenticate a callback; none of them is stored.
package struct CallbackRequest {
    /// Path and query exactly as the provider called them; signatures cover this text.
    package let uri: String
    /// The send request's id in our path, if it holds one: then the body says which message is
    /// meant, so a signature must cover the body.
    package let sendRequest: SendRequestID?
    package let body: [UInt8]
    /// A header's value, nil if it did not come. Valid only while the request is being handled.
    package let header: (HeaderName) -> String?

    package init(
        uri: String, sendRequest: SendRequestID? = nil, body: [UInt8],
        header: @escaping (HeaderName) -> String?
    ) {
        self.uri = uri
        self.sendRequest = sendRequest
        self.body = body
        self.header = header
    }
}
