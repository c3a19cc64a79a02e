import Domain
import Postgres

/// The alarms that are on, the oldest first.
struct SelectAlarms: Statement {
    static let name: StaticString = "select_alarms"
    // No more than can be looked at.
    static let sql: StaticString = """
        select provider, country, kind, raised_at, seen_at, sentence
        from alarm where cleared_at is null
        order by raised_at, id
        limit 500
        """

    /// Nil for a kind that only a newer version knows.
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Alarm? {
        let provider = try row.next(Provider.self)
        let country = Country(try row.next(String.self))
        let kind = DriftKind(rawValue: try row.next(String.self))
        let raisedAt = try row.next(Timestamp.self)
        let seenAt = try row.next(Timestamp.self)
        let sentence = try row.next(String.self)
        guard let kind else { return nil }
        return Alarm(
            subject: country.map { .country(provider, $0) } ?? .provider(provider), kind: kind,
            raisedAt: raisedAt, seenAt: seenAt, sentence: sentence)
    }
}

/// Raises an alarm, and tells the webhooks; a row if no other process has.
struct InsertAlarm: Statement {
    let topic: Alarm.Topic
    let sentence: String

    static let name: StaticString = "insert_alarm"
    static let sql: StaticString = """
        with raised as (
            insert into alarm (provider, country, kind, raised_at, seen_at, sentence)
            values ($1, $2, $3, now(), now(), left($4, 500))
            on conflict (provider, country, kind) where cleared_at is null do nothing
            returning provider, country, kind, raised_at, sentence
        )
        select raised_at, enqueue_webhook($6, jsonb_build_object(
            'state', 'raised', 'provider', $5::text, 'country', nullif(country, ''), 'kind', kind,
            'since', to_char(raised_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'sentence', sentence), '{}', provider, nullif(country, ''))
        from raised
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addEvent(of: topic, sentence)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp {
        let raisedAt = try row.next(Timestamp.self)
        _ = try row.next(Int32.self)
        return raisedAt
    }
}

/// An alarm goes on.
struct KeepAlarm: Statement {
    let topic: Alarm.Topic
    /// Nil leaves it as it is.
    let sentence: String?

    static let name: StaticString = "keep_alarm"
    static let sql: StaticString = """
        update alarm set seen_at = now(), sentence = coalesce(left($4, 500), sentence)
        where provider = $1 and country = $2 and kind = $3 and cleared_at is null
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(topic)
        parameters.add(sentence)
    }
}

/// An alarm is over, of which the webhooks are told; a row if no other process has ended it.
struct ClearAlarm: Statement {
    let topic: Alarm.Topic

    static let name: StaticString = "clear_alarm"
    static let sql: StaticString = """
        with cleared as (
            update alarm set cleared_at = now()
            where provider = $1 and country = $2 and kind = $3 and cleared_at is null
            returning provider, country, kind, raised_at, sentence
        )
        select enqueue_webhook($6, jsonb_build_object(
            'state', 'cleared', 'provider', $5::text, 'country', nullif(country, ''), 'kind', kind,
            'since', to_char(raised_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'sentence', coalesce($4, sentence)), '{}', provider, nullif(country, ''))
        from cleared
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addEvent(of: topic, nil)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 {
        try row.next(Int32.self)
    }
}

/// The same without telling: an alarm about the whole provider has been raised.
struct AbsorbAlarm: Statement {
    let topic: Alarm.Topic

    static let name: StaticString = "absorb_alarm"
    static let sql: StaticString = """
        update alarm set cleared_at = now()
        where provider = $1 and country = $2 and kind = $3 and cleared_at is null
        returning true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(topic)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

extension StatementParameters {
    fileprivate mutating func add(_ topic: Alarm.Topic) {
        add(topic.subject.provider.code)
        add(topic.subject.country?.description ?? "")
        add(topic.kind.rawValue)
    }

    /// A topic with the sentence of its event, and what the event needs.
    fileprivate mutating func addEvent(of topic: Alarm.Topic, _ sentence: String?) {
        add(topic)
        add(sentence)
        add(topic.subject.provider.name)
        add(WebhookEventType.providerSilent.code)
    }
}
