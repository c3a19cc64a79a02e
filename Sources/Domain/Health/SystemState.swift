/// The state of the database, as the responder sees it.
package struct DatabaseState: Sendable {
    /// The time of one round trip; nil if the database cannot be reached.
    package let latency: Duration?
    /// The newest migration that the database has; nil if unknown.
    package let migration: Int?
    /// The newest migration that this program was made for.
    package let expectedMigration: Int
    /// Why it cannot be used, safe to show; nil if it can.
    package let problem: String?
    /// The durability of a commit there; nil if unknown.
    package let durability: Durability?

    package init(
        latency: Duration?, migration: Int?, expectedMigration: Int, problem: String?,
        durability: Durability? = nil
    ) {
        self.latency = latency
        self.migration = migration
        self.expectedMigration = expectedMigration
        self.problem = problem
        self.durability = durability
    }

    /// Where the server keeps a commit before it confirms it.
    package struct Durability: Sendable, Equatable {
        /// The setting of the server and the role; we raise it to `on` at least.
        package let synchronousCommit: String
        /// The standbys that a commit waits for; empty for none.
        package let synchronousStandbyNames: String
        /// Grows with each failover; nil if unknown.
        package let timeline: Int?
        /// Of the cluster, from its initdb; nil if unknown.
        package let systemIdentifier: Int64?
        /// What may still be lost, safe to show; nil if nothing.
        package let warning: String?

        package init(
            synchronousCommit: String, synchronousStandbyNames: String, timeline: Int?,
            systemIdentifier: Int64? = nil, warning: String?
        ) {
            self.synchronousCommit = synchronousCommit
            self.synchronousStandbyNames = synchronousStandbyNames
            self.timeline = timeline
            self.systemIdentifier = systemIdentifier
            self.warning = warning
        }
    }

    /// Which server it is, if it can be written to and tells.
    package var server: DatabaseServer? {
        guard problem == nil, let identifier = durability?.systemIdentifier,
            let timeline = durability?.timeline
        else { return nil }
        return DatabaseServer(systemIdentifier: identifier, timeline: timeline)
    }

    /// Whether it is reachable and lacks what this program needs. An unreachable or read-only
    /// database may recover by itself; this one will not.
    package var isUnfit: Bool {
        migration.map { $0 < expectedMigration } ?? (latency != nil)
    }
}

/// Asks the database for its state.
package protocol DatabaseProbe: Sendable {
    /// One round trip, bounded in time.
    func databaseState() -> DatabaseState
}

/// The report writer's state, as of now.
package struct WriterState: Sendable {
    /// Reports that wait for a commit.
    package let queuedReports: Int
    /// The most that may wait.
    package let capacity: Int
    /// Of the recent commits; nil before the first.
    package let commitP50: Duration?
    package let commitP99: Duration?
    /// Since when the database has not taken a commit; nil while it does.
    package let awaySince: Timestamp?

    package init(
        queuedReports: Int, capacity: Int, commitP50: Duration?, commitP99: Duration?,
        awaySince: Timestamp?
    ) {
        self.queuedReports = queuedReports
        self.capacity = capacity
        self.commitP50 = commitP50
        self.commitP99 = commitP99
        self.awaySince = awaySince
    }
}

/// Gives the writer's state.
package protocol WriterProbe: Sendable {
    func writerState() -> WriterState

    /// Why nothing can be written now, safe to show; nil if the last attempt worked, or there was
    /// none. Never blocks.
    var writeProblem: String? { get }
}
