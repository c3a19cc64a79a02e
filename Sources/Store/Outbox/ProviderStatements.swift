import Domain
import Postgres

/// Records that providers are served.
struct BeatProviders: Statement {
    let providers: [Provider]
    let now: Timestamp

    static let name: StaticString = "beat_providers"
    static let sql: StaticString = """
        with held as materialized (
            select provider from provider_state
            where provider = any($1::smallint[])
            order by provider
            for update
        )
        update provider_state set seen_at = greatest(seen_at, $2)
        from held
        where provider_state.provider = held.provider
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt16s(providers) { $0.code }
        parameters.add(timestamp: now.microseconds)
    }
}

/// Which providers are served, and which of them are stopped.
struct SelectPresence: Statement {
    static let name: StaticString = "select_presence"
    static let sql: StaticString = """
        select provider, seen_at, stopped_at, retry_at, stop_code, stop_reason from provider_state
        """

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (provider: Provider, presence: ProviderPresence) {
        (try row.next(Provider.self), try row.nextPresence())
    }
}

extension RowReader {
    /// The columns seen_at, stopped_at, retry_at, stop_code and stop_reason.
    fileprivate mutating func nextPresence() throws(PostgresError) -> ProviderPresence {
        let seenAt = try next(Timestamp?.self)
        let stoppedAt = try next(Timestamp?.self)
        let retryAt = try next(Timestamp?.self)
        let problem = try nextProblem()
        guard let stoppedAt, let problem else {
            return ProviderPresence(seenAt: seenAt, stop: nil)
        }
        return ProviderPresence(
            seenAt: seenAt,
            stop: ProviderStop(
                since: stoppedAt, problem: problem, retryAt: retryAt ?? stoppedAt))
    }

    fileprivate mutating func nextCounts() throws(PostgresError) -> SendCounts {
        var counts = SendCounts()
        counts.requests = try next(Int.self)
        counts.accepted = try next(Int.self)
        counts.refused = try next(Int.self)
        counts.deferred = try next(Int.self)
        counts.unanswered = try next(Int.self)
        counts.deadLetters = try next(Int.self)
        counts.lookUps = try next(Int.self)
        counts.recovered = try next(Int.self)
        counts.putBack = try next(Int.self)
        return counts
    }
}

/// Stops a provider or ends its stop. One that is stopped already keeps the time of its beginning.
struct SetStop: Statement {
    let provider: Provider
    let stop: ProviderStop?

    static let name: StaticString = "set_stop"
    static let sql: StaticString = """
        update provider_state set
            stopped_at = case when $2::timestamptz is null then null
                else coalesce(stopped_at, $2) end,
            retry_at = $3, stop_code = $4, stop_reason = $5
        where provider = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(timestamp: stop?.since.microseconds)
        parameters.add(timestamp: stop?.retryAt.microseconds)
        parameters.add(stop?.problem.code)
        parameters.add(stop?.problem.text)
    }
}

/// The state of sending through each provider; of the outbox it reads only the first due row.
///
/// To be planned again each time: see `PlanAnew`.
struct SelectSendingStates: Statement {
    static let name: StaticString = "select_sending_states"
    static let sql: StaticString = """
        select provider_state.provider, seen_at, stopped_at, retry_at, stop_code, stop_reason,
            coalesce(ready, 0), coalesce(leased, 0), coalesce(unsure, 0), coalesce(sent, 0),
            oldest.due_at, requests, accepted, refused, deferred, unanswered, dead_letters,
            look_ups, recovered, put_back
        from provider_state
        left join (
            select provider, (sum(messages) filter (where state = 1))::bigint as ready,
                (sum(messages) filter (where state = 2))::bigint as leased,
                (sum(messages) filter (where state = 3))::bigint as unsure,
                (sum(messages) filter (where state = 4))::bigint as sent
            from outbox_count
            group by provider
        ) as waiting on waiting.provider = provider_state.provider
        left join lateral (
            select due_at from outbox
            where state = 1 and outbox.provider = provider_state.provider
            order by due_at
            limit 1
        ) as oldest on oldest.due_at <= now()
        order by provider_state.provider
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SendingState {
        SendingState(
            provider: try row.next(Provider.self), presence: try row.nextPresence(),
            ready: try row.next(Int.self), leased: try row.next(Int.self),
            unsure: try row.next(Int.self), awaitingReport: try row.next(Int.self),
            oldestDueAt: try row.next(Timestamp?.self), counts: try row.nextCounts())
    }
}

/// Wakes all listeners of a channel.
struct SendNotification: Statement {
    let channel: String

    static let name: StaticString = "send_notification"
    static let sql: StaticString = "select pg_notify($1, '')::text"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(channel)
    }
}
