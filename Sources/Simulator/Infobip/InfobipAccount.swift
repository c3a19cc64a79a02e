package import Security

/// The account that the simulator has at Infobip.
package struct InfobipAccount: Sendable {
    /// Behind `App ` in `Authorization`; nil takes any key.
    package var key: Secret?
    /// Where reports go that name no URL of their own.
    package var callbackURL: String?
    /// Signs the bodies of callbacks to that URL.
    package var hmac: HMACKey?
    /// The header of that signature.
    package var hmacHeader = "X-Hub-Signature"
    /// For callbacks to that URL, by HTTP Basic.
    package var basic: (user: String, password: Secret)?

    package init() {}
}

extension SimulatedAccount {
    /// An account at Infobip.
    package static func infobip(_ account: InfobipAccount) -> SimulatedAccount {
        SimulatedAccount(provider: SimulatedInfobip(account: account))
    }
}
