/// Where a message is on its way out: the state of its row in the outbox, which is what is left to
/// do for it.
package enum OutboxStep: Sendable, Equatable {
    /// Waits to be leased, not before a time.
    case ready(at: Timestamp)
    /// An attempt may have succeeded: the provider is to be asked.
    case unsure(checkAt: Timestamp)
    /// A provider has it: a sweeper asks for its final status if no report has settled it by then.
    case sent(checkAt: Timestamp)
    /// Nothing is left to do: the row goes.
    case done
}

/// A step of one message, written as it stands.
package struct OutboxChange: Sendable {
    package let message: MessageID
    /// The lease under which it happened; nil if it needs none. A step other than `sent` counts
    /// only while the row is still under that lease: a late answer must not free a message that
    /// somebody else is sending. So does `done`, unless its event says `accepted` or `found`. And
    /// `ready` after an attempt that does not count makes a message ready that was taken over as
    /// unsure, if its event names the latest attempt: nothing was sent.
    ///
    /// Without a lease `ready` and `unsure` count only for a message that is unsure, `ready`
    /// besides only if the event names no attempt or the latest one: what a look-up says of an
    /// earlier one must not send a message again. What does not count stays in the timeline without
    /// a status.
    package let lease: LeaseID?
    package let step: OutboxStep
    package let event: SendEvent?
    /// Who carries the message from now on, and its name of it; nil leaves both.
    package let acceptedBy: AcceptedBy?
    /// Whether the attempt counts; not so where the provider did not look at it.
    package let countsAttempt: Bool
    /// Why nobody will try again; a row in the dead letters.
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
        /// When the request was leased that met it, by the database's clock.
        package let at: Timestamp
        /// How much speaks for the message being the cause by now; see `SendPolicy`.
        package let blame: Int

        package init(at: Timestamp, blame: Int) {
            self.at = at
            self.blame = blame
        }
    }

    /// A provider that has a message.
    package struct AcceptedBy: Sendable, Equatable {
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
