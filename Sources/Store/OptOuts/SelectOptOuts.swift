import Domain
import Postgres

/// The entries of some numbers that can decide: of each number, sender and direction the latest, an
/// operator's apart from others. Also those of a number that was erased.
struct SelectOptOutsOf: Statement {
    let numbers: [String]

    var isNeeded: Bool { !numbers.isEmpty }

    static let name: StaticString = "select_opt_outs_of"
    static let sql: StaticString = """
        select distinct on (asked.number, opt_out.sender, source = 5, is_out)
            opt_out.id, asked.number, opt_out.sender, is_out, source, provider, at, recorded_at,
            inbound_id, message_id, callback_id, detail, principal_kind, principal_id,
            principal_name
        from (
            select number, number as kept from unnest($1::text[]) as plain (number)
            union all
            select number, '#' || encode(sha256(convert_to(number, 'UTF8')), 'hex')
            from unnest($1::text[]) as erased (number)
        ) as asked
        join opt_out on opt_out.recipient = asked.kept
        order by asked.number, opt_out.sender, source = 5, is_out, at desc, id desc
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addTexts(numbers) { $0 }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> OptOutEntry {
        try row.nextOptOut()
    }
}

/// The latest entries of a number, or of one that was erased, whatever they say.
struct SelectOptOutHistory: Statement {
    let number: String
    let limit: Int

    static let name: StaticString = "select_opt_out_history"
    static let sql: StaticString = """
        select id, $1::text, sender, is_out, source, provider, at, recorded_at, inbound_id,
            message_id, callback_id, detail, principal_kind, principal_id, principal_name
        from opt_out
        where recipient in ($1, '#' || encode(sha256(convert_to($1, 'UTF8')), 'hex'))
        order by at desc, id desc
        limit $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(number)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> OptOutEntry {
        try row.nextOptOut()
    }
}

/// Entries that put somebody out, the latest first, whether or not they hold. Planned for each
/// filter: see `PlanAnew`.
struct SelectOptOuts: Statement {
    let filter: OptOutFilter
    let before: OptOutPosition?
    let limit: Int

    static let name: StaticString = "select_opt_outs"
    static let sql: StaticString = """
        select id, recipient, sender, is_out, source, provider, at, recorded_at, inbound_id,
            message_id, callback_id, detail, principal_kind, principal_id, principal_name
        from opt_out
        where is_out
            and ($1::text is null
                or recipient in ($1, '#' || encode(sha256(convert_to($1, 'UTF8')), 'hex')))
            and ($2::smallint is null or source = $2)
            and ($3::smallint is null or provider = $3)
            and ($4::timestamptz is null or recorded_at >= $4)
            and ($5::timestamptz is null or recorded_at < $5)
            and ($6::timestamptz is null or (recorded_at, id) < ($6, $7::uuid))
        order by recorded_at desc, id desc
        limit $8
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(filter.recipient)
        parameters.add(filter.source?.rawValue)
        parameters.add(filter.provider?.code)
        parameters.add(timestamp: filter.since?.microseconds)
        parameters.add(timestamp: filter.until?.microseconds)
        parameters.add(timestamp: before?.recordedAt.microseconds)
        parameters.add(uuid: before?.id.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> OptOutEntry {
        try row.nextOptOut()
    }
}

/// One entry by its id.
struct SelectOneOptOut: Statement {
    let id: OptOutID

    static let name: StaticString = "select_one_opt_out"
    static let sql: StaticString = """
        select id, recipient, sender, is_out, source, provider, at, recorded_at, inbound_id,
            message_id, callback_id, detail, principal_kind, principal_id, principal_name
        from opt_out
        where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> OptOutEntry {
        try row.nextOptOut()
    }
}

extension RowReader {
    /// The columns of a statement that reads entries.
    mutating func nextOptOut() throws(PostgresError) -> OptOutEntry {
        let id = try next(OptOutID.self)
        let recipient = try next(String.self)
        let sender = try next(String?.self)
        let isOut = try next(Bool.self)
        let source = OptOutEntry.Source(rawValue: try next(Int16.self)) ?? .report
        let provider = try next(Provider?.self)
        let at = try next(Timestamp.self)
        let recordedAt = try next(Timestamp.self)
        let inbound = try next(InboundID?.self)
        let message = try next(MessageID?.self)
        let callback = try next(CallbackID?.self)
        let detail = try next(String?.self)
        let cause: OptOutEntry.Cause =
            switch (inbound, message, callback) {
            case (let inbound?, _, let callback?): .inbound(inbound, callback: callback)
            case (_, let message?, let callback?): .message(message, callback: callback)
            case (_, _, let callback?): .callback(callback)
            default: .none
            }
        return OptOutEntry(
            id: id, recipient: recipient, sender: sender, isOut: isOut, source: source,
            provider: provider, at: at, recordedAt: recordedAt, cause: cause, detail: detail,
            principal: try nextPrincipal())
    }
}
