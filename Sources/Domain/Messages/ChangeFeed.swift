/// Hears of changes of statuses that this process has committed.
package protocol ChangeSubscriber: Sendable {
    /// Takes changes that are committed; must return at once, since the next commit waits for it.
    ///
    /// Called on the thread that committed, by several threads at a time. The changes of one call
    /// are in the order of their sequence. Those of two calls may not be: of one message the change
    /// with the greatest sequence counts, and what is older than that is to be left out.
    ///
    /// Not every change comes this way: other processes commit, too, and where a commit's outcome is
    /// not known nothing is told. `ChangeReader` has them all.
    func statusesChanged(_ changes: [StatusChange])
}

/// Whom a process tells of the changes that it commits.
package struct ChangeFeed: Sendable {
    private let subscribers: [any ChangeSubscriber]

    /// - Parameter subscribers: called in this order; empty costs nothing.
    package init(_ subscribers: [any ChangeSubscriber] = []) {
        self.subscribers = subscribers
    }

    /// Tells all subscribers; to be called after the commit. Works out nothing if there are none.
    package func publish(_ changes: @autoclosure () -> [StatusChange]) {
        guard !subscribers.isEmpty else { return }
        let changes = changes()
        guard !changes.isEmpty else { return }
        for subscriber in subscribers { subscriber.statusesChanged(changes) }
    }
}

/// Where committed changes are read in their order, whoever committed them.
package protocol ChangeReader: Sendable {
    /// The changes after a place in the order, at most `limit` of them, the earliest first.
    ///
    /// Whoever goes on after the last one that came misses none: nothing is ever committed before a
    /// place that has been read. What is being committed just now comes with a later call.
    ///
    /// - Parameters:
    ///   - sequence: that of the last change that is known; `start` for all that are kept.
    ///   - limit: how many.
    /// - Returns: empty when nothing more is committed.
    /// - Throws: when the database does not answer.
    func changes(after sequence: ChangeSequence, limit: Int) throws(StoreFailure) -> ChangePage

    /// The sequence of the latest change that can be read; `start` if there is none.
    ///
    /// - Throws: when the database does not answer.
    func latestChange() throws(StoreFailure) -> ChangeSequence
}

/// Some changes in their order.
package struct ChangePage: Sendable, Equatable {
    package let changes: [StatusChange]
    /// False if some between them and the place after which they were asked for may have been
    /// dropped for their age: then the messages themselves must be read again. True from `start`
    /// on, which is where those begin that are kept.
    package let isComplete: Bool

    package init(changes: [StatusChange], isComplete: Bool) {
        self.changes = changes
        self.isComplete = isComplete
    }
}
