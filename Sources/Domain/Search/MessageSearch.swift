/// Finds messages. Any thread; blocks.
package protocol MessageSearch: Sendable {
    /// One page, the newest message first, by time and id.
    ///
    /// While messages arrive, a walk from page to page finds every message once that was there at
    /// its start.
    ///
    /// - Parameters:
    ///   - filter: what is looked for.
    ///   - limit: the most messages, 1 or more.
    ///   - position: where the page before ended; nil for the first page.
    ///   - budget: how long the search may take.
    /// - Returns: what was found within the budget, and where to go on.
    /// - Throws: `StoreFailure` if the database does not answer, or refuses.
    func page(
        of filter: MessageFilter, limit: Int, after position: SearchPosition?,
        within budget: Duration
    ) throws(StoreFailure) -> MessagePage

    /// Everything that a filter finds, the newest first, a batch at a time.
    func walk(_ filter: MessageFilter) -> any MessageWalk
}

/// A walk through all that a filter finds, in constant memory.
///
/// Between two batches it holds nothing in the database: no transaction, no snapshot and no
/// connection. It ends by not being asked any more. One thread at a time.
package protocol MessageWalk: AnyObject, Sendable {
    /// The next batch, of at most `MessageBatch.limit` messages; nil at the end.
    ///
    /// It may be empty: where little is found, a batch ends after a second, so that the caller can
    /// see whether anybody still waits.
    func next() throws(StoreFailure) -> MessageBatch?
}

/// Some messages of a walk.
package struct MessageBatch: Sendable {
    package let messages: [Message]
    /// Everything newer than this has been looked at.
    package let searchedBackTo: Timestamp

    /// The most messages of a batch.
    package static let limit = 1000

    package init(messages: [Message], searchedBackTo: Timestamp) {
        self.messages = messages
        self.searchedBackTo = searchedBackTo
    }
}
