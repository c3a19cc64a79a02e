import Domain
import Postgres

/// Archived callbacks of a time span, the earliest first: so many, and so many bytes of bodies.
struct SelectArchive: Statement {
    let span: Range<Timestamp>
    let provider: Provider?
    let after: ArchivePosition?
    let limit: Int

    /// Beyond it a portion ends with the callback that reaches it.
    private static let bytes: Int64 = 32 << 20

    static let name: StaticString = "select_archive"
    static let sql: StaticString = """
        select id, provider, uri, content_type, message_id, send_request_id, received_at, body
        from (
            select id, provider, uri, content_type, message_id, send_request_id, received_at, body,
                sum(octet_length(body)) over (
                    order by received_at, id rows between unbounded preceding and current row
                ) - octet_length(body) as bytes_before
            from (
                select id, provider, uri, content_type, message_id, send_request_id, received_at,
                    body
                from callback
                where received_at >= $1 and received_at < $2
                    and ($3::smallint is null or provider = $3)
                    and ($4::timestamptz is null or (received_at, id) > ($4, $5))
                order by received_at, id
                limit $6
            ) as found
        ) as summed
        where bytes_before < $7::bigint
        order by received_at, id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: span.lowerBound.microseconds)
        parameters.add(timestamp: span.upperBound.microseconds)
        parameters.add(provider?.code)
        parameters.add(timestamp: after?.receivedAt.microseconds)
        parameters.add(uuid: after?.id.halves)
        parameters.add(Int64(limit))
        parameters.add(Self.bytes)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ReceivedCallback {
        try SelectCallback.decode(&row)
    }
}

/// The archived ones of some callbacks, each once.
struct SelectArchivedCallbacks: Statement {
    let ids: [CallbackID]
    /// When they came; it names the partitions.
    let span: Range<Timestamp>

    static let name: StaticString = "select_archived_callbacks"
    static let sql: StaticString = """
        select distinct on (id) id, provider, uri, content_type, message_id, send_request_id,
            received_at, body
        from callback
        where id = any($1::uuid[]) and received_at >= $2 and received_at < $3
        order by id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
        parameters.add(timestamp: span.lowerBound.microseconds)
        parameters.add(timestamp: span.upperBound.microseconds)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ReceivedCallback {
        try SelectCallback.decode(&row)
    }
}

/// The parts of some callbacks that are in quarantine.
struct SelectPartsOfCallbacks: Statement {
    let callbacks: [CallbackID]

    static let name: StaticString = "select_parts_of_callbacks"
    static let sql: StaticString = """
        select callback_id, id, reason, place
        from quarantine
        where callback_id = any($1::uuid[])
        order by id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(callbacks) { $0.halves }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (callback: CallbackID, part: KeptCallback.Part) {
        (
            try row.next(CallbackID.self),
            KeptCallback.Part(
                id: try row.next(Int64.self), reason: try row.next(String.self),
                place: try row.next(String.self))
        )
    }
}

/// Those of some reports that are in the ledger.
struct SelectKnownReports: Statement {
    let reports: [Report]

    var isNeeded: Bool { !reports.isEmpty }

    static let name: StaticString = "select_known_reports"
    static let sql: StaticString = """
        select report.message_id, report.fingerprint
        from unnest($1::uuid[], $2::bigint[]) as told (message_id, fingerprint)
        join report
            on report.message_id = told.message_id and report.fingerprint = told.fingerprint
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(reports) { $0.message.halves }
        parameters.addInt64s(reports) { $0.fingerprint }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ReportKey {
        ReportKey(
            message: try row.next(MessageID.self), fingerprint: try row.next(Int64.self))
    }
}

/// Those of some callbacks that reports in the ledger name. There is no index: it reads all reports.
struct SelectLedgerCallbacks: Statement {
    let callbacks: [CallbackID]

    static let name: StaticString = "select_ledger_callbacks"
    static let sql: StaticString = """
        select distinct callback_id from report where callback_id = any($1::uuid[])
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(callbacks) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> CallbackID {
        try row.next(CallbackID.self)
    }
}
