import Domain
import Postgres

/// The rows that a filter finds, the latest first. Planned for each filter: see `PlanAnew`.
struct SelectQuarantine: Statement {
    let filter: QuarantineFilter
    let before: Int64?
    let limit: Int

    static let name: StaticString = "select_quarantine"
    static let sql: StaticString = """
        select id, received_at, callback_id, provider, reason, place, detail, is_authenticated, uri,
            content_type, octet_length(excerpt)
        from quarantine
        where ($1::smallint is null or provider = $1)
            and ($2::text is null or reason = $2)
            and ($3::timestamptz is null or received_at >= $3)
            and ($4::timestamptz is null or received_at < $4)
            and ($5::uuid is null or callback_id = $5)
            and ($6::boolean is null or is_authenticated = $6)
            and (cardinality($7::bigint[]) = 0 or id = any($7))
            and ($8::bigint is null or id < $8)
        order by id desc
        limit $9
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(before)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> QuarantinedPart {
        try row.nextPart()
    }
}

/// How many a filter finds, up to a limit.
struct CountQuarantine: Statement {
    let filter: QuarantineFilter
    let limit: Int

    static let name: StaticString = "count_quarantine"
    static let sql: StaticString = """
        select count(*) from (
            select from quarantine
            where ($1::smallint is null or provider = $1)
                and ($2::text is null or reason = $2)
                and ($3::timestamptz is null or received_at >= $3)
                and ($4::timestamptz is null or received_at < $4)
                and ($5::uuid is null or callback_id = $5)
                and ($6::boolean is null or is_authenticated = $6)
                and (cardinality($7::bigint[]) = 0 or id = any($7))
            limit $8
        ) as found
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// The first row of each callback that a filter finds rows of, the earliest first.
struct SelectQuarantinedCallbacks: Statement {
    let filter: QuarantineFilter
    let after: Int64?
    let limit: Int

    static let name: StaticString = "select_quarantined_callbacks"
    static let sql: StaticString = """
        select id from quarantine
        where ($1::smallint is null or provider = $1)
            and ($2::text is null or reason = $2)
            and ($3::timestamptz is null or received_at >= $3)
            and ($4::timestamptz is null or received_at < $4)
            and ($5::uuid is null or callback_id = $5)
            and ($6::boolean is null or is_authenticated = $6)
            and (cardinality($7::bigint[]) = 0 or id = any($7))
            and ($8::bigint is null or id > $8)
            and not exists (
                select from quarantine as earlier
                where earlier.callback_id = quarantine.callback_id
                    and earlier.id < quarantine.id
                    and ($2 is null or earlier.reason = $2)
                    and (cardinality($7) = 0 or earlier.id = any($7)))
        order by id
        limit $9
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(after)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// A row with its bytes.
struct SelectQuarantinedPart: Statement {
    let id: Int64

    static let name: StaticString = "select_quarantined_part"
    static let sql: StaticString = """
        select id, received_at, callback_id, provider, reason, place, detail, is_authenticated, uri,
            content_type, octet_length(excerpt), excerpt
        from quarantine
        where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(id)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (part: QuarantinedPart, excerpt: [UInt8]) {
        (try row.nextPart(), try row.next([UInt8].self))
    }
}

/// Deletes a row, and tells what it was.
struct DeleteQuarantined: Statement {
    let id: Int64

    static let name: StaticString = "delete_quarantined"
    static let sql: StaticString = """
        delete from quarantine where id = $1 returning provider, reason, callback_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(id)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (provider: Provider, reason: String, callback: CallbackID) {
        (
            try row.next(Provider.self), try row.next(String.self), try row.next(CallbackID.self)
        )
    }
}

extension QuarantineFilter {
    /// The parameters 1 to 7 of these statements.
    fileprivate func encode(into parameters: inout StatementParameters) {
        parameters.add(provider?.code)
        parameters.add(reason)
        parameters.add(timestamp: since?.microseconds)
        parameters.add(timestamp: until?.microseconds)
        parameters.add(uuid: callback?.halves)
        parameters.add(isAuthenticated)
        // Empty for any.
        parameters.addInt64s(ids ?? []) { $0 }
    }
}

extension RowReader {
    fileprivate mutating func nextPart() throws(PostgresError) -> QuarantinedPart {
        QuarantinedPart(
            id: try next(Int64.self), receivedAt: try next(Timestamp.self),
            callback: try next(CallbackID.self), provider: try next(Provider.self),
            reason: try next(String.self), place: try next(String.self),
            detail: try next(String.self), isAuthenticated: try next(Bool.self),
            uri: try next(String?.self), contentType: try next(String?.self),
            bytes: try next(Int.self))
    }
}
