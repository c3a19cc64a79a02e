/// Where streams read what they show. Any thread; blocks for a few round trips.
package protocol LiveReader: ChangeReader {
    /// Messages by their keys; unknown ones are absent.
    func messages(_ ids: [MessageID]) throws(StoreFailure) -> [MessageID: Message]

    /// Messages from people by their keys; unknown ones are absent.
    func inbound(_ ids: [InboundID]) throws(StoreFailure) -> [InboundID: StoredInbound]

    /// The keys of a send request's messages; empty if there is no such send request.
    func messages(of sendRequest: SendRequestID) throws(StoreFailure) -> [MessageID]

    /// The newest messages that meet a filter, for the state that a stream begins with.
    func newest(_ filter: LiveFilter, limit: Int) throws(StoreFailure) -> [Message]

    /// What streams that were interrupted have missed: the latest changes up to a place that has been
    /// read.
    ///
    /// - Parameters:
    ///   - sequence: the last change that the oldest of them has.
    ///   - end: a place up to which changes have been read; later ones are left out.
    ///   - limit: how many changes, about.
    /// - Returns: the changes, and how far back they reach.
    /// - Throws: `StoreFailure` if the database does not answer.
    func missedChanges(
        after sequence: ChangeSequence, through end: ChangeSequence, limit: Int
    ) throws(StoreFailure) -> MissedChanges
}

/// The latest changes before a place, and how far back they reach.
package struct MissedChanges: Sendable, Equatable {
    /// In their order.
    package let changes: [StatusChange]
    /// Whoever has everything up to here, or to a later place, misses nothing but these changes.
    /// Whoever does not must read the messages themselves again.
    package let beginning: ChangeSequence
    /// The greatest place that anybody has taken, committed or not. A later one was lost in a
    /// failover, or was never given.
    package let end: ChangeSequence

    package init(changes: [StatusChange], beginning: ChangeSequence, end: ChangeSequence) {
        self.changes = changes
        self.beginning = beginning
        self.end = end
    }
}
