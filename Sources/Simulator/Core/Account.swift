package import Security

/// The accounts that the simulator has with both providers, and where callbacks go.
package struct Account: Sendable {
    /// Behind `App ` in Infobip's `Authorization`; nil takes any key.
    package var infobipKey: Secret?
    /// Where Infobip's reports go that name no URL of their own.
    package var infobipCallbackURL: String?
    /// Signs the bodies of Infobip's callbacks to that URL.
    package var infobipHMAC: HMACKey?
    /// The header of that signature.
    package var infobipHMACHeader = "X-Hub-Signature"
    /// For Infobip's callbacks to that URL, by HTTP Basic.
    package var infobipBasic: (user: String, password: Secret)?
    /// Nil takes any account.
    package var plivoID: String?
    /// Checks Plivo's requests and signs its callbacks; nil takes any token and signs nothing.
    package var plivoToken: Secret?
    /// `http://127.0.0.1:PORT/callbacks-out`: callbacks to this machine by HTTPS go there, with
    /// host and path behind it, because Foundation's client trusts no authority of our own.
    package var relay: String?

    package init() {}
}
