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
        let message = try row.next(MessageID.self)
        let provider = try row.next(Provider.self)
        let report = Report(
            message: message, provider: provider, providerMessageID: "",
            status: try row.next(Status.self), outcome: try row.nextOutcome(of: provider),
            source: Report.Source(rawValue: try row.next(Int16.self)) ?? .callback,
            recipient: try row.next(String?.self), sender: try row.next(String?.self),
            sentAt: try row.next(Timestamp?.self), doneAt: try row.next(Timestamp?.self),
            segments: try row.next(Int32?.self), price: try row.nextPrice(),
            bulkID: try row.next(String?.self), callbackData: try row.next(String?.self),
            network: try row.next(String?.self), part: try row.nextPart(),
            attributes: try row.next(String?.self))
        return RecordedReport(
            report: report, receivedAt: try row.next(Timestamp.self),
            callback: try row.next(CallbackID.self), precedence: try row.next(Precedence.self),
            fingerprint: try row.next(Int64.self))
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

    fileprivate mutating func nextPrice() throws(PostgresError) -> Report.Price? {
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
