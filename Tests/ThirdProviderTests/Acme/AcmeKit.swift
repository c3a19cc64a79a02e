import Domain
import Providers
import Security
import Settings

/// A made-up provider in a folder of its own: everything that adding one takes.
///
/// It posts JSON that an HMAC signs, gives messages names of its own, and accepts them one by one.
struct AcmeKit: ProviderKit {
    let traits = ProviderTraits(
        provider: Provider(code: 3, name: "acme", messageNames: .itsOwn), title: "Acme",
        messageIDField: "id", callbackPaths: .withOurIDs, retryHorizon: .seconds(3600),
        lookUpHorizon: .seconds(86_400), limits: SendLimits(numberDigits: 13),
        usual: UsualSending(
            rate: nil, concurrency: 3, batch: 1, reconcile: [.seconds(600), .seconds(7200)]))

    static let webhookSecret = Setting(
        "ACME_WEBHOOK_SECRET", whenUnset: "off", isSecret: true, isList: true, in: group,
        readBy: [.serve, .probe], "Signs Acme's callbacks.")
    static let apiKey = Setting(
        "ACME_API_KEY", whenUnset: "off", isSecret: true, in: group, readBy: [.dispatch],
        "The account at Acme.")
    static let baseURL = Setting(
        "ACME_BASE_URL", .address(default: "https://api.acme.example"), in: group,
        readBy: [.dispatch], "Acme's address.")
    private static let group = Setting.Group("Acme")

    var settings: [Setting] { [Self.webhookSecret, Self.apiKey, Self.baseURL] + lane.all }
    var lane: LaneSettings { LaneSettings(traits, in: Self.group) }
    var neededToReceive: NeededSettings {
        NeededSettings(ways: [[Self.webhookSecret]], first: Self.webhookSecret)
    }
    var neededToSend: NeededSettings {
        NeededSettings(ways: [[Self.apiKey]], first: Self.apiKey)
    }

    func receiving(_ environment: inout Environment) -> (any ReceivingSettings)? {
        let secrets = environment.secrets(Self.webhookSecret).compactMap { Secret($0) }
        return secrets.isEmpty ? nil : AcmeReceiving(provider: provider, secrets: secrets)
    }

    func sending(
        _ environment: inout Environment, callbackBase: String?
    ) -> (any SendingSettings)? {
        let url = environment.providerAddress(Self.baseURL)
        guard let key = environment.text(Self.apiKey).flatMap({ Secret($0) }), let url else {
            return nil
        }
        return AcmeSending(traits: traits, baseURL: url, key: key, callbackBase: callbackBase)
    }
}

/// How Acme's callbacks are authenticated.
struct AcmeReceiving: ReceivingSettings {
    let provider: Provider
    let secrets: [Secret]

    func webhook() -> (any WebhookProvider)? {
        AcmeWebhook(secrets: secrets)
    }

    var summary: [(name: String, value: String)] { [("acme", "\(secrets.count) secret(s)")] }

    func probe(_ message: ProbeMessage) -> SignedCallback? {
        let body = AcmeWebhook.body(
            id: message.id, state: "delivered", at: message.time + "Z", to: message.recipient)
        guard let signature = secrets.first.flatMap({ AcmeWebhook.signature(of: body, $0) })
        else { return nil }
        return SignedCallback(
            method: "hmac",
            headers: [("Content-Type", "application/json"), ("X-Acme-Signature", signature)],
            body: body)
    }
}
