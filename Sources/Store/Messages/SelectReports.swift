import Domain
import Postgres

/// A message's reports in the order of precedence, the deciding one first.
struct SelectReports: Statement {
    let message: MessageID
    let limit: Int
    /// Used instead of `limit` if a report is about a part; 0 has no effect.
    var limitWithParts = 0

    static let name: StaticString = "select_reports"
    static let sql: StaticString = """
        select report.message_id, report.provider, report.status, outcome.status_group_id,
            outcome.status_group, outcome.status_id, outcome.status_name,
            outcome.status_description, outcome.error_group_id, outcome.error_group,
            outcome.error_code, outcome.error_name, outcome.error_description,
            outcome.is_permanent, report.source, report.recipient, report.sender, report.sent_at,
            report.done_at, report.segments, report.price::text, report.currency, report.bulk_id,
            report.callback_data, report.network, report.part, report.parts,
            report.attributes::text, report.received_at, report.callback_id, report.precedence,
            report.fingerprint
        from report
        left join outcome on outcome.id = report.outcome_id
        where report.message_id = $1
        order by report.precedence desc, report.fingerprint desc
        limit greatest($2, (
            select $3::bigint from report as one
            where one.message_id = $1 and one.part is not null limit 1))
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: message.halves)
        parameters.add(Int64(limit))
        parameters.add(Int64(limitWithParts))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RecordedReport {
        try row.nextReport()
    }
}

/// The deciding report of each of some messages; of one that has reports about parts, as many as
/// its parts are computed from.
struct SelectListedReports: Statement {
    let messages: [MessageID]
    /// How many where a report is about a part.
    let limitWithParts: Int

    static let name: StaticString = "select_listed_reports"
    static let sql: StaticString = """
        select report.message_id, report.provider, report.status, outcome.status_group_id,
            outcome.status_group, outcome.status_id, outcome.status_name,
            outcome.status_description, outcome.error_group_id, outcome.error_group,
            outcome.error_code, outcome.error_name, outcome.error_description,
            outcome.is_permanent, report.source, report.recipient, report.sender, report.sent_at,
            report.done_at, report.segments, report.price::text, report.currency, report.bulk_id,
            report.callback_data, report.network, report.part, report.parts,
            report.attributes::text, report.received_at, report.callback_id, report.precedence,
            report.fingerprint
        from unnest($1::uuid[]) as listed (id)
        cross join lateral (
            select * from report
            where report.message_id = listed.id
            order by report.precedence desc, report.fingerprint desc
            limit greatest(1, (
                select $2::bigint from report as one
                where one.message_id = listed.id and one.part is not null limit 1))
        ) as report
        left join outcome on outcome.id = report.outcome_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
        parameters.add(Int64(limitWithParts))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RecordedReport {
        try row.nextReport()
    }
}

extension RowReader {
    /// All columns of a report and its outcome.
    fileprivate mutating func nextReport() throws(PostgresError) -> RecordedReport {
        let message = try next(MessageID.self)
        let provider = try next(Provider.self)
        let report = Report(
            message: message, provider: provider, providerMessageID: "",
            status: try next(Status.self), outcome: try nextOutcome(of: provider),
            source: Report.Source(rawValue: try next(Int16.self)) ?? .callback,
            recipient: try next(String?.self), sender: try next(String?.self),
            sentAt: try next(Timestamp?.self), doneAt: try next(Timestamp?.self),
            segments: try next(Int32?.self), price: try nextPrice(),
            bulkID: try next(String?.self), callbackData: try next(String?.self),
            network: try next(String?.self), part: try nextPart(),
            attributes: try next(String?.self))
        return RecordedReport(
            report: report, receivedAt: try next(Timestamp.self),
            callback: try next(CallbackID.self), precedence: try next(Precedence.self),
            fingerprint: try next(Int64.self))
    }
}

extension RowReader {
    fileprivate mutating func nextOutcome(
        of provider: Provider
    ) throws(PostgresError) -> Outcome {
        Outcome(
            provider: provider, statusGroupID: try next(Int32?.self),
            statusGroup: try next(String?.self), statusID: try next(Int32?.self),
            statusName: try next(String?.self), statusDescription: try next(String?.self),
            errorGroupID: try next(Int32?.self), errorGroup: try next(String?.self),
            errorCode: try next(String?.self), errorName: try next(String?.self),
            errorDescription: try next(String?.self), isPermanent: try next(Bool?.self))
    }

    /// An amount and its currency; nil without an amount.
    mutating func nextPrice() throws(PostgresError) -> Report.Price? {
        let amount = try next(String?.self)
        let currency = try next(String?.self)
        return amount.map { Report.Price(amount: $0, currency: currency) }
    }

    /// The columns part and parts; nil unless the report is about a part.
    mutating func nextPart() throws(PostgresError) -> PartNumber? {
        let number = try next(Int?.self)
        let total = try next(Int?.self)
        guard let number, let total else { return nil }
        return PartNumber(number: number, total: total)
    }
}
