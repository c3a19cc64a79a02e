import Domain
import Postgres

/// Marks leases as unsure that have expired, by the clock that began them, or whose dispatcher has
/// ended.
///
/// Goes from holder to holder, so that it reads only one current lease of each.
struct TakeOverLeases: Statement {
    let now: Timestamp
    let limit: Int

    static let name: StaticString = "take_over_leases"
    static let sql: StaticString = """
        with recursive holder as (
            (select dispatcher from outbox where state = 2 order by dispatcher limit 1)
            union all
            select (
                select dispatcher from outbox
                where state = 2 and dispatcher > holder.dispatcher
                order by dispatcher
                limit 1)
            from holder
            where dispatcher is not null
        ),
        judged as materialized (
            select dispatcher, case when dispatcher = any(array(
                    select objid::bigint::integer from pg_locks
                    where locktype = 'advisory' and granted and classid = $6::integer::oid
                        and objsubid = 2
                        and database = (select oid from pg_database
                                        where datname = current_database())))
                then now() else 'infinity' end as lost_until
            from holder
            where dispatcher is not null
        ),
        lost as materialized (
            select theirs.message_id
            from judged
            cross join lateral (
                select message_id from outbox
                where state = 2 and dispatcher = judged.dispatcher and due_at <= lost_until
                order by due_at
                limit $2
                for update skip locked
            ) as theirs
            limit $2
        ),
        taken as (
            update outbox set
                state = 3, lease_id = null, dispatcher = null, checks = 0, due_at = $1,
                is_bound = true
            from lost
            where outbox.message_id = lost.message_id
            returning outbox.message_id, outbox.provider, outbox.attempts
        ),
        known as materialized (
            select id, status from message
            where id in (select message_id from lost)
            order by id
            for no key update
        ),
        moved as (
            update message set
                precedence = $3, fingerprint = 0, status = $4, outcome_id = null, delay = null,
                updated_at = greatest(message.updated_at, $1)
            from known
            where message.id = known.id
                and (message.precedence, message.fingerprint) < ($3, 0)
            returning message.id, message.status, known.status as old_status
        ),
        told as (
            insert into event (message_id, at, precedence, kind, provider, attempt, status)
            select message_id, $1, $3, $5, provider, attempts, $4 from taken
        ),
        noted as (
            insert into status_change (block, noted_at, messages, statuses, causes)
            select take_change_block(), now(), array_agg(id), array_agg(status),
                array_agg($7::smallint)
            from moved
            where status <> old_status
            having count(*) > 0
            returning block, messages, statuses, causes
        )
        select (select count(*) from lost), block, messages, statuses, causes
        from (values (true)) as always
        left join noted on true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: now.microseconds)
        parameters.add(Int64(limit))
        parameters.add(Precedence(status: .unknown, at: now).rawValue)
        parameters.add(Status.unknown.code)
        parameters.add(SendEvent.Kind.leaseExpired.code)
        parameters.add(LockNumber.dispatchers)
        parameters.add(StatusChange.Cause.event.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> CountedChanges {
        try row.nextCountedChanges()
    }
}

/// How many messages a statement changed, and those whose status changed.
typealias CountedChanges = (count: Int, changes: [StatusChange])

extension RowReader {
    /// The columns count, block, messages, statuses and causes; all but the first may be NULL.
    mutating func nextCountedChanges() throws(PostgresError) -> CountedChanges {
        (try next(Int.self), try nextChanges())
    }
}

/// Gives up messages of one provider that are ready and past their time; reads no others.
struct GiveUpLate: Statement {
    let provider: Provider
    let now: Timestamp
    let limit: Int

    static let name: StaticString = "give_up_late"
    static let sql: StaticString = """
        with late as materialized (
            select message_id, send_request_id, provider, attempts, recipient
            from outbox
            where state = 1 and provider = $1
                and give_up_at at time zone 'UTC' <= $2::timestamptz at time zone 'UTC'
            order by give_up_at at time zone 'UTC'
            limit $3
            for update skip locked
        ),
        gone as (
            delete from outbox using late where outbox.message_id = late.message_id
        ),
        told as materialized (
            select late.message_id, late.send_request_id, late.provider, late.attempts, late.recipient,
                coalesce(last.code, $7) as code,
                case when last.code is null then $8
                    else $8 || ' The last problem was: ' || coalesce(last.detail, '') end as reason
            from late
            left join lateral (
                select code, detail from event
                where event.message_id = late.message_id and event.code is not null
                order by event.number desc
                limit 1
            ) as last on true
        ),
        buried as (
            insert into dead_letter (
                message_id, at, send_request_id, provider, attempts, recipient, code, reason)
            select message_id, $2, send_request_id, provider, attempts, recipient, code, reason from told
            on conflict (message_id) do nothing
        ),
        known as materialized (
            select id, status from message
            where id in (select message_id from late)
            order by id
            for no key update
        ),
        moved as (
            update message set
                precedence = $4, fingerprint = 0, status = $5, outcome_id = null, delay = null,
                updated_at = greatest(message.updated_at, $2)
            from known
            where message.id = known.id
                and (message.precedence, message.fingerprint) < ($4, 0)
            returning message.id, message.status, known.status as old_status
        ),
        counted as (
            update provider_state set
                dead_letters = dead_letters + (select count(*) from late)
            where provider = $1 and exists (select from late)
        ),
        noticed as (
            insert into event (
                message_id, at, precedence, kind, provider, attempt, status, code, detail)
            select message_id, $2, $4, $6, provider, nullif(attempts, 0), $5, code, reason from told
        ),
        noted as (
            insert into status_change (block, noted_at, messages, statuses, causes)
            select take_change_block(), now(), array_agg(id), array_agg(status),
                array_agg($9::smallint)
            from moved
            where status <> old_status
            having count(*) > 0
            returning block, messages, statuses, causes
        )
        select (select count(*) from late), block, messages, statuses, causes
        from (values (true)) as always
        left join noted on true
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(provider.code)
        parameters.add(timestamp: now.microseconds)
        parameters.add(Int64(limit))
        parameters.add(Precedence(status: .failed, at: nil).rawValue)
        parameters.add(Status.failed.code)
        parameters.add(SendEvent.Kind.gaveUp.code)
        parameters.add("too_late")
        parameters.add("It could not be submitted to a provider in time.")
        parameters.add(StatusChange.Cause.event.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> CountedChanges {
        try row.nextCountedChanges()
    }
}
