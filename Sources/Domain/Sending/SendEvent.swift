/// An event of sending a message; shown in its timeline.
package struct SendEvent: Sendable, Equatable {
    package let message: MessageID
    package let kind: Kind
    package let at: Timestamp
    package let provider: Provider?
    /// Which attempt it belongs to; nil if to none.
    package let attempt: Int?
    /// The message's status by it, unless something with more precedence decides; nil for no
    /// change.
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

    /// Its precedence among reports. Our own result that a message is over has no time, so any
    /// final report of the provider is above it. "The final status will not be known" is above all
    /// that is not final.
    package var precedence: Precedence? {
        guard let status else { return nil }
        if kind == .gaveUp, status == .unknown { return .givenUp }
        return Precedence(status: status, at: status.isFinal ? nil : at)
    }

    /// What happened.
    package enum Kind: String, Sendable, CaseIterable {
        /// The provider accepted it.
        case accepted
        /// The provider will never accept it.
        case refused
        /// The provider did not accept it for now; it is tried again.
        case deferred
        /// It is unknown whether the provider accepted it; the provider is queried.
        case unanswered
        /// Its dispatcher ended while a request may have been in flight; the provider is queried.
        case leaseExpired = "lease_expired"
        /// The provider has it after all, by a query or a report.
        case found
        /// The provider was queried and does not have it; it is tried again.
        case notFound = "not_found"
        /// The provider accepts nothing until the account is corrected; the message waits.
        case stopped
        /// Another provider takes over.
        case rerouted
        /// We gave up: too many attempts, or too late.
        case gaveUp = "gave_up"
        /// Its validity is over: before it was sent, or without a final status at the provider.
        case expired
        /// Its sender cancelled it.
        case cancelled
        /// Somebody had it tried again after it was given up: what came before decides no more.
        case retried

        /// The number of the kind in the database; never reused for another one.
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
            case .retried: 13
            }
        }

        package init?(code: Int16) {
            guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
            self = match
        }
    }
}
