import Domain
import Foundation
import Providers
import Security

/// One callback as a provider would post it: a made-up message was delivered just now.
struct ProbeCallback {
    /// Recognisable in the database and in answers.
    let messageID: String
    let provider: Provider
    /// What proves it, in the words of `/v1/status`: `basic`, `header`, `url token`, `hmac`, `v3`.
    let method: String
    /// Behind the base URL.
    let path: String
    /// Behind the path, with its question mark; holds a secret, if anything.
    let query: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// What must be read back.
    static let status = Status.delivered
    /// Of the range that Ofcom reserves for drama: no handset has it.
    private static let recipient = "447700900000"

    /// - Parameters:
    ///   - settings: what signs it.
    ///   - identifier: a UUID of this probe's own.
    ///   - now: when the message is said to have been delivered.
    /// - Throws: `CommandFailure` if libcrypto cannot sign.
    init(
        _ settings: ProbeSettings, identifier: String, at now: Timestamp = .now
    ) throws(CommandFailure) {
        messageID = "waybill-probe-\(identifier)"
        provider = settings.credentials.provider
        path = "/callbacks/\(provider.rawValue)"
        // To the millisecond, which is all that Infobip's format holds.
        let time = Timestamp(microseconds: now.microseconds / 1000 * 1000).description.dropLast()
        switch settings.credentials {
        case .infobip(let infobip):
            body = Self.infobipBody(messageID, time: "\(time)+0000")
            let proof = try Self.proof(infobip, url: settings.url, body: body)
            method = proof.method
            query = proof.query
            headers = [("Content-Type", "application/json")] + (proof.header.map { [$0] } ?? [])
        case .plivo(let token):
            method = "v3"
            query = ""
            let form = Self.plivoBody(
                messageID, time: time.replacingOccurrences(of: "T", with: " "))
            body = form
            let nonce = String(UInt64.random(in: 1...UInt64(Int64.max)))
            guard
                let signature = PlivoWebhook.signatureV3(
                    baseURL: settings.url, uri: path, body: form, nonce: nonce, token: token)
            else { throw CommandFailure("this machine's libcrypto offers no HMAC-SHA256") }
            headers = [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-V3-Nonce", nonce),
            ]
        }
    }

    /// What proves a callback of Infobip's: a header, or the URL's query.
    private struct Proof {
        let method: String
        var header: (name: String, value: String)?
        var query = ""
    }

    /// By the first method that has a secret, in the order in which `serve` tries them.
    private static func proof(
        _ settings: InfobipWebhook.Settings, url: String, body: [UInt8]
    ) throws(CommandFailure) -> Proof {
        if let (user, password) = settings.basic.first {
            let pair = password.withBytes { Array("\(user):".utf8) + Array($0) }
            return Proof(
                method: "basic", header: ("Authorization", "Basic \(Base64.encode(pair))"))
        }
        if let secret = settings.headerSecrets.first {
            let value = secret.withBytes { String(decoding: $0, as: UTF8.self) }
            return Proof(method: "header", header: (settings.headerName.description, value))
        }
        if let secret = settings.urlSecrets.first {
            let whole = InfobipWebhook.callbackURL(base: url, secret: secret)
            return Proof(method: "url token", query: String(whole.drop { $0 != "?" }))
        }
        guard let key = settings.hmacKeys.first else {
            throw CommandFailure("Infobip's settings hold no secret")
        }
        let value = "\(key.algorithm.rawValue)=\(Hexadecimal.encode(key.code(for: body)))"
        return Proof(method: "hmac", header: (settings.hmacHeaderName.description, value))
    }

    private static func infobipBody(_ messageID: String, time: String) -> [UInt8] {
        Array(
            """
            {"results":[{"messageId":"\(messageID)","to":"\(recipient)","from":"Waybill",\
            "sentAt":"\(time)","doneAt":"\(time)","smsCount":1,\
            "status":{"groupId":3,"groupName":"DELIVERED","id":5,"name":"DELIVERED_TO_HANDSET",\
            "description":"Message delivered to handset"},\
            "error":{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR",\
            "description":"No Error","permanent":false}}]}
            """.utf8)
    }

    private static func plivoBody(_ messageID: String, time: String) -> [UInt8] {
        let fields = [
            ("From", "Waybill"), ("To", recipient), ("Status", "delivered"), ("Sequence", "3"),
            ("MessageUUID", messageID), ("ParentMessageUUID", messageID), ("PartInfo", "1 of 1"),
            ("Type", "sms"), ("Units", "1"), ("MessageTime", time), ("QueuedTime", time),
            ("SentTime", time), ("DeliveryReportTime", time),
        ]
        let escaped = fields.map { name, value in
            name + "="
                + value.replacingOccurrences(of: ":", with: "%3A")
                .replacingOccurrences(of: " ", with: "+")
        }
        return Array(escaped.joined(separator: "&").utf8)
    }
}
