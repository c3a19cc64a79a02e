import Domain
import Postgres

/// A message's reports in the order of precedence, the deciding one first.
struct SelectReports: Statement {
    let message: MessageID
    let limit: Int
    /// As many instead, if one of them is about a part; 0 makes no difference.
    var limitWithParts = 0

    static let name: StaticString = "select_reports"
    static let sql: StaticString = """
        select report.message_id, report.fingerprint, report.precedence, report.callback_id,
            report.received_at, report.sent_at, report.done_at, report.segments, report.provider,
            report.status, report.source, report.price::text, report.currency, report.recipient,
            report.sender, report.bulk_id, report.callback_data, report.network,
            report.attributes::text, outcome.status_group_id, outcome.status_group,
            outcome.status_id, outcome.status_name, outcome.status_description,
            outcome.error_group_id, outcome.error_group, outcome.error_code, outcome.error_name,
            outcome.error_description, outcome.is_permanent, report.part, report.parts
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

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> RecordedReport {
        let provider = try row.provider(8)
        let source = Report.Source(rawValue: try row.int16(10)) ?? .callback
        var price: Report.Price?
        if let amount = try row.optionalText(11) {
            price = Report.Price(amount: amount, currency: try row.optionalText(12))
        }
        let report = Report(
            message: try row.identifier(0), provider: provider, providerMessageID: "",
            status: try row.status(9), outcome: try outcome(row, provider), source: source,
            recipient: try row.optionalText(13), sender: try row.optionalText(14),
            sentAt: try row.optionalTimestamp(5).map(Timestamp.init(microseconds:)),
            doneAt: try row.optionalTimestamp(6).map(Timestamp.init(microseconds:)),
            segments: try row.optionalInt32(7), price: price, bulkID: try row.optionalText(15),
            callbackData: try row.optionalText(16), network: try row.optionalText(17),
            part: try part(row), attributes: try row.optionalText(18))
        return RecordedReport(
            report: report, receivedAt: Timestamp(microseconds: try row.timestamp(4)),
            callback: try row.identifier(3), precedence: Precedence(rawValue: try row.int64(2)),
            fingerprint: try row.int64(1))
    }

    private static func part(_ row: borrowing RowReader) throws(PostgresError) -> PartNumber? {
        guard let number = try row.optionalInt16(30), let total = try row.optionalInt16(31) else {
            return nil
        }
        return PartNumber(number: Int(number), total: Int(total))
    }

    private static func outcome(
        _ row: borrowing RowReader, _ provider: Provider
    ) throws(PostgresError) -> Outcome {
        Outcome(
            provider: provider, statusGroupID: try row.optionalInt32(19),
            statusGroup: try row.optionalText(20), statusID: try row.optionalInt32(21),
            statusName: try row.optionalText(22), statusDescription: try row.optionalText(23),
            errorGroupID: try row.optionalInt32(24), errorGroup: try row.optionalText(25),
            errorCode: try row.optionalText(26), errorName: try row.optionalText(27),
            errorDescription: try row.optionalText(28), isPermanent: try row.optionalBool(29))
    }
}
