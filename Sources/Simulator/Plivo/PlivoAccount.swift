package import Security

/// The account that the simulator has at Plivo.
package struct PlivoAccount: Sendable {
    /// The account's id; nil takes any account.
    package var id: String?
    /// Checks requests and signs callbacks; nil takes any token and signs nothing.
    package var token: Secret?
    /// Where messages from people go.
    package var inboundURL: String?

    package init() {}
}

extension SimulatedAccount {
    /// An account at Plivo.
    package static func plivo(_ account: PlivoAccount) -> SimulatedAccount {
        SimulatedAccount(provider: SimulatedPlivo(account: account))
    }
}
