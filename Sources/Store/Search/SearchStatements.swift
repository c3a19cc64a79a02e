import Domain
import Postgres

// Three statements that differ in where they look for messages. Their conditions are the same, word
// for word: those of `SearchConditions`, on a message `c`.
//
// What our own events decide has an error of its own (6 to 9: see `Message.decisiveEvent`); of a message
// that was stored before `outcome_id` was, the deciding report tells.

/// Looks along the list, at most at so many messages: those that meet the conditions, and the last
/// one that was looked at unless there were fewer.
///
/// The index has ids as bytes, which are in the same order: with the ids themselves in it, the planner
/// would take it to look up ids, and read all of it. Nothing is sorted: the rows come in the order of the index, and the search ends when enough are
/// found.
struct SearchAlongTime: Statement {
    var conditions: SearchConditions
    /// How many to look at.
    let scanned: Int

    static let name: StaticString = "search_along_time"
    static let sql: StaticString = """
        select id, created_at, is_match, number
        from (
            select c.id, c.created_at, c.place,
                row_number() over (order by c.created_at desc, c.place desc) as number, coalesce(
                (cardinality($5::smallint[]) = 0 or c.status = any($5))
                and ($6::smallint is null or c.provider = $6)
                and ($9::text is null or c.recipient = $9)
                and ($16::uuid is null or c.send_request_id = $16)
                and (cardinality($10::text[]) = 0 or c.recipient ^@ all($10))
                and (cardinality($11::text[]) = 0 or c.recipient like any($11))
                and (cardinality($12::text[]) = 0 or c.sender = any($12))
                and ($13::text is null or c.country = $13)
                and (cardinality($14::uuid[]) = 0 or coalesce(
                    c.submitter_id,
                    (select submitter_id from send_request where id = c.send_request_id)) = any($14))
                and (cardinality($15::bigint[]) = 0 or cardinality($15) = (
                    select count(*) from send_request_term as known
                    where known.term = any($15) and known.send_request_id = c.send_request_id))
                and ($7::text is null or case
                    when c.outcome_id is not null then c.outcome_id = any($8::bigint[])
                    else coalesce(c.is_ours and c.status in (1, 6, 7, 8, 9, 10) and (
                            select code = $7 and (c.status <> 10 or kind = 12) from event
                            where message_id = c.id and code is not null
                            order by number desc limit 1), false)
                        or (select outcome_id from report
                            where message_id = c.id and fingerprint = c.fingerprint) = any($8)
                    end),
                false) as is_match
            from (
                select id, created_at, uuid_send(id) as place, provider, status, is_ours, recipient, sender, country,
                send_request_id, submitter_id, outcome_id, fingerprint
                from message
                where (created_at, uuid_send(id)) < ($1, uuid_send($2))
                    and created_at >= $3
                order by created_at desc, place desc
                limit $17
            ) as c
        ) as looked_at
        where is_match or number = $17
        order by created_at desc, place desc
        limit $4
        """

    func encode(into parameters: inout StatementParameters) {
        conditions.encode(into: &parameters)
        parameters.add(Int64(scanned))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SearchHit {
        try SearchHit(&row)
    }
}

/// Looks at the messages to one number, which an index finds among all.
///
/// The condition stands alone, so that the planner has no other index to choose.
struct SearchByNumber: Statement {
    var conditions: SearchConditions

