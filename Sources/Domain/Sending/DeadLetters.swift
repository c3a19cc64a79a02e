/// The result of a request to send a message again.
package enum RetryResult: Sendable, Equatable {
    case queued
    /// No message of this id was given up, or it is tried again already.
    case unknown
    case refused(RetryRefusal)
}

/// The messages that were given up. Any thread; blocks for a few round trips.
package protocol DeadLetters: Sendable {
    /// Those that a filter finds, the latest first.
    ///
    /// - Parameters:
    ///   - filter: what they must meet.
    ///   - position: where the last page ended; nil for the first one.
    ///   - limit: how many at most.
    /// - Returns: as many as there are, up to the limit.
    /// - Throws: `StoreFailure` if the database does not answer.
    func page(
        of filter: DeadLetterFilter, after position: DeadLetterPosition?, limit: Int
    ) throws(StoreFailure) -> [DeadLetter]

    /// How many a filter finds.
    func count(of filter: DeadLetterFilter) throws(StoreFailure) -> BoundedCount

    /// Queues a message again, as new: with all of its attempts, and as much time as it had.
    func retry(_ message: MessageID, by requester: Requester) throws(StoreFailure) -> RetryResult

    /// Queues those of a filter again that can be: some of them, the earliest first, so that a call
    /// stays short. Those that may have been sent only where the filter names their code or them.
    ///
    /// - Returns: how many were queued, and how many are left that can be.
    /// - Throws: `StoreFailure`; then some may have been queued.
    func retry(
        _ filter: DeadLetterFilter, by requester: Requester
    ) throws(StoreFailure) -> (queued: Int, left: BoundedCount)
}
