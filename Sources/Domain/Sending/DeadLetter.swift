/// A message that nobody tries to send any more.
package struct DeadLetter: Sendable, Equatable {
    package let message: MessageID
    package let sendRequest: SendRequestID
    /// When it was given up.
    package let at: Timestamp
    package let provider: Provider
    package let recipient: String
    /// How often it was submitted.
    package let attempts: Int
    /// Why it was given up.
    package let problem: ProviderProblem
    /// The message's status now; nil if its row is gone.
    package let status: Status?
    /// Why it cannot be sent again; nil if it can.
    package let refusal: RetryRefusal?

    package init(
        message: MessageID, sendRequest: SendRequestID, at: Timestamp, provider: Provider,
        recipient: String, attempts: Int, problem: ProviderProblem, status: Status?,
        refusal: RetryRefusal?
    ) {
        self.message = message
        self.sendRequest = sendRequest
        self.at = at
        self.provider = provider
        self.recipient = recipient
        self.attempts = attempts
        self.problem = problem
        self.status = status
        self.refusal = refusal
    }

    /// Whether the provider may have sent it, because it never said: sending it again may double it.
    package var mayHaveBeenSent: Bool { problem.code == Self.undecided }

    /// The code of those of which the provider could not say whether it has them.
    package static let undecided = "undecided"
}

/// Why a message that was given up cannot be sent again, by its name in the database and the API.
package enum RetryRefusal: String, Error, Sendable, CaseIterable {
    /// It is in the queue.
    case underWay = "under_way"
    /// The provider has reported that it went out.
    case reported
    /// Its text is gone: it was kept for as long as is set, or erased.
    case textGone = "text_gone"
    /// Its status is none of a message that was given up.
    case settled
}

/// Which dead letters are looked for: they meet every condition that is given.
package struct DeadLetterFilter: Sendable, Equatable {
    package var provider: Provider?
    /// The reason's code, exactly.
    package var code: String?
    /// Given up not before then.
    package var since: Timestamp?
    /// Given up before then.
    package var until: Timestamp?
    package var sendRequest: SendRequestID?
    /// The whole number, as it is kept.
    package var recipient: String?
    /// One of these, at least one; nil for any.
    package var messages: [MessageID]?

    package init() {}

    /// The same bytes for equal filters, other ones for others.
    package var canonicalForm: [UInt8] {
        var form: [UInt8] = []
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            form.append(contentsOf: "\(name):\(value.utf8.count):\(value);".utf8)
        }
        add("provider", provider?.name)
        add("code", code)
        add("since", since.map { String($0.microseconds) })
        add("until", until.map { String($0.microseconds) })
        add("send_request", sendRequest?.description)
        add("recipient", recipient)
        add("messages", messages?.map(\.description).joined(separator: ","))
        return form
    }
}

/// A place between dead letters: everything after it was given up earlier.
package struct DeadLetterPosition: Sendable, Equatable {
    package let at: Timestamp
    package let message: MessageID

    package init(at: Timestamp, message: MessageID) {
        self.at = at
        self.message = message
    }
}
