package import Domain
package import Postgres
package import Telemetry

/// The queue in the database, as dispatchers use it.
package struct OutboxStore: Outbox {
    let queries: Queries
    let unsent = UnsentLeases()
    private let settings: ConnectionSettings
    private let feed: ChangeFeed

    /// The most rows that one round of maintenance takes.
    private static let roundLimit = 1000

    /// - Parameters:
    ///   - pool: for all but what `register` holds.
    ///   - settings: for the connection that holds a dispatcher's number.
    ///   - feed: gets messages whose status a step changed.
    ///   - logger: told of failed queries.
    package init(
        _ pool: ConnectionPool, settings: ConnectionSettings, feed: ChangeFeed,
        logger: Logger
    ) {
        self.feed = feed
        queries = Queries(pool, logger, areCommits: true)
        self.settings = settings
    }

    package func register() throws(StoreFailure) -> (number: Int32, holds: @Sendable () -> Bool) {
        do throws(PostgresError) {
            let registration = try Registration(settings)
            return (registration.number, { registration.holds() })
        } catch {
            throw StoreFailure(error.isTransient ? .unavailable : .failed, error.description)
        }
    }

    package func record(
        _ changes: [OutboxChange], counts: [Provider: SendCounts]
    ) throws(StoreFailure) {
        guard !changes.isEmpty || !counts.isEmpty else { return }
        let rounds = Self.rounds(of: changes)
        let counts = AddCounts(
            counts: counts.sorted { $0.key.code < $1.key.code }.map { ($0.key, $0.value) })
        // May run once more after a commit with an unknown outcome: the steps then do not match
        // their leases and change nothing; only events and counts are doubled.
        try queries.run { connection throws(PostgresError) in
            if rounds.count == 1 {
                let (_, applied, _) = try connection.execute(
                    PlanAnew(), ApplyChanges(changes: rounds[0]), counts)
                feed.publish(applied.first ?? [])
                return
            }
            var applied: [StatusChange] = []
            try connection.transaction { () throws(PostgresError) in
                try connection.execute(PlanAnew())
                for round in rounds {
                    applied += try connection.execute(ApplyChanges(changes: round)).first ?? []
                }
                try connection.execute(counts)
            }
            feed.publish(applied)
        }
    }

    /// The changes in groups in which no message occurs twice, each message's in their order.
    private static func rounds(of changes: [OutboxChange]) -> [[OutboxChange]] {
        var rounds: [[OutboxChange]] = []
        var seen: [MessageID: Int] = [:]
        for change in changes {
            let round = seen[change.message, default: 0]
            seen[change.message] = round + 1
            if round == rounds.count { rounds.append([]) }
            rounds[round].append(change)
        }
        return rounds
    }

    package func takeOver(at now: Timestamp) throws(StoreFailure) -> Int {
        try queries.run { connection throws(PostgresError) in
            try unsent.putBack(on: connection)
            let taken = try connection.execute(
                PlanAnew(), TakeOverLeases(now: now, limit: 10 * Self.roundLimit)
            ).1.first
            feed.publish(taken?.changes ?? [])
            return taken?.count ?? 0
        }
    }

    package func checks(
        of provider: Provider, limit: Int, at now: Timestamp, hold: Duration
    ) throws(StoreFailure) -> [OutboxCheck] {
        try queries.run { connection throws(PostgresError) in
            func settled(_ isUnsure: Bool) -> DropSettled {
                DropSettled(
                    provider: provider, isUnsure: isUnsure, after: nil, by: now,
                    limit: 10 * Self.roundLimit)
            }
            func held(_ isUnsure: Bool, _ limit: Int) -> HoldChecks {
                HoldChecks(
                    provider: provider, isUnsure: isUnsure, now: now,
                    heldUntil: now.advanced(by: hold), limit: limit)
            }
            // Messages that may be at no provider are checked first.
            var checks = try connection.execute(PlanAnew(), settled(true), held(true, limit)).2.rows
            if checks.count < limit {
                checks += try connection.execute(
                    PlanAnew(), settled(false), held(false, limit - checks.count)
                ).2.rows
            }
            return checks.compactMap { $0?(now) }
        }
    }

    package func dropSettled(
        of provider: Provider, after time: Timestamp?, limit: Int
    ) throws(StoreFailure) -> (dropped: Int, next: Timestamp?) {
        try queries.run { connection throws(PostgresError) in
            let portion = try connection.execute(
                PlanAnew(),
                DropSettled(
                    provider: provider, isUnsure: false, after: time, by: nil, limit: limit)
            ).1.first
            guard let portion else { return (0, nil) }
            return (portion.dropped, portion.seen < limit ? nil : portion.last)
        }
    }

    package func giveUpLate(at now: Timestamp, limit: Int) throws(StoreFailure) -> Int {
        try queries.run { connection throws(PostgresError) in
            var count = 0
            // Those that the database knows, whether or not this program has a kit for each.
            for (provider, _) in try connection.execute(SelectPresence()).rows where count < limit {
                let (_, given) = try connection.execute(
                    PlanAnew(), GiveUpLate(provider: provider, now: now, limit: limit - count))
                feed.publish(given.first?.changes ?? [])
                count += given.first?.count ?? 0
            }
            return count
        }
    }

    package func beat(_ providers: [Provider], at now: Timestamp) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(BeatProviders(providers: providers, now: now))
        }
    }

    package func providers() throws(StoreFailure) -> [Provider: ProviderPresence] {
        let rows = try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectPresence()).rows
        }
        return Dictionary(rows.map { ($0.provider, $0.presence) }) { first, _ in first }
    }

    package func setStop(
        _ stop: ProviderStop?, of provider: Provider
    ) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SetStop(provider: provider, stop: stop))
        }
    }
}
