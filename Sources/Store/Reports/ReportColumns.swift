import Domain
import Postgres

/// The ledger's columns of a batch as arrays, in the order in which the statements name them.
///
/// A column that no report has is an empty array: beside longer ones, `unnest` in a select list fills
/// up with NULL, and the server is spared a call for each row.
enum ReportColumns {
    static func encode(
        _ reports: [WriteBatch.ReportRow], into parameters: inout StatementParameters
    ) {
        parameters.addUUIDs(reports) { $0.report.message.halves }
        parameters.addInt64s(reports) { $0.report.fingerprint }
        parameters.addInt64s(reports) { $0.report.precedence.rawValue }
        parameters.addInt64s(reports) { $0.report.outcome.id }
        parameters.addUUIDs(reports) { $0.callback.halves }
        parameters.addTimestamps(reports) { $0.receivedAt.microseconds }
        parameters.addTimestamps(reports) { $0.report.sentAt?.microseconds }
        parameters.emptyIfAllNull()
        parameters.addTimestamps(reports) { $0.report.doneAt?.microseconds }
        parameters.emptyIfAllNull()
        parameters.addInt32s(reports) { $0.report.segments }
        parameters.emptyIfAllNull()
        parameters.addInt16s(reports) { $0.report.provider.code }
        parameters.addInt16s(reports) { $0.report.status.code }
        parameters.addInt16s(reports) { $0.report.source.rawValue }
        parameters.addTexts(reports) { $0.report.price?.amount }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.price?.currency }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.recipient }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.sender }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.bulkID }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.callbackData }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.network }
        parameters.emptyIfAllNull()
        parameters.addTexts(reports) { $0.report.attributes }
        parameters.emptyIfAllNull()
        parameters.addInt16s(reports) { ($0.report.part?.number).map { Int16($0) } }
        parameters.emptyIfAllNull()
        parameters.addInt16s(reports) { ($0.report.part?.total).map { Int16($0) } }
        parameters.emptyIfAllNull()
    }
}
