package import Domain
package import Postgres

/// Checks whether the database is reachable, accepts writes, and has the schema that this program
/// needs.
package struct DatabaseHealth: DatabaseProbe {
    /// The newest file in `Migrations/`; a test compares the two.
    package static let expectedMigration = 24

    private let pool: ConnectionPool
    private let role: DatabaseRole
    /// Whether another server may take this one's place.
    private let hasSeveralHosts: Bool

    /// - Parameters:
    ///   - pool: to ask on.
    ///   - role: the role that its connections play.
    ///   - settings: of the connections that callbacks are written with, for what to warn of.
    package init(
        _ pool: ConnectionPool, as role: DatabaseRole = .responder,
        settings: ConnectionSettings? = nil
    ) {
        self.pool = pool
        self.role = role
        hasSeveralHosts = settings?.namesSeveralHosts ?? false
    }

    package func databaseState() -> DatabaseState {
        let started = ContinuousClock.now
        do throws(PostgresError) {
            let (versions, refusals, durabilities) = try pool.withConnection(isIdempotent: true) {
                connection throws(PostgresError) in
                try connection.execute(
                    SelectSchemaVersion(), SelectWriteRefusal(), SelectDurability(),
                    within: .seconds(2))
            }
            let version = versions.first ?? 0
            return DatabaseState(
                latency: .now - started, migration: version,
                expectedMigration: Self.expectedMigration,
                problem: Self.problem(version) ?? refusals.first?.flatMap { $0 },
                durability: durabilities.first.map { state(of: $0) })
        } catch {
            let isReachable = error.code == .undefined || error.code == .permission
            return DatabaseState(
                latency: isReachable ? .now - started : nil, migration: nil,
                expectedMigration: Self.expectedMigration,
                problem: error.code == .undefined ? Self.problem(0) : problem(error))
        }
    }

    /// Which rights the role lacks, and what to do, in a text that is safe to show; nil if it has all
    /// that it needs, or if that cannot be known now.
    package func missingRights() -> String? {
        let grants = RoleUser(role, user: "").grants
        let missing = try? pool.withConnection(isIdempotent: true) {
            connection throws(PostgresError) in
            try connection.execute(
                SelectMissingRights(grants: Array(grants)), within: .seconds(2)
            ).rows
        }
        guard let missing, !missing.isEmpty else { return nil }
        return "The role of the \(role.name) lacks \(missing.joined(separator: ", "));"
            + " \(advice)."
    }

    private func state(of row: SelectDurability.Row) -> DatabaseState.Durability {
        let isAsynchronous = row.standbyNames.isEmpty
        return DatabaseState.Durability(
            synchronousCommit: row.level, synchronousStandbyNames: row.standbyNames,
            timeline: row.timeline, systemIdentifier: row.systemIdentifier,
            warning: hasSeveralHosts && isAsynchronous
                ? "a 200 may be lost at a failover: DATABASE_URL names several hosts, and"
                    + " synchronous_standby_names is empty, so replication is asynchronous"
                : nil)
    }

    private var advice: String {
        "run waybill migrate with \(role.setting) set, it grants the rights"
    }

    private func problem(_ error: PostgresError) -> String {
        // A wrong password is `permission`, too, but migrating does not help against it.
        let advice = error.sqlState?.description == "42501" ? "; \(advice)" : ""
        return "The database cannot be used: \(error)\(advice)."
    }

    /// Nil for the version that is expected or a later one, as during a rolling upgrade.
    private static func problem(_ version: Int) -> String? {
        guard version < expectedMigration else { return nil }
        return "The database has migration \(version), this version needs \(expectedMigration):"
            + " run waybill migrate."
    }
}
