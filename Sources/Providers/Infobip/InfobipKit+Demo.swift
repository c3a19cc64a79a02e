import Domain
import Settings

extension InfobipKit {
    /// Its callbacks have secrets of their own, and go to the account's subscription or to a URL
    /// with a token. The demo's address cannot be reached from outside, so the user's own account
    /// does not get it: reports go to the account's own address, and the dispatcher polls for them.
    package var demo: DemoKit? {
        DemoKit(
            secrets: [
                DemoSecret("infobipUser", .fixed("infobip")), DemoSecret("infobipPassword"),
                DemoSecret("infobipHeaderSecret"), DemoSecret("infobipHMACSecret"),
                DemoSecret("infobipAPIKey"), DemoSecret("infobipURLSecret"),
            ],
            ownAccount: neededToReceive, receivingPrefixes: ["INFOBIP_WEBHOOK_", "INFOBIP_HMAC_"],
            hidesReceiving: true,
            responder: { secrets in
                [
                    InfobipSettings.webhookUser.name: secrets["infobipUser"] ?? "",
                    InfobipSettings.webhookPassword.name: secrets["infobipPassword"] ?? "",
                    InfobipSettings.webhookHeaderSecret.name: secrets["infobipHeaderSecret"] ?? "",
                    InfobipSettings.hmacSecret.name: secrets["infobipHMACSecret"] ?? "",
                    InfobipSettings.webhookURLSecret.name: secrets["infobipURLSecret"] ?? "",
                ]
            },
            dispatcher: { secrets, simulator in
                [
                    InfobipSettings.webhookURLSecret.name: secrets["infobipURLSecret"] ?? "",
                    InfobipSettings.apiKey.name: secrets["infobipAPIKey"] ?? "",
                    InfobipSettings.baseURL.name: simulator,
                ]
            },
            simulator: Self.simulation,
            summary: Self.summary,
            credentials: {
                "user \($0["infobipUser"] ?? "")  password \($0["infobipPassword"] ?? "")"
            },
            example: Self.example)
    }

    private static var simulation: DemoSimulation {
        DemoSimulation(
            environment: { secrets in
                [
                    InfobipSettings.apiKey.name: secrets["infobipAPIKey"] ?? "",
                    InfobipSettings.webhookUser.name: secrets["infobipUser"] ?? "",
                    InfobipSettings.webhookPassword.name: secrets["infobipPassword"] ?? "",
                    InfobipSettings.hmacSecret.name: secrets["infobipHMACSecret"] ?? "",
                ]
            },
            arguments: { url in
                [
                    "--infobip-callback-url", url + Provider.infobip.callbackPath,
                    // A demo is also for loads beyond the limits of a real account.
                    "--infobip-logs-per-minute", "0",
                ]
            })
    }

    @Sendable private static func summary(_ place: DemoPlace) -> [(name: String, value: String)] {
        let secrets = place.secrets
        return [
            ("callback_url", place.url + Provider.infobip.callbackPath),
            ("user", secrets["infobipUser"] ?? ""), ("password", secrets["infobipPassword"] ?? ""),
            ("header_name", InfobipWebhook.defaultHeaderName.description),
            ("header_secret", secrets["infobipHeaderSecret"] ?? ""),
            ("hmac_header", InfobipWebhook.defaultHMACHeaderName.description),
            ("hmac_secret", secrets["infobipHMACSecret"] ?? ""),
            ("url_secret", secrets["infobipURLSecret"] ?? ""),
        ] + (place.simulates ? [("api_key", secrets["infobipAPIKey"] ?? "")] : [])
    }

    @Sendable private static func example(_ place: DemoPlace) -> String {
        let report =
            #"{"results":[{"messageId":"hello-1","to":"447700900123","#
            + #""doneAt":"2026-11-20T09:15:04.913+0000","#
            + #""status":{"groupId":3,"groupName":"DELIVERED","id":5,"#
            + #""name":"DELIVERED_TO_HANDSET"}}]}"#
        let user = place.secrets["infobipUser"] ?? ""
        let password = place.secrets["infobipPassword"] ?? ""
        return """
            Post a callback as Infobip would:
              curl --cacert \(place.authority) -u '\(user):\(password)' \\
                -H 'Content-Type: application/json' \(place.url)\(Provider.infobip.callbackPath) \\
                -d '\(report)'
            """
    }
}
