/// A batch of messages that one dispatcher may submit to a provider until a deadline.
package struct Lease: Sendable {
    package let id: LeaseID
    package let provider: Provider
    /// As many as fit one request, at least one.
    package private(set) var messages: [LeasedMessage]
    /// When it was leased, by the database's clock; the same for all leases of one transaction. It
    /// dates the attempt.
    package let leasedAt: Timestamp

    package init(
        id: LeaseID, provider: Provider, messages: [LeasedMessage], leasedAt: Timestamp
    ) {
        self.id = id
        self.provider = provider
        self.messages = messages
        self.leasedAt = leasedAt
    }

    /// Whether its messages were refused together with others before, so that they are sent apart
    /// from the rest.
    package var isApart: Bool { messages.contains { $0.batchLimit != nil } }

    /// The same with some of the messages.
    func keeping(_ messages: [LeasedMessage]) -> Lease {
        var lease = self
        lease.messages = messages
        return lease
    }
}

/// One message of a lease.
package struct LeasedMessage: Sendable {
    package let outgoing: OutgoingMessage
    /// The provider that it was queued for; another one than the lease's after a takeover.
    package let provider: Provider
    /// 1 for the first.
    package let attempt: Int
    /// When we stop trying.
    package let giveUpAt: Timestamp
    /// The most messages in a request with it, since larger ones were refused; nil for any number.
    package let batchLimit: Int?
    /// The last stop that it met at the lease's provider; nil if there was none.
    package let earlierStop: EarlierStop?
    /// Why it must not be sent: its recipient has opted out since it was accepted. Nil if it may.
    package let block: ProviderProblem?

    package init(
        outgoing: OutgoingMessage, provider: Provider, attempt: Int, giveUpAt: Timestamp,
        batchLimit: Int? = nil, earlierStop: EarlierStop? = nil, block: ProviderProblem? = nil
    ) {
        self.outgoing = outgoing
        self.provider = provider
        self.attempt = attempt
        self.giveUpAt = giveUpAt
        self.batchLimit = batchLimit
        self.earlierStop = earlierStop
        self.block = block
    }

    /// A stop of the provider that a request with this message met.
    package struct EarlierStop: Sendable, Equatable {
        /// The points against the message as the cause of its stops; see `SendPolicy`.
        package let blame: Int
        /// Whether the provider accepted messages that were leased with this one then, or later.
        package let othersWereTaken: Bool

        package init(blame: Int, othersWereTaken: Bool) {
            self.blame = blame
            self.othersWereTaken = othersWereTaken
        }
    }
}

/// The wishes of a dispatcher that leases.
package struct LeaseRequest: Sendable {
    package let provider: Provider
    /// Providers whose messages may be taken over too, unless their callers named the provider or
    /// an attempt may have succeeded.
    package let insteadOf: [Provider]
    /// Which of the due messages.
    package let choice: Choice
    /// The most requests that can be made now.
    package let requests: Int
    /// How many of them may be for messages that are sent apart while others wait: messages that
    /// were refused together need many requests, and must not block the queue.
    package let apart: Int
    /// The most messages to read.
    package let messages: Int
    /// Messages a second that all dispatchers together may lease of this provider, and the most at
    /// once after a pause; nil for no limit.
    package let rate: (perSecond: Double, burst: Double)?
    /// The longest texts that the provider accepts, for messages that it takes over; nil for any.
    package let segmentLimits: SegmentLimits?
    /// After how long an unanswered request has certainly ended. It counts by the database's clock:
    /// those of dispatchers may differ, and a fast one must not release a message whose request is
    /// running.
    package let duration: Duration
    /// The dispatcher's number (see `Outbox.register`).
    package let dispatcher: Int32
    /// How many of these messages, from the first on, go into one request.
    package let batchCount: @Sendable ([OutgoingMessage]) -> Int

    package init(
        provider: Provider, insteadOf: [Provider], choice: Choice = .oldest, requests: Int,
        apart: Int? = nil, messages: Int, rate: (perSecond: Double, burst: Double)?,
        segmentLimits: SegmentLimits? = nil, duration: Duration, dispatcher: Int32,
        batchCount: @escaping @Sendable ([OutgoingMessage]) -> Int
    ) {
        self.provider = provider
        self.insteadOf = insteadOf
        self.choice = choice
        self.requests = requests
        self.apart = apart ?? requests
        self.messages = messages
        self.rate = rate
        self.segmentLimits = segmentLimits
        self.duration = duration
        self.dispatcher = dispatcher
        self.batchCount = batchCount
    }

    /// Which of the due messages are leased.
    package enum Choice: Sendable, Equatable {
        /// Those that have waited longest.
        case oldest
        /// The newest ones: if the oldest ones fail, they may be the reason themselves.
        case newest
        /// One message, to try a provider that fails or is stopped.
        case trial(Trial)
    }

    /// How the message of a trial is chosen: different from those that failed, if possible. It is
    /// never the message of the last trial if that met the stop alone.
    package struct Trial: Sendable, Equatable {
        /// Only a message that has not met the provider's stop alone.
        package let isFresh: Bool
        /// The place in the queue: nil for its end, or the distance from its beginning, 0 to 1.
        package let place: Double?
        /// The first digits of the recipients of messages that failed lately.
        package let avoiding: [String]

        package init(isFresh: Bool, place: Double?, avoiding: [String]) {
            self.isFresh = isFresh
            self.place = place
            self.avoiding = avoiding
        }
    }
}

/// Leases, and when to ask again if there are fewer than could be used.
package struct LeaseAnswer: Sendable {
    package let leases: [Lease]
    /// Nil if nothing waits, not even for a later time or for the rate, or if there are as many
    /// leases as were asked for: ask again when a request has ended.
    package let nextAt: Timestamp?
    /// When the leases began, by our clock: at `leasedAt` or a little before it, never after it.
    package let beganAt: ContinuousClock.Instant

    package init(leases: [Lease], nextAt: Timestamp?, beganAt: ContinuousClock.Instant) {
        self.leases = leases
        self.nextAt = nextAt
        self.beganAt = beganAt
    }
}
