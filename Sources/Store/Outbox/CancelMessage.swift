import Domain
import Postgres

/// Cancels a message that is ready; returns no row if it is not.
struct CancelMessage: Statement {
    let event: SendEvent

    static let name: StaticString = "cancel_message"
    static let sql: StaticString = """
        with gone as (
            delete from outbox where message_id = $1 and state = 1 returning message_id
        ),
        moved as (
            update message set
                precedence = $3, fingerprint = 0, status = $4, outcome_id = null, delay = null,
                updated_at = greatest(message.updated_at, $2)
            from gone
            where id = gone.message_id and (precedence, fingerprint) < ($3, 0)
            returning id, message.status
        ),
        told as (
            insert into event (message_id, at, precedence, kind, status)
            select message_id, $2, $3, $5, $4 from gone
        ),
        noted as (
            insert into status_change (block, noted_at, messages, statuses, causes)
            select take_change_block(), now(), array[id], array[status], array[$6::smallint] from moved
            returning block, messages, statuses, causes
        )
        select block, messages, statuses, causes from gone left join noted on true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: event.message.halves)
        parameters.add(timestamp: event.at.microseconds)
        parameters.add(event.precedence?.rawValue)
        parameters.add(event.status?.code)
        parameters.add(event.kind.code)
        parameters.add(StatusChange.Cause.event.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> [StatusChange] {
        try row.nextChanges()
    }
}

/// The status of a message of ours.
struct SelectOwnStatus: Statement {
    let id: MessageID

    static let name: StaticString = "select_own_status"
    static let sql: StaticString = "select status from message where id = $1 and is_ours"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Status {
        try row.next(Status.self)
    }
}

/// The states of our messages, with the latest text about each.
struct SelectSendStates: Statement {
    let ids: [MessageID]

    static let name: StaticString = "select_send_states"
    static let sql: StaticString = """
        select message.id, message.status, message.provider, last.code, last.detail
        from message
        left join lateral (
            select code, detail from event
            where event.message_id = message.id and event.code is not null
            order by event.number desc
            limit 1
        ) as last on true
        where message.id = any($1::uuid[]) and message.is_ours
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (id: MessageID, state: SendState) {
        let id = try row.next(MessageID.self)
        let status = try row.next(Status.self)
        let provider = try row.next(Provider.self)
        let problem = try row.nextProblem()
        let isUnderWay = status == .queued || status == .accepted
        return (
            id,
            SendState(status: status, problem: isUnderWay ? nil : problem, provider: provider)
        )
    }
}
