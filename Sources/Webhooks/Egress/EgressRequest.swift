package import Domain
import JSON

/// A request to the egress proxy: nginx/egress.conf says what it makes of it.
///
/// HTTP/1.0, so that the answer ends with its connection and is never chunked.
package struct EgressRequest: Sendable {
    package let url: WebhookURL
    /// The address that was checked: nothing else is connected to.
    package let address: String
    package let event: WebhookEventID
    /// In seconds since 1970.
    package let timestamp: Int64
    /// The values of `webhook-signature`.
    package let signatures: [String]
    /// The receiver's own.
    package let headers: [(name: String, value: String)]
    package let userAgent: String
    package let body: [UInt8]

    package init(
        url: WebhookURL, address: String, event: WebhookEventID, timestamp: Int64,
        signatures: [String], headers: [(name: String, value: String)], userAgent: String,
        body: [UInt8]
    ) {
        self.url = url
        self.address = address
        self.event = event
        self.timestamp = timestamp
        self.signatures = signatures
        self.headers = headers
        self.userAgent = userAgent
        self.body = body
    }

    /// All bytes of the request.
    package var bytes: [UInt8] {
        let place = address.contains(":") ? "[\(address)]" : address
        var head = "POST \(url.target) HTTP/1.0\r\n"
        for (name, value) in [
            ("Host", url.authority), ("Waybill-Scheme", url.isHTTPS ? "https" : "http"),
            ("Waybill-Address", "\(place):\(url.port)"), ("Waybill-Name", url.host),
            ("User-Agent", userAgent), ("Content-Type", "application/json"),
            ("Content-Length", "\(body.count)"), ("webhook-id", event.description),
            ("webhook-timestamp", "\(timestamp)"),
            ("webhook-signature", signatures.joined(separator: " ")),
        ] + headers {
            head += "\(name): \(value)\r\n"
        }
        return Array((head + "\r\n").utf8) + body
    }

    /// The receiver's own headers, out of the object that is stored.
    package static func headers(_ json: String) -> [(name: String, value: String)] {
        guard let object = JSONValue(Array(json.utf8)) else { return [] }
        return object.members.compactMap { member in
            if case .string(let value) = member.value, isHeader(member.name, value) {
                (member.name, value)
            } else {
                nil
            }
        }
    }

    /// Whether a receiver may have a header of this name and value: it changes neither how the request
    /// is read nor what proves that it is ours.
    package static func isHeader(_ name: String, _ value: String) -> Bool {
        WebhookHeader.problem(name, value) == nil
    }
}
