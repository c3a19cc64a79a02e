/// A batch of messages that one dispatcher may put to a provider until a deadline.
package struct Lease: Sendable {
    package let id: LeaseID
    package let provider: Provider
    /// As many as fit one request, at least one.
    package let messages: [LeasedMessage]

    package init(id: LeaseID, provider: Provider, messages: [LeasedMessage]) {
        self.id = id
        self.provider = provider
        self.messages = messages
    }
}

/// One message of a lease.
package struct LeasedMessage: Sendable {
    package let outgoing: OutgoingMessage
    /// Whom it was queued for; another one than the lease's if that one took over.
    package let provider: Provider
    /// 1 for the first.
    package let attempt: Int
    /// When we stop trying.
    package let giveUpAt: Timestamp

    package init(
        outgoing: OutgoingMessage, provider: Provider, attempt: Int,
        giveUpAt: Timestamp
    ) {
        self.outgoing = outgoing
        self.provider = provider
        self.attempt = attempt
        self.giveUpAt = giveUpAt
    }
}

/// What a dispatcher asks for.
package struct LeaseRequest: Sendable {
    package let provider: Provider
    /// Providers whose messages may be taken over too, unless their callers named the provider or
    /// an attempt may have succeeded.
    package let insteadOf: [Provider]
    /// The most requests that can be made now.
    package let requests: Int
    /// The most messages to look at.
    package let messages: Int
    /// Messages a second that all dispatchers together may lease of this provider, and the most at
    /// once after a rest; nil for no limit.
    package let rate: (perSecond: Double, burst: Double)?
    /// The longest texts that the provider takes, of messages that it takes over; nil for any.
    package let segmentLimits: SegmentLimits?
    /// After how long an unanswered request has certainly ended, by the database's clock: those of
    /// dispatchers may differ, and one that is ahead must not take a request's message away.
    package let duration: Duration
    /// The dispatcher's number (see `Outbox.enlist`).
    package let dispatcher: Int32
    /// How many of these messages, from the first on, go into one request.
    package let batchCount: @Sendable ([OutgoingMessage]) -> Int

    package init(
        provider: Provider, insteadOf: [Provider], requests: Int, messages: Int,
        rate: (perSecond: Double, burst: Double)?, segmentLimits: SegmentLimits? = nil,
        duration: Duration, dispatcher: Int32,
        batchCount: @escaping @Sendable ([OutgoingMessage]) -> Int
    ) {
        self.provider = provider
        self.insteadOf = insteadOf
        self.requests = requests
        self.messages = messages
        self.rate = rate
        self.segmentLimits = segmentLimits
        self.duration = duration
        self.dispatcher = dispatcher
        self.batchCount = batchCount
    }
}

/// Leases, and when to ask again if there are fewer than could be used.
package struct LeaseAnswer: Sendable {
    package let leases: [Lease]
    /// Nil if nothing waits, also not for a later time or for the rate, or if there are as many
    /// leases as were asked for: come again when one of the requests has ended.
    package let nextAt: Timestamp?

    package init(leases: [Lease], nextAt: Timestamp?) {
        self.leases = leases
        self.nextAt = nextAt
    }
}
