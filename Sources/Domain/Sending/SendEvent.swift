/// Something that we did about a message, or found out by it; shown in its timeline.
package struct SendEvent: Sendable, Equatable {
    package let message: MessageID
    package let kind: Kind
    package let at: Timestamp
    package let provider: Provider?
    /// Which attempt it belongs to; nil if to none.
    package let attempt: Int?
    /// What the message's status is by it, if nothing else says more; nil if it changes nothing.
    package let status: Status?
    /// The provider's text, or our own.
    package let problem: ProviderProblem?

    package init(
        message: MessageID, kind: Kind, at: Timestamp, provider: Provider?, attempt: Int?,
        status: Status? = nil, problem: ProviderProblem? = nil
    ) {
        self.message = message
        self.kind = kind
        self.at = at
        self.provider = provider
        self.attempt = attempt
        self.status = status
        self.problem = problem
    }

    /// How it counts against reports. Our own judgement that a message is over has no time: a
    /// provider's report of its end, whatever its time, beats it. That nobody will tell its end
    /// beats what was told on its way.
    package var precedence: Precedence? {
        guard let status else { return nil }
        if kind == .gaveUp, status == .unknown { return .givenUp }
        return Precedence(status: status, at: status.isFinal ? nil : at)
    }

    /// What happened.
    package enum Kind: String, Sendable, CaseIterable {
        /// The provider took it.
        case accepted
        /// The provider will never take it.
        case refused
        /// The provider did not take it now; it is tried again.
        case deferred
        /// Nobody knows whether the provider took it; the provider is asked.
        case unanswered
        /// Its dispatcher ended while a request may have been under way; the provider is asked.
        case leaseExpired = "lease_expired"
        /// The provider has it after all: it was asked, or a report says so.
        case found
        /// The provider was asked and does not have it; it is tried again.
        case notFound = "not_found"
        /// The provider takes nothing until somebody mends the account; the message waits.
        case stopped
        /// Another provider takes over.
        case rerouted
        /// We gave up: too many attempts, or too late.
        case gaveUp = "gave_up"
        /// Its validity is over: before it was sent, or the provider knows of no end.
        case expired
        /// Its sender cancelled it.
        case cancelled

        /// What stands for the kind in the database; never reused for another one.
        package var code: Int16 {
            switch self {
            case .accepted: 1
            case .refused: 2
            case .deferred: 3
            case .unanswered: 4
            case .leaseExpired: 5
            case .found: 6
            case .notFound: 7
            case .stopped: 8
            case .rerouted: 9
            case .gaveUp: 10
            case .expired: 11
            case .cancelled: 12
            }
        }

        package init?(code: Int16) {
            guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
            self = match
        }
    }
}
