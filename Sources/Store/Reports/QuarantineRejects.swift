import Domain
import Postgres

/// Stores input of an authenticated provider that could not be read or stored.
struct QuarantineRejects: Statement {
    let rejects: [Rejected]

    /// A row refers to its callback by the id and the time of receipt. If the archive does not have the
    /// callback, the row of its body has everything that the archive would have.
    struct Rejected {
        let reject: Reject
        let callback: ReceivedCallback
        let isArchived: Bool
        let credentials: CallbackCredentials?
        let isAuthenticated: Bool

        init(
            _ reject: Reject, of callback: ReceivedCallback, isArchived: Bool,
            credentials: CallbackCredentials? = nil, isAuthenticated: Bool = true
        ) {
            self.reject = reject
            self.callback = callback
            self.isArchived = isArchived
            self.credentials = credentials
            self.isAuthenticated = isAuthenticated
        }

        /// Of a submission.
        init(_ reject: Reject, in submission: Submission) {
            self.init(
                reject, of: submission.callback, isArchived: submission.archiving != .never,
                credentials: submission.credentials,
                isAuthenticated: submission.archiving != .never)
        }

        /// The same with another reason for being here.
        func with(_ reject: Reject) -> Rejected {
            Rejected(
                reject, of: callback, isArchived: isArchived, credentials: credentials,
                isAuthenticated: isAuthenticated)
        }
    }

    static let name: StaticString = "quarantine_rejects"
    static let sql: StaticString = """
        insert into quarantine (
            received_at, callback_id, provider, reason, place, detail, excerpt, uri, content_type,
            message_id, send_request_id, credentials, is_authenticated, body_bytes)
        select received_at, callback_id, provider, reason, place, detail, excerpt, uri,
            content_type, message_id, send_request_id, credentials, is_authenticated, body_bytes
        from unnest(
            $1::timestamptz[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[],
            $7::bytea[], $8::text[], $9::text[], $10::uuid[], $11::uuid[], $12::text[],
            $13::boolean[], $14::integer[]
        ) as new (
            received_at, callback_id, provider, reason, place, detail, excerpt, uri, content_type,
            message_id, send_request_id, credentials, is_authenticated, body_bytes)
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
        parameters.addTexts(rejects) { $0.credentials?.text.withoutNUL }
        parameters.addBools(rejects) { $0.isAuthenticated }
        parameters.addInt32s(rejects) {
            $0.isArchived ? nil : Int32(clamping: $0.callback.body.count)
        }
    }
}

/// Deletes rows that a replay has settled, with the commit of its reports.
struct ReleaseQuarantined: Statement {
    let ids: [Int64]

    var isNeeded: Bool { !ids.isEmpty }

    static let name: StaticString = "release_quarantined"
    static let sql: StaticString = "delete from quarantine where id = any($1::bigint[])"

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt64s(ids) { $0 }
    }
}

extension String {
    /// The text as PostgreSQL takes it.
    var withoutNUL: String { replacing("\0", with: "\u{FFFD}") }
}
