import Domain
import JSON
import Providers
import Security

/// Acme's callbacks: one event a POST, as JSON, with the hexadecimal HMAC of the body in a header.
struct AcmeWebhook: WebhookProvider {
    let traits = AcmeKit().traits
    let bodyLimit = 16_384
    var authenticatingHeaders: [HeaderName] { Self.signatureHeader.map { [$0] } ?? [] }
    let secrets: [Secret]

    private static let signatureHeader = HeaderName("X-Acme-Signature")

    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        guard let text = Self.signatureHeader.flatMap(request.header) else {
            throw Refusal(.missingSignature)
        }
        guard let code = Hexadecimal.decode(text.utf8) else { throw Refusal(.wrongSignature) }
        for (index, secret) in secrets.enumerated() {
            if let key = try? HMACKey(secret), key.isValid(code, for: request.body) {
                return Verification(method: "hmac", secret: index + 1)
            }
        }
        throw Refusal(.wrongSignature)
    }

    func parse(_ callback: ReceivedCallback) throws(Malformation) -> ParsedCallback {
        guard let event = JSONValue(callback.body), let id = event["id"]?.text,
            let state = event["state"]?.text
        else {
            throw Malformation(.wrongShape, at: "body", "`id` and `state` were expected.")
        }
        let message =
            callback.message ?? MessageKey.derive(provider: provider, providerMessageID: id)
        let report = Self.report(
            message: message, isKeyDerived: callback.message == nil, id: id, state: state,
            at: event["at"]?.text, to: event["to"]?.text, source: .callback)
        return ParsedCallback(reports: [report], rejects: [])
    }

    /// A report in Acme's form.
    static func report(
        message: MessageID, isKeyDerived: Bool, id: String, state: String, at: String?, to: String?,
        source: Report.Source
    ) -> Report {
        let provider = AcmeKit().provider
        let status: Status =
            switch state {
            case "delivered": .delivered
            case "lost": .undeliverable
            case "underway": .sent
            default: .unknown
            }
        return Report(
            message: message, isKeyDerived: isKeyDerived, provider: provider,
            providerMessageID: id, status: status,
            outcome: Outcome(provider: provider, statusName: state), source: source,
            recipient: to.map { "+" + $0 }, doneAt: at.flatMap { try? Timestamp(rfc3339: $0) })
    }

    static func body(id: String, state: String, at: String, to: String) -> [UInt8] {
        Array(#"{"id":"\#(id)","state":"\#(state)","at":"\#(at)","to":"\#(to)"}"#.utf8)
    }

    static func signature(of body: [UInt8], _ secret: Secret) -> String? {
        (try? HMACKey(secret)).map { Hexadecimal.encode($0.code(for: body)) }
    }
}
