import Domain
import Postgres

/// Queues messages that were given up again, as new, and forgets that they were; those that cannot be
/// sent again stay as they are.
///
/// The message has as much time as its send request gave it. Its status is that of a queued message,
/// unless a report decides it: then that stays until another report takes precedence. Of the events
/// only those from the last `retried` on count, so that a fold of the ledger ends in the same row.
struct RetryMessages: Statement {
    let messages: [MessageID]
    let now: Timestamp

    static let name: StaticString = "retry_messages"
    static let sql: StaticString = """
        with gone as (
            delete from dead_letter
            where message_id = any($1::uuid[]) and retry_refusal(message_id) is null
            returning message_id, send_request_id, provider, recipient
        ),
        queued as (
            insert into outbox (
                message_id, send_request_id, due_at, give_up_at, provider, state, is_bound,
                recipient)
            select gone.message_id, request.id, now(), now() + (
                    request.give_up_at - coalesce(request.send_at, request.accepted_at)),
                gone.provider, 1, request.is_pinned, gone.recipient
            from gone
            join send_request as request on request.id = gone.send_request_id
            order by gone.message_id
        ),
        known as materialized (
            select id, status from message
            where id in (select message_id from gone)
            order by id
            for no key update
        ),
        moved as (
            update message set
                precedence = $3, fingerprint = 0, status = $4, outcome_id = null, delay = null,
                updated_at = greatest(message.updated_at, $2)
            from known
            where message.id = known.id and message.fingerprint = 0
            returning message.id, message.status, known.status as old_status
        ),
        told as (
            insert into event (message_id, at, precedence, kind, provider, status)
            select message_id, $2, $3, $5, provider, $4 from gone order by message_id
        ),
        noted as (
            insert into status_change (block, noted_at, messages, statuses, causes)
            select take_change_block(), now(), array_agg(id), array_agg(status),
                array_agg($6::smallint)
            from moved
            where status <> old_status
            having count(*) > 0
            returning block, messages, statuses, causes
        )
        select (select count(*) from gone), block, messages, statuses, causes
        from (values (true)) as always
        left join noted on true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
        parameters.add(timestamp: now.microseconds)
        parameters.add(Precedence(status: .queued, at: now).rawValue)
        parameters.add(Status.queued.code)
        parameters.add(SendEvent.Kind.retried.code)
        parameters.add(StatusChange.Cause.event.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> CountedChanges {
        try row.nextCountedChanges()
    }
}
