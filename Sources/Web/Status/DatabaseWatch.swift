package import Domain

/// The state of the database as last seen by a thread. A readiness check must cost no round trip,
/// and must not wait for a database that hangs.
package struct DatabaseWatch: DatabaseProbe {
    private let answer: SharedAnswer<DatabaseState>
    private let expectedMigration: Int

    /// A check that runs for longer than this means that the database hangs.
    private let limit: Duration

    /// Asks once a second, on a thread of its own.
    ///
    /// - Parameters:
    ///   - probe: asks the database.
    ///   - first: its latest state.
    ///   - limit: how long it may take.
    package init(
        _ probe: any DatabaseProbe, first: DatabaseState, limit: Duration = .seconds(2)
    ) {
        self.limit = limit
        expectedMigration = first.expectedMigration
        answer = SharedAnswer("database-watch", .steady, first: first) { probe.databaseState() }
    }

    /// The last known state; never blocks.
    package func databaseState() -> DatabaseState {
        let reading = answer.latest()
        if let pending = reading.pending, pending > limit {
            return unanswered(for: pending)
        }
        return reading.value ?? unanswered(for: .zero)
    }

    /// Ends the checks.
    package func stop() {
        answer.stop()
    }

    private func unanswered(for time: Duration) -> DatabaseState {
        DatabaseState(
            latency: nil, migration: nil, expectedMigration: expectedMigration,
            problem: "The database has not answered for \(time.components.seconds) seconds.")
    }
}
