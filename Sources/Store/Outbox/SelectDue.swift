import Domain
import Postgres

/// Due messages of a provider that are not being leased now, the messages of a send request
/// together; without those that are sent apart.
struct SelectDue: Statement {
    let provider: Provider
    let limit: Int

    static let name: StaticString = "select_due"
    static let sql: StaticString = """
        select message_id, send_request_id, outbox.provider, attempts, recipient,
            outbox.give_up_at, batch_limit, blame,
            met_stop_at is not null, coalesce(taken_at >= met_stop_at, false)
        from outbox
        join provider_state on provider_state.provider = outbox.provider
        where state = 1 and outbox.provider = $1 and due_at <= now() and give_up_at > now()
            and batch_limit is null
        order by due_at, send_request_id, message_id
        limit $2
        for update of outbox skip locked
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DueRow {
        try DueRow(&row)
    }
}

/// Due messages that are sent apart, as many as fill so many requests.
struct SelectApart: Statement {
    let provider: Provider
    let requests: Int
    let limit: Int

    var isNeeded: Bool { limit > 0 }

    static let name: StaticString = "select_apart"
    static let sql: StaticString = """
        with due as materialized (
            select message_id, due_at, send_request_id, batch_limit
            from outbox
            where state = 1 and provider = $1 and due_at <= now() and give_up_at > now()
                and batch_limit is not null
            order by due_at, send_request_id, message_id
            limit $2
        ),
        counted as materialized (
            select message_id, sum(1.0 / batch_limit) over earlier as requests_before
            from due
            window earlier as (
                order by due_at, send_request_id, message_id
                rows between unbounded preceding and 1 preceding)
        )
        select outbox.message_id, send_request_id, outbox.provider, attempts, recipient,
            outbox.give_up_at, batch_limit, blame,
            met_stop_at is not null, coalesce(taken_at >= met_stop_at, false)
        from counted
        join outbox on outbox.message_id = counted.message_id
        join provider_state on provider_state.provider = outbox.provider
        where coalesce(requests_before, 0) < $3::bigint and state = 1 and outbox.provider = $1
        order by due_at, send_request_id, outbox.message_id
        for update of outbox skip locked
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(Int64(limit))
        parameters.add(Int64(requests))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DueRow {
        try DueRow(&row)
    }
}

/// The newest due messages, without those that are sent apart; of the last few those first that
/// were never tried.
struct SelectNewest: Statement {
    let provider: Provider
    let limit: Int

    static let name: StaticString = "select_newest"
    static let sql: StaticString = """
        with last as materialized (
            select message_id
            from outbox
            where state = 1 and provider = $1 and due_at <= now() and give_up_at > now()
                and batch_limit is null
            order by due_at desc, send_request_id desc, message_id desc
            limit $2::bigint + 1000
        )
        select outbox.message_id, send_request_id, outbox.provider, attempts, recipient,
            outbox.give_up_at, batch_limit, blame,
            met_stop_at is not null, coalesce(taken_at >= met_stop_at, false)
        from last
        join outbox on outbox.message_id = last.message_id
        join provider_state on provider_state.provider = outbox.provider
        where state = 1 and outbox.provider = $1
        order by attempts > 0, due_at desc, send_request_id, outbox.message_id
        limit $2
        for update of outbox skip locked
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DueRow {
        try DueRow(&row)
    }
}

/// One due message for a trial: of some at a place in the queue, preferably one that met no stop,
/// was not tried, and goes to another country than those that failed.
struct SelectTrial: Statement {
    let provider: Provider
    let trial: LeaseRequest.Trial

    static let name: StaticString = "select_trial"
    static let sql: StaticString = """
        with due as materialized (
            (select due_at from outbox
             where state = 1 and provider = $1 and due_at <= now()
             order by due_at limit 1)
            union all
            (select due_at from outbox
             where state = 1 and provider = $1 and due_at <= now()
             order by due_at desc limit 1)
        ),
        place as materialized (
            select coalesce(
                min(due_at) + $3::bigint / 1e6::double precision * (max(due_at) - min(due_at)),
                max(due_at)) as due_at
            from due
        ),
        near as materialized (
            (select message_id from outbox
             where state = 1 and provider = $1 and due_at <= (select due_at from place)
                and give_up_at > now()
                and not ($2 and met_stop_at is not null and coalesce(batch_limit, 1) = 1)
             order by due_at desc, send_request_id desc, message_id desc limit 100)
            union all
            (select message_id from outbox
             where state = 1 and provider = $1 and due_at > (select due_at from place)
                and due_at <= now() and give_up_at > now()
                and not ($2 and met_stop_at is not null and coalesce(batch_limit, 1) = 1)
             order by due_at, send_request_id, message_id limit 100)
        )
        select outbox.message_id, send_request_id, outbox.provider, attempts, recipient,
            outbox.give_up_at, batch_limit, blame,
            met_stop_at is not null, coalesce(taken_at >= met_stop_at, false)
        from near
        join outbox on outbox.message_id = near.message_id
        join provider_state on provider_state.provider = outbox.provider
        where state = 1 and outbox.provider = $1
        order by met_stop_at is not null, attempts > 0, left(recipient, 4) = any($4::text[]), random()
        limit 1
        for update of outbox skip locked
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(trial.isFresh)
        // Millionths of the queue's length.
        parameters.add(trial.place.map { Int64($0 * 1e6) })
        parameters.addTexts(trial.avoiding) { $0 }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DueRow {
        try DueRow(&row)
    }
}

/// Due messages of a provider that another one may take over and can send; stops that they met at
/// the first one say nothing about the other.
struct SelectTakeover: Statement {
    let provider: Provider
    let segmentLimits: SegmentLimits?
    let limit: Int

    static let name: StaticString = "select_takeover"
    static let sql: StaticString = """
        select message_id, send_request_id, provider, attempts, recipient, outbox.give_up_at,
            batch_limit, 0::smallint, false, false
        from outbox
        join send_request on send_request.id = outbox.send_request_id
        where state = 1 and provider = $1 and due_at <= now() and outbox.give_up_at > now()
            and not is_bound
            and segments <= case encoding when 'gsm-7' then $3::smallint else $4::smallint end
        order by due_at, send_request_id, message_id
        limit $2
        for update of outbox skip locked
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(Int64(limit))
        parameters.add(Int16(clamping: segmentLimits?.gsm7 ?? Int.max))
        parameters.add(Int16(clamping: segmentLimits?.ucs2 ?? Int.max))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DueRow {
        try DueRow(&row)
    }
}

/// A row of the outbox that may be leased.
struct DueRow: Sendable {
    let message: MessageID
    let sendRequest: SendRequestID
    let provider: Provider
    let attempts: Int
    let recipient: String
    let giveUpAt: Timestamp
    let batchLimit: Int?
    let earlierStop: LeasedMessage.EarlierStop?

    fileprivate init(_ row: inout RowReader) throws(PostgresError) {
        message = try row.next(MessageID.self)
        sendRequest = try row.next(SendRequestID.self)
        provider = try row.next(Provider.self)
        attempts = try row.next(Int.self)
        recipient = try row.next(String.self)
        giveUpAt = try row.next(Timestamp.self)
        batchLimit = try row.next(Int?.self)
        let blame = try row.next(Int.self)
        let hasMetStop = try row.next(Bool.self)
        let othersWereTaken = try row.next(Bool.self)
        earlierStop =
            hasMetStop
            ? LeasedMessage.EarlierStop(blame: blame, othersWereTaken: othersWereTaken) : nil
    }
}
