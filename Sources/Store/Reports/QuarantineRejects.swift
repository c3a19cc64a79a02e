import Domain
import Postgres

/// Keeps what a authenticated provider sent and nobody could read.
struct QuarantineRejects: Statement {
    let rejects: [(reject: Reject, callback: ArchivedCallback)]

    static let name: StaticString = "quarantine_rejects"
    static let sql: StaticString = """
        insert into quarantine (received_at, callback_id, provider, reason, place, detail, excerpt)
        select received_at, callback_id, provider, reason, place, detail, excerpt
        from unnest(
            $1::timestamptz[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[],
            $7::bytea[]
        ) as new (received_at, callback_id, provider, reason, place, detail, excerpt)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addTimestamps(rejects) { $0.callback.receivedAt.microseconds }
        parameters.addUUIDs(rejects) { $0.callback.id.halves }
        parameters.addInt16s(rejects) { $0.callback.provider.code }
        parameters.addTexts(rejects) { $0.reject.reason }
        parameters.addTexts(rejects) { $0.reject.place }
        parameters.addTexts(rejects) { $0.reject.detail }
        parameters.addBytes(rejects) { $0.reject.excerpt }
    }
}