    static let name: StaticString = "search_by_number"
    static let sql: StaticString = """
        with c as materialized (
            select id, created_at, provider, status, is_ours, recipient, sender, country,
            send_request_id, submitter_id, outcome_id, fingerprint
            from message
            where recipient = $9
        )
        select c.id, c.created_at, true, 0::bigint
        from c
        where (c.created_at, c.id) < ($1, $2) and c.created_at >= $3
            and (cardinality($5::smallint[]) = 0 or c.status = any($5))
            and ($6::smallint is null or c.provider = $6)
            and ($9::text is null or c.recipient = $9)
            and ($16::uuid is null or c.send_request_id = $16)
            and (cardinality($10::text[]) = 0 or c.recipient ^@ all($10))
            and (cardinality($11::text[]) = 0 or c.recipient like any($11))
            and (cardinality($12::text[]) = 0 or c.sender = any($12))
            and ($13::text is null or c.country = $13)
            and (cardinality($14::uuid[]) = 0 or coalesce(
                c.submitter_id,
                (select submitter_id from send_request where id = c.send_request_id)) = any($14))
            and (cardinality($15::bigint[]) = 0 or cardinality($15) = (
                select count(*) from send_request_term as known
                where known.term = any($15) and known.send_request_id = c.send_request_id))
            and ($7::text is null or case
                when c.outcome_id is not null then c.outcome_id = any($8::bigint[])
                else coalesce(c.is_ours and c.status in (1, 6, 7, 8, 9, 10) and (
                        select code = $7 and (c.status <> 10 or kind = 12) from event
                        where message_id = c.id and code is not null
                        order by number desc limit 1), false)
                    or (select outcome_id from report
                        where message_id = c.id and fingerprint = c.fingerprint) = any($8)
                end)
        order by created_at desc, id desc
        limit $4
        """

    func encode(into parameters: inout StatementParameters) {
        conditions.encode(into: &parameters)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SearchHit {
        try SearchHit(&row)
    }
}

/// Looks at the messages of send requests, and at some others.
///
/// A send request's messages are of its millisecond, so that the primary key finds them.
struct SearchByID: Statement {
    var conditions: SearchConditions
    let sendRequests: [SendRequestID]
    let messages: [MessageID]

    static let name: StaticString = "search_by_id"
    static let sql: StaticString = """
        with c as materialized (
            select id, created_at, provider, status, is_ours, recipient, sender, country,
            send_request_id, submitter_id, outcome_id, fingerprint
            from message
            where id = any($18::uuid[])
            union all
            select message.id, message.created_at, message.provider, message.status,
                message.is_ours, message.recipient, message.sender, message.country,
                message.send_request_id, message.submitter_id, message.outcome_id,
                message.fingerprint
            from unnest($17::uuid[]) as request (id)
            join message
                on message.id between (left(request.id::text, 13) || '-0000-0000-000000000000')::uuid
                    and (left(request.id::text, 13) || '-ffff-ffff-ffffffffffff')::uuid
                and message.send_request_id = request.id
            where message.id <> all($18)
        )
        select c.id, c.created_at, true, 0::bigint
        from c
        where (c.created_at, c.id) < ($1, $2) and c.created_at >= $3
            and (cardinality($5::smallint[]) = 0 or c.status = any($5))
            and ($6::smallint is null or c.provider = $6)
            and ($9::text is null or c.recipient = $9)
            and ($16::uuid is null or c.send_request_id = $16)
            and (cardinality($10::text[]) = 0 or c.recipient ^@ all($10))
            and (cardinality($11::text[]) = 0 or c.recipient like any($11))
            and (cardinality($12::text[]) = 0 or c.sender = any($12))
            and ($13::text is null or c.country = $13)
            and (cardinality($14::uuid[]) = 0 or coalesce(
                c.submitter_id,
                (select submitter_id from send_request where id = c.send_request_id)) = any($14))
            and (cardinality($15::bigint[]) = 0 or cardinality($15) = (
                select count(*) from send_request_term as known
                where known.term = any($15) and known.send_request_id = c.send_request_id))
            and ($7::text is null or case
                when c.outcome_id is not null then c.outcome_id = any($8::bigint[])
                else coalesce(c.is_ours and c.status in (1, 6, 7, 8, 9, 10) and (
                        select code = $7 and (c.status <> 10 or kind = 12) from event
                        where message_id = c.id and code is not null
                        order by number desc limit 1), false)
                    or (select outcome_id from report
                        where message_id = c.id and fingerprint = c.fingerprint) = any($8)
                end)
        order by created_at desc, id desc
        limit $4
        """

    func encode(into parameters: inout StatementParameters) {
        conditions.encode(into: &parameters)
        parameters.addUUIDs(sendRequests) { $0.halves }
        parameters.addUUIDs(messages) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SearchHit {
        try SearchHit(&row)
    }
}
