package import Domain
package import Settings

/// Plivo.
package struct PlivoKit: ProviderKit {
    package init() {}

    package var traits: ProviderTraits { .plivo }
    package var errors: any ErrorDictionary { PlivoErrors() }
    package var settings: [Setting] { PlivoSettings.all }
    package var lane: LaneSettings { PlivoSettings.lane }

    package var neededToReceive: NeededSettings {
        NeededSettings(ways: [[PlivoSettings.authToken]], first: PlivoSettings.authToken)
    }

    /// The token alone is for receiving.
    package var neededToSend: NeededSettings {
        NeededSettings(
            ways: [[PlivoSettings.authID, PlivoSettings.authToken]], first: PlivoSettings.authID,
            advice: "with PLIVO_AUTH_TOKEN")
    }

    package var besidesSending: Set<Setting> {
        [PlivoSettings.authID, PlivoSettings.sender, PlivoSettings.powerpackUUID]
    }

    package var marks: [Setting] { [PlivoSettings.authToken] }

    package func receiving(_ environment: inout Environment) -> (any ReceivingSettings)? {
        PlivoWebhook.Settings(&environment)
    }

    package func sending(
        _ environment: inout Environment, callbackBase: String?
    ) -> (any SendingSettings)? {
        PlivoSending.Settings(&environment, callbackBase: callbackBase)
    }
}

extension PlivoSending.Settings: SendingSettings {
    package func sending() -> any SendingProvider { PlivoSending(self) }

    package var summary: [(name: String, value: String)] {
        [
            ("sending by plivo", baseURL),
            (
                "plivo sender unless named",
                powerpackUUID != nil ? "a powerpack" : defaultSender ?? "none"
            ),
        ]
    }
}
