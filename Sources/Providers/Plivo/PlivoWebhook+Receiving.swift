package import Domain
import Security

extension PlivoWebhook.Settings: ReceivingSettings {
    package func webhook() -> (any WebhookProvider)? { PlivoWebhook(self) }

    package var summary: [(name: String, value: String)] {
        [
            ("plivo base URLs", baseURLs.joined(separator: ", ")),
            (
                "plivo",
                "\(tokens.count) token(s), signature V2 \(allowsV2 ? "allowed" : "refused")"
            ),
        ]
    }

    /// Signed by V3 with the first token.
    package func probe(_ message: ProbeMessage) -> SignedCallback? {
        let body = Self.body(message)
        let nonce = String(UInt64.random(in: 1...UInt64(Int64.max)))
        let signature = tokens.first.flatMap {
            PlivoWebhook.signatureV3(
                baseURL: message.url, uri: message.path, body: body, nonce: nonce, token: $0)
        }
        guard let signature else { return nil }
        return SignedCallback(
            method: "v3",
            headers: [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-V3-Nonce", nonce),
            ],
            body: body)
    }

    package func adviceOnWrongSignature(url: String) -> String {
        "the deployment has another PLIVO_AUTH_TOKEN than this environment, or \(url) is not in its"
            + " APP_BASE_URL"
    }

    private static func body(_ message: ProbeMessage) -> [UInt8] {
        let time = message.time.replacing("T", with: " ", maxReplacements: 1)
        let fields = [
            ("From", "Waybill"), ("To", message.recipient), ("Status", "delivered"),
            ("Sequence", "3"), ("MessageUUID", message.id), ("ParentMessageUUID", message.id),
            ("PartInfo", "1 of 1"), ("Type", "sms"), ("Units", "1"), ("MessageTime", time),
            ("QueuedTime", time), ("SentTime", time), ("DeliveryReportTime", time),
        ]
        let escaped = fields.map { name, value in
            name + "=" + value.replacing(":", with: "%3A").replacing(" ", with: "+")
        }
        return Array(escaped.joined(separator: "&").utf8)
    }
}
