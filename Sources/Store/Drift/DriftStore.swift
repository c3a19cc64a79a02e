package import Domain
package import Postgres
package import Telemetry

/// What the look-out for drift reads and writes.
package struct DriftStore: Sendable {
    private let queries: Queries

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    /// What happened to each subject's messages around this time, and the time.
    package func histories() throws(StoreFailure) -> (
        now: Timestamp, subjects: [TrafficSubject: TrafficHistory]
    ) {
        try queries.run { connection throws(PostgresError) in
            let (clock, traffic) = try connection.execute(ReadClock(), SelectTraffic())
            guard let now = clock.first else { throw .notBegun("the database tells no time") }
            var subjects: [TrafficSubject: TrafficHistory] = [:]
            for row in traffic.rows {
                var of: [TrafficSubject] = [.provider(row.provider)]
                if let country = row.country { of.append(.country(row.provider, country)) }
                for subject in of {
                    subjects[subject, default: TrafficHistory(now: now)]
                        .add(row.figures, since: row.since)
                }
            }
            return (now, subjects)
        }
    }

    /// The alarms that are on, the oldest first.
    package func alarms() throws(StoreFailure) -> [Alarm] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectAlarms()).rows.compactMap { $0 }
        }
    }

    /// Adds how old reports were.
    package func add(_ ages: [ReportAges.Key: [Int64]]) throws(StoreFailure) {
        let ages = ages.flatMap { key, pairs in
            pairs.pairs.map { AddReportAges.Age(key: key, delayClass: $0, reports: $1) }
        }
        guard !ages.isEmpty else { return }
        try queries.run { connection throws(PostgresError) in
            _ = try connection.execute(CommitLazily(), AddReportAges(ages: ages))
        }
    }

    /// The provider's word for an outcome.
    package func outcomeName(_ id: Int64) throws(StoreFailure) -> String? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectOutcomeName(id: id)).first ?? nil
        }
    }

    /// Raises an alarm; nil if another process has.
    package func raise(_ topic: Alarm.Topic, _ sentence: String) throws(StoreFailure) -> Timestamp?
    {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(InsertAlarm(topic: topic, sentence: sentence)).first
        }
    }

    /// Brings an alarm up to date.
    package func keep(_ topic: Alarm.Topic, _ sentence: String?) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            _ = try connection.execute(
                CommitLazily(), KeepAlarm(topic: topic, sentence: sentence))
        }
    }

    /// Ends an alarm; false if another process has.
    package func clear(_ topic: Alarm.Topic) throws(StoreFailure) -> Bool {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(ClearAlarm(topic: topic)).first != nil
        }
    }

    /// Ends an alarm that another one says as well; false if another process has.
    package func absorb(_ topic: Alarm.Topic) throws(StoreFailure) -> Bool {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(AbsorbAlarm(topic: topic)).first ?? false
        }
    }
}
