import Domain
import Postgres

/// Stores input of an authenticated provider that could not be read or stored.
struct QuarantineRejects: Statement {
    let rejects: [Rejected]

    /// A row refers to its callback by the id and the time of receipt. If the archive refused the
    /// callback, the row of its body has everything that the archive would have.
    typealias Rejected = (reject: Reject, callback: ReceivedCallback, isArchived: Bool)

    static let name: StaticString = "quarantine_rejects"
    static let sql: StaticString = """
        insert into quarantine (
            received_at, callback_id, provider, reason, place, detail, excerpt, uri, content_type,
            message_id, send_request_id)
        select received_at, callback_id, provider, reason, place, detail, excerpt, uri,
            content_type, message_id, send_request_id
        from unnest(
            $1::timestamptz[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[],
            $7::bytea[], $8::text[], $9::text[], $10::uuid[], $11::uuid[]
        ) as new (
            received_at, callback_id, provider, reason, place, detail, excerpt, uri, content_type,
            message_id, send_request_id)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addTimestamps(rejects) { $0.callback.receivedAt.microseconds }
        parameters.addUUIDs(rejects) { $0.callback.id.halves }
        parameters.addInt16s(rejects) { $0.callback.provider.code }
        parameters.addTexts(rejects) { $0.reject.reason }
        parameters.addTexts(rejects) { $0.reject.place }
        parameters.addTexts(rejects) { $0.reject.detail }
        parameters.addBytes(rejects) { $0.reject.excerpt }
        // These may be the values that were refused.
        parameters.addTexts(rejects) { $0.isArchived ? nil : $0.callback.uri.withoutNUL }
        parameters.addTexts(rejects) { $0.isArchived ? nil : $0.callback.contentType?.withoutNUL }
        parameters.addUUIDs(rejects) { $0.isArchived ? nil : $0.callback.message?.halves }
        parameters.addUUIDs(rejects) { $0.isArchived ? nil : $0.callback.sendRequest?.halves }
    }
}

extension String {
    /// The text as PostgreSQL takes it.
    var withoutNUL: String { replacing("\0", with: "\u{FFFD}") }
}
