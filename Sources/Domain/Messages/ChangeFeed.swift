/// Gets changes of statuses that this process has committed.
package protocol ChangeSubscriber: Sendable {
    /// Takes committed changes; must return at once, because the next commit waits for it.
    ///
    /// Called on the thread that committed, by several threads at a time. The changes of one call
    /// are in the order of their sequence, those of two calls perhaps not: of one message the
    /// change with the greatest sequence counts, and older ones must be ignored.
    ///
    /// Not every change comes this way: other processes commit, too, and a commit with an unknown
    /// outcome is not published. `ChangeReader` has them all.
    func statusesChanged(_ changes: [StatusChange])
}

/// The subscribers of a process's committed changes.
package struct ChangeFeed: Sendable {
    private let subscribers: [any ChangeSubscriber]

    /// - Parameter subscribers: called in this order; empty costs nothing.
    package init(_ subscribers: [any ChangeSubscriber] = []) {
        self.subscribers = subscribers
    }

    /// Calls all subscribers; to be called after the commit. Computes nothing if there are none.
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
    /// A caller that continues after the last change it got misses none: nothing is ever committed
    /// before a place that has been read. Changes that are being committed now come with a later
    /// call.
    ///
    /// - Parameters:
    ///   - sequence: the last known change; `start` for all that are kept.
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
    /// False if changes before them may have been dropped for their age: then the messages
    /// themselves must be read again. True from `start` on, which is where the kept ones begin.
    package let isComplete: Bool

    package init(changes: [StatusChange], isComplete: Bool) {
        self.changes = changes
        self.isComplete = isComplete
    }
}
