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
    package let isPinned: Bool
    /// 1 for the first.
    package let attempt: Int
    /// When we stop trying.
    package let giveUpAt: Timestamp

    package init(
        outgoing: OutgoingMessage, provider: Provider, isPinned: Bool, attempt: Int,
        giveUpAt: Timestamp
    ) {
        self.outgoing = outgoing
        self.provider = provider
        self.isPinned = isPinned
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

/// Where a message is on its way out: the state of its row in the outbox, which is what is left to
/// do for it.
package enum OutboxStep: Sendable, Equatable {
    /// Waits to be leased, not before a time; `alone` in a request of its own.
    case ready(at: Timestamp, alone: Bool)
    /// An attempt may have succeeded: the provider is to be asked.
    case unsure(checkAt: Timestamp)
    /// A provider has it: a sweeper asks for its fate if no report has settled it by then.
    case sent(checkAt: Timestamp)
    /// Nothing is left to do: the row goes.
    case done
}

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
    /// The provider's words, or our own.
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
    /// provider's word about its end, whatever its time, beats it.
    package var precedence: Precedence? {
        status.map { Precedence(status: $0, at: $0.isFinal ? nil : at) }
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
        /// Its validity is over and the provider knows nothing of it.
        case expired
        /// Its sender called it back.
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

/// A step of one message, written as it stands.
package struct OutboxChange: Sendable {
    package let message: MessageID
    /// The lease under which it happened; nil if it needs none. A step other than `sent` counts
    /// only while the row is still under that lease: a late answer must not free a message that
    /// somebody else is sending. So does `done`, unless its event says `accepted` or `found`.
    ///
    /// Without a lease `ready` and `unsure` count only for a message that is unsure, `ready` besides
    /// only if the event names no attempt or the latest one: what a look-up says of an earlier one
    /// must not send a message again. What does not count stays in the timeline without a status.
    package let lease: LeaseID?
    package let step: OutboxStep
    package let event: SendEvent?
    /// Who carries the message from now on, and its name of it; nil leaves both.
    package let carrier: Carrier?
    /// Whether the attempt counts; not so where the provider did not look at it.
    package let countsAttempt: Bool
    /// Why nobody will try again; a row in the dead letters.
    package let deadLetter: ProviderProblem?

    package init(
        message: MessageID, lease: LeaseID?, step: OutboxStep, event: SendEvent?,
        carrier: Carrier? = nil, countsAttempt: Bool = true, deadLetter: ProviderProblem? = nil
    ) {
        self.message = message
        self.lease = lease
        self.step = step
        self.event = event
        self.carrier = carrier
        self.countsAttempt = countsAttempt
        self.deadLetter = deadLetter
    }

    /// A provider that has a message.
    package struct Carrier: Sendable, Equatable {
        package let provider: Provider
        /// Nil if it is not known yet, or too long for a name; a report or a look-up will tell.
        package let providerMessageID: String?

        package init(provider: Provider, providerMessageID: String?) {
            self.provider = provider
            self.providerMessageID = providerMessageID.flatMap { name in
                (1...Self.nameLimit).contains(name.utf8.count) ? name : nil
            }
        }

        /// Bytes; names are indexed, and what does not fit an index could not be recorded at all.
        private static let nameLimit = 255
    }
}

/// A message that somebody has to ask the provider about.
package struct OutboxCheck: Sendable {
    package let lookUp: MessageLookUp
    /// `unsure` or `sent`.
    package let isUnsure: Bool
    /// The message's status as the reports have it.
    package let status: Status
    package let isPinned: Bool
    /// Attempts so far.
    package let attempts: Int
    /// Checks so far in this state, this one not counted.
    package let checks: Int
    package let validityMinutes: Int?
    package let giveUpAt: Timestamp
    /// Whether another message without a name went to the same number at about the time, so that
    /// what the provider has there may be that one.
    package let hasTwin: Bool

    package init(
        lookUp: MessageLookUp, isUnsure: Bool, status: Status, isPinned: Bool, attempts: Int,
        checks: Int, validityMinutes: Int?, giveUpAt: Timestamp, hasTwin: Bool = false
    ) {
        self.lookUp = lookUp
        self.isUnsure = isUnsure
        self.status = status
        self.isPinned = isPinned
        self.attempts = attempts
        self.checks = checks
        self.validityMinutes = validityMinutes
        self.giveUpAt = giveUpAt
        self.hasTwin = hasTwin
    }
}

/// What dispatchers tell each other and the admin about a provider.
package struct ProviderStop: Sendable, Equatable {
    package let since: Timestamp
    package let problem: ProviderProblem
    /// When one message is tried again.
    package let retryAt: Timestamp

    package init(since: Timestamp, problem: ProviderProblem, retryAt: Timestamp) {
        self.since = since
        self.problem = problem
        self.retryAt = retryAt
    }
}

/// Counts of a provider since ever, summed over all dispatchers.
package struct SendCounts: Sendable, Equatable {
    /// HTTP requests that sent messages.
    package var requests = 0
    package var accepted = 0
    package var refused = 0
    package var deferred = 0
    package var unanswered = 0
    /// Messages that were given up.
    package var deadLetters = 0
    package var lookUps = 0
    /// Messages whose fate no callback had told and a look-up did.
    package var healed = 0

    package init() {}
}

/// The dispatchers' side of the queue. Any thread; blocks for a few round trips.
package protocol Outbox: Sendable {
    /// Makes a dispatcher known; its number is held as long as its connection lives, so that others
    /// see at once when it is gone.
    ///
    /// - Returns: the number, and a check that it still holds: once false, enlist again, under a
    ///   new number.
    func enlist() throws(StoreFailure) -> (number: Int32, holds: @Sendable () -> Bool)

    /// Leases due messages of a provider that are not past their time, and notes in their timeline
    /// which of them it takes over. Messages that were tried before and of which a report says that
    /// a provider has them are not leased but count as sent.
    func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer

    /// Writes steps and counts in one transaction; of a message that is there twice, one step after
    /// the other.
    ///
    /// Safe to repeat when it is not known whether it was done: the second time the steps do not fit
    /// and change nothing, only the events and the counts are double.
    func record(
        _ changes: [OutboxChange], counts: [Provider: SendCounts]
    ) throws(StoreFailure)

    /// Makes the leases of dispatchers that are gone, and those that are over, unsure.
    ///
    /// - Returns: how many messages they had.
    func takeOver(at now: Timestamp) throws(StoreFailure) -> Int

    /// Messages whose check is due, held for `hold` so that no other dispatcher asks too. Those
    /// whose fate is known are dropped from the outbox instead.
    ///
    /// Each one's `sentAt` is as long before `now` as the attempt was by the database's clock.
    func checks(
        of provider: Provider, limit: Int, at now: Timestamp, hold: Duration
    ) throws(StoreFailure) -> [OutboxCheck]

    /// Drops messages that a provider has and whose fate is known, due or not: a portion of those
    /// whose check is due later than a time, in the order of that.
    ///
    /// - Returns: how many were dropped, and from where to go on; nil past the last.
    func dropSettled(
        of provider: Provider, after time: Timestamp?, limit: Int
    ) throws(StoreFailure) -> (dropped: Int, next: Timestamp?)

    /// Gives up what is ready and past its time, whoever it waits for, and counts the dead letters;
    /// returns how many.
    func giveUpLate(at now: Timestamp, limit: Int) throws(StoreFailure) -> Int

    /// Says that a dispatcher serves these providers now.
    func beat(_ providers: [Provider], at now: Timestamp) throws(StoreFailure)

    /// The stops that hold, by provider, and who has been served in the last half minute.
    func providers() throws(StoreFailure) -> [Provider: ProviderPresence]

    /// Stops a provider's sending for all dispatchers, or lets it go on. A stop of a provider that is
    /// stopped already replaces all but `since`.
    func setStop(_ stop: ProviderStop?, of provider: Provider) throws(StoreFailure)
}

/// Whether anybody serves a provider.
package struct ProviderPresence: Sendable, Equatable {
    /// When a dispatcher last said that it does.
    package let seenAt: Timestamp?
    package let stop: ProviderStop?

    package init(seenAt: Timestamp?, stop: ProviderStop?) {
        self.seenAt = seenAt
        self.stop = stop
    }
}
