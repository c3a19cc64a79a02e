/// The dispatchers' side of the queue. Any thread; blocks for a few round trips.
package protocol Outbox: Sendable {
    /// Makes a dispatcher known; its number is held as long as its connection lives, so that others
    /// see at once when it is gone.
    ///
    /// - Returns: the number, and a check that it still holds: once false, register again, under a
    ///   new number.
    func register() throws(StoreFailure) -> (number: Int32, holds: @Sendable () -> Bool)

    /// Leases due messages of a provider that are not past their time, and notes in their timeline
    /// which of them it takes over. Messages that were tried before and of which a report says that
    /// a provider has them are not leased but count as sent.
    ///
    /// What was leased and not returned, since the commit's answer was lost, is put back before
    /// anything else is leased or taken over: it was never sent.
    func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer

    /// Writes steps and counts in one transaction; of a message that is there twice, one step after
    /// the other.
    ///
    /// Safe to repeat when it is not known whether it was done: the second time the steps do not
    /// fit and change nothing, only the events and the counts are double.
    func record(
        _ changes: [OutboxChange], counts: [Provider: SendCounts]
    ) throws(StoreFailure)

    /// Makes the leases of dispatchers that are gone, and those that are over, unsure.
    ///
    /// - Returns: how many messages they had.
    func takeOver(at now: Timestamp) throws(StoreFailure) -> Int

    /// Messages whose check is due, held for `hold` so that no other dispatcher asks too. Those
    /// whose final status is known are dropped from the outbox instead.
    ///
    /// Each one's `sentAt` is as long before `now` as the attempt was by the database's clock.
    func checks(
        of provider: Provider, limit: Int, at now: Timestamp, hold: Duration
    ) throws(StoreFailure) -> [OutboxCheck]

    /// Drops messages that a provider has and whose final status is known, due or not: a portion of
    /// those whose check is due later than a time, in the order of that.
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

    /// Stops a provider's sending for all dispatchers, or lets it go on. A stop of a provider that
    /// is stopped already replaces all but `since`.
    func setStop(_ stop: ProviderStop?, of provider: Provider) throws(StoreFailure)
}

/// Tells other processes that something has changed. Any thread; never blocks.
///
/// Rings are told together, soon, and may be lost while the database is away: who listens must look
/// by itself now and then.
package protocol Notifier: Sendable {
    func notify()
}
