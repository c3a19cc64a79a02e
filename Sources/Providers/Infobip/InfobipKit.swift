package import Domain
package import Settings

/// Infobip.
package struct InfobipKit: ProviderKit {
    package init() {}

    package var traits: ProviderTraits { .infobip }
    package var errors: any ErrorDictionary { InfobipErrors() }
    package var settings: [Setting] { InfobipSettings.all }
    package var lane: LaneSettings { InfobipSettings.lane }

    package var neededToReceive: NeededSettings {
        NeededSettings(
            ways: [
                [InfobipSettings.webhookPassword], [InfobipSettings.webhookSecret],
                [InfobipSettings.webhookHeaderSecret], [InfobipSettings.hmacSecret],
                [InfobipSettings.webhookURLSecret],
            ],
            first: InfobipSettings.webhookPassword,
            advice: "with INFOBIP_WEBHOOK_USER, or INFOBIP_WEBHOOK_SECRET")
    }

    package var neededToSend: NeededSettings {
        NeededSettings(
            ways: [[InfobipSettings.apiKey]], first: InfobipSettings.apiKey,
            advice: "with INFOBIP_BASE_URL")
    }

    package var besidesSending: Set<Setting> { [InfobipSettings.baseURL] }

    package var marks: [Setting] {
        [InfobipSettings.apiKey, InfobipSettings.baseURL] + neededToReceive.ways.flatMap(\.self)
    }

    package func receiving(_ environment: inout Environment) -> (any ReceivingSettings)? {
        InfobipWebhook.Settings(&environment)
    }

    package func sending(
        _ environment: inout Environment, callbackBase: String?
    ) -> (any SendingSettings)? {
        InfobipSending.Settings(&environment, callbackBase: callbackBase)
    }
}

extension InfobipSending.Settings: SendingSettings {
    package func sending() -> any SendingProvider { InfobipSending(self) }

    package var summary: [(name: String, value: String)] {
        [
            ("sending by infobip", "\(baseURL), \(version.rawValue)"),
            (
                "infobip reports to",
                callbackURL.map { "\($0.prefix { $0 != "?" }), with a secret" }
                    ?? "the account's subscriptions"
            ),
        ]
    }
}
