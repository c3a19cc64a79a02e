import Domain
import Postgres

/// The callbacks that brought some reports, as far as the ledger has the reports.
struct SelectReportCallbacks: Statement {
    let reports: [Report]

    static let name: StaticString = "select_report_callbacks"
    static let sql: StaticString = """
        select report.message_id, report.fingerprint, report.callback_id
        from unnest($1::uuid[], $2::bigint[]) as wanted (message_id, fingerprint)
        join report
            on report.message_id = wanted.message_id and report.fingerprint = wanted.fingerprint
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(reports) { $0.message.halves }
        parameters.addInt64s(reports) { $0.fingerprint }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (key: ReportKey, callback: CallbackID) {
        (
            ReportKey(
                message: try row.next(MessageID.self), fingerprint: try row.next(Int64.self)),
            try row.next(CallbackID.self)
        )
    }
}

/// Which callbacks are in the archive; their times name the partitions. Not empty.
struct SelectArchivedIDs: Statement {
    let callbacks: [ReceivedCallback]

    static let name: StaticString = "select_archived_ids"
    static let sql: StaticString = """
        select id from callback
        where received_at >= $2 and received_at <= $3 and id = any($1::uuid[])
        """

    func encode(into parameters: inout StatementParameters) {
        let times = callbacks.lazy.map(\.receivedAt.microseconds)
        parameters.addUUIDs(callbacks) { $0.id.halves }
        parameters.add(timestamp: times.min() ?? 0)
        parameters.add(timestamp: times.max() ?? 0)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> CallbackID {
        try row.next(CallbackID.self)
    }
}
