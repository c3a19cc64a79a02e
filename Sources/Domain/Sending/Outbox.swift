/// The dispatchers' side of the queue. Any thread; blocks for a few round trips.
package protocol Outbox: Sendable {
    /// Registers a dispatcher; its number is held as long as its connection lives, so that others
    /// see at once when it has ended.
    ///
    /// - Returns: the number, and a check that it still holds: once false, register again for a new
    ///   number.
    func register() throws(StoreFailure) -> (number: Int32, holds: @Sendable () -> Bool)

    /// Leases due messages of a provider that are not past their time, and writes takeovers to
    /// their timelines. Messages that were tried before and that a report shows to be accepted are
    /// not leased but count as sent.
    ///
    /// Leases whose commit got no answer are returned before anything else is leased or taken over:
    /// their messages were never sent.
    func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer

    /// Writes steps and counts in one transaction; if a message occurs twice, its steps one after
    /// the other.
    ///
    /// Safe to repeat when the outcome is unknown: the second time the steps do not match and
    /// change nothing; only the events and the counts are doubled.
    func record(
        _ changes: [OutboxChange], counts: [Provider: SendCounts]
    ) throws(StoreFailure)

    /// Marks the messages of expired leases, and of dispatchers that have ended, as unsure.
    ///
    /// - Returns: how many messages there were.
    func takeOver(at now: Timestamp) throws(StoreFailure) -> Int

    /// Messages whose check is due, held for `hold` so that no other dispatcher queries them too.
    /// Those whose final status is known are removed from the outbox instead.
    ///
    /// Each one's `sentAt` is as long before `now` as the attempt was by the database's clock.
    func checks(
        of provider: Provider, limit: Int, at now: Timestamp, hold: Duration
    ) throws(StoreFailure) -> [OutboxCheck]

    /// Removes messages that a provider accepted and whose final status is known, due or not: a
    /// portion of those whose check is due after a time, in that order.
    ///
    /// - Returns: how many were removed, and from where to continue; nil after the last.
    func dropSettled(
        of provider: Provider, after time: Timestamp?, limit: Int
    ) throws(StoreFailure) -> (dropped: Int, next: Timestamp?)

    /// Gives up ready messages that are past their time, and counts the dead letters; returns how
    /// many.
    func giveUpLate(at now: Timestamp, limit: Int) throws(StoreFailure) -> Int

    /// Confirms that a dispatcher serves these providers now.
    func beat(_ providers: [Provider], at now: Timestamp) throws(StoreFailure)

    /// The current stops by provider, and which providers were served in the last half minute.
    func providers() throws(StoreFailure) -> [Provider: ProviderPresence]

    /// Stops a provider's sending for all dispatchers, or ends the stop. A stop of a provider that
    /// is stopped already replaces all but `since`.
    func setStop(_ stop: ProviderStop?, of provider: Provider) throws(StoreFailure)
}

/// Notifies other processes of a change. Any thread; never blocks.
///
/// Notifications are sent together, soon, and may be lost while the database is unreachable, so
/// listeners must also check from time to time.
package protocol Notifier: Sendable {
    func notify()
}
