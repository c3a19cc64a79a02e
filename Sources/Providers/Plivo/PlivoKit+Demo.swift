import Domain
import Settings

extension PlivoKit {
    /// The account's token signs the callbacks of what is sent through it, so that the responder takes
    /// the same account as the dispatcher.
    package var demo: DemoKit? {
        DemoKit(
            secrets: [
                DemoSecret("plivoAuthID", .account(prefix: "MADEMO")), DemoSecret("plivoAuthToken"),
            ],
            ownAccount: neededToSend, receivingPrefixes: ["PLIVO_AUTH_", "PLIVO_ALLOW_"],
            responder: Self.credentials,
            dispatcher: { secrets, simulator in
                Self.credentials(secrets).merging([
                    PlivoSettings.baseURL.name: simulator, PlivoSettings.sender.name: "12025550123",
                    // Lost answers are missed and asked for within half a minute.
                    PlivoSettings.settleSeconds.name: "5",
                    PlivoSettings.inboundSeconds.name: "5",
                ]) { $1 }
            },
            simulator: DemoSimulation(
                environment: Self.credentials,
                // A demo is also for loads that no account would bear.
                arguments: { url in
                    [
                        "--plivo-requests-per-5s", "0", "--plivo-inbound-url",
                        url + Provider.plivo.callbackPath + "/inbound",
                    ]
                }),
            summary: { place in
                [
                    ("callback_url", place.url + Provider.plivo.callbackPath),
                    ("auth_id", place.secrets["plivoAuthID"] ?? ""),
                    ("auth_token", place.secrets["plivoAuthToken"] ?? ""),
                ]
            },
            credentials: { "auth token \($0["plivoAuthToken"] ?? "")" })
    }

    @Sendable private static func credentials(_ secrets: [String: String]) -> [String: String] {
        [
            PlivoSettings.authID.name: secrets["plivoAuthID"] ?? "",
            PlivoSettings.authToken.name: secrets["plivoAuthToken"] ?? "",
        ]
    }
}
