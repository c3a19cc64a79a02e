/// The state of a message's row in the outbox: the work that is left for it.
package enum OutboxStep: Sendable, Equatable {
    /// Waits to be leased, not before a time.
    case ready(at: Timestamp)
    /// An attempt may have succeeded: the provider is queried.
    case unsure(checkAt: Timestamp)
    /// A provider has it: a sweeper queries its final status if no report brings it by then.
    case sent(checkAt: Timestamp)
    /// No work is left: the row is deleted.
    case done
}

/// One step of a message.
package struct OutboxChange: Sendable {
    package let message: MessageID
    /// The lease of the attempt; nil if the step needs none.
    ///
    /// A step other than `sent` counts only while the row is still under that lease: a late answer
    /// must not release a message that another dispatcher is sending. This holds for `done`, too,
    /// unless its event says `accepted` or `found`. There is one exception: `ready` after an
    /// attempt that does not count also applies to a message that was taken over as unsure, if its
    /// event names the latest attempt, because nothing was sent.
    ///
    /// Without a lease, `ready` and `unsure` count only for a message that is unsure, and `ready`
    /// only if the event names no attempt or the latest one: the answer to a query about an earlier
    /// one must not send a message again. A step that does not count stays in the timeline without
    /// a status.
    package let lease: LeaseID?
    package let step: OutboxStep
    package let event: SendEvent?
    /// The provider that has the message from now on, and its name for it; nil changes neither.
    package let acceptedBy: AcceptedBy?
    /// Whether the attempt counts; false if the provider did not process it.
    package let countsAttempt: Bool
    /// Why it is not tried again; a row in the dead letters.
    package let deadLetter: ProviderProblem?
    /// The most messages in a request with it from now on; nil leaves it as it is.
    package let batchLimit: Int?
    /// The stop of its provider that it met; nil if it met none.
    package let stop: MetStop?

    package init(
        message: MessageID, lease: LeaseID?, step: OutboxStep, event: SendEvent?,
        acceptedBy: AcceptedBy? = nil, countsAttempt: Bool = true,
        deadLetter: ProviderProblem? = nil,
        batchLimit: Int? = nil, stop: MetStop? = nil
    ) {
        self.message = message
        self.lease = lease
        self.step = step
        self.event = event
        self.acceptedBy = acceptedBy
        self.countsAttempt = countsAttempt
        self.deadLetter = deadLetter
        self.batchLimit = batchLimit
        self.stop = stop
    }

    /// A stop of the provider that a message met.
    package struct MetStop: Sendable, Equatable {
        /// When the request that met it was leased, by the database's clock.
        package let at: Timestamp
        /// The points against the message as the cause so far; see `SendPolicy`.
        package let blame: Int

        package init(at: Timestamp, blame: Int) {
            self.at = at
            self.blame = blame
        }
    }

    /// A provider that has a message.
    package struct AcceptedBy: Sendable, Equatable {
        package let provider: Provider
        /// Nil if unknown, or too long for a name; a report or a query will give it.
        package let providerMessageID: String?

        package init(provider: Provider, providerMessageID: String?) {
            self.provider = provider
            self.providerMessageID = providerMessageID.flatMap { name in
                (1...Self.nameLimit).contains(name.utf8.count) ? name : nil
            }
        }

        /// Bytes; names are indexed, and one that does not fit an index could not be stored at all.
        private static let nameLimit = 255
    }
}
