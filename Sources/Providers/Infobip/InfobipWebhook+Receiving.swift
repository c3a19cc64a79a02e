package import Domain
import Security

extension InfobipWebhook.Settings: ReceivingSettings {
    package func webhook() -> (any WebhookProvider)? { InfobipWebhook(self) }

    package var summary: [(name: String, value: String)] {
        let algorithm = hmacKeys.first.map { ", \($0.algorithm.rawValue)" } ?? ""
        return [
            ("infobip basic", "\(basic.count) pair(s)"),
            ("infobip header", "\(headerName), \(headerSecrets.count) secret(s)"),
            ("infobip hmac", "\(hmacHeaderName), \(hmacKeys.count) secret(s)\(algorithm)"),
            ("infobip url", "\(urlSecrets.count) secret(s)"),
        ]
    }

    /// Signed by the first method that has a secret, in the order in which `serve` tries them.
    package func probe(_ message: ProbeMessage) -> SignedCallback? {
        let body = Self.body(message)
        var headers = [(name: "Content-Type", value: "application/json")]
        if let (user, password) = basic.first {
            let pair = password.withBytes { Array("\(user):".utf8) + Array($0) }
            headers.append(("Authorization", "Basic \(Base64.encode(pair))"))
            return SignedCallback(method: "basic", headers: headers, body: body)
        }
        if let secret = headerSecrets.first {
            let value = secret.withBytes { String(decoding: $0, as: UTF8.self) }
            headers.append((headerName.description, value))
            return SignedCallback(method: "header", headers: headers, body: body)
        }
        if let secret = urlSecrets.first {
            let whole = InfobipWebhook.callbackURL(base: message.url, secret: secret)
            return SignedCallback(
                method: "url token", query: String(whole.drop { $0 != "?" }), headers: headers,
                body: body)
        }
        guard let key = hmacKeys.first else { return nil }
        let value = "\(key.algorithm.rawValue)=\(Hexadecimal.encode(key.code(for: body)))"
        headers.append((hmacHeaderName.description, value))
        return SignedCallback(method: "hmac", headers: headers, body: body)
    }

    private static func body(_ message: ProbeMessage) -> [UInt8] {
        let time = message.time + "+0000"
        return Array(
            """
            {"results":[{"messageId":"\(message.id)","to":"\(message.recipient)","from":"Waybill",\
            "sentAt":"\(time)","doneAt":"\(time)","smsCount":1,\
            "status":{"groupId":3,"groupName":"DELIVERED","id":5,"name":"DELIVERED_TO_HANDSET",\
            "description":"Message delivered to handset"},\
            "error":{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR",\
            "description":"No Error","permanent":false}}]}
            """.utf8)
    }
}
