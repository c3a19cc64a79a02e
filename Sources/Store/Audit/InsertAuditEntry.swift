import Domain
import Postgres

/// Writes an audit entry. Run it in the act's own transaction, once the act is known to have
/// happened.
struct InsertAuditEntry: Statement {
    let entry: AuditEntry

    static let name: StaticString = "insert_audit_entry"
    static let sql: StaticString = """
        insert into audit (
            at, principal_kind, principal_id, principal_name, action, object, detail, before, after,
            request_id, address)
        values ($1, $2, $3, $4, $5, $6, jsonb_object($7, $8), audit_values($9, $10, $11),
            audit_values($12, $13, $14), $15, $16)
        """

    func encode(into parameters: inout StatementParameters) {
        let detail = entry.detail.sorted { $0.key < $1.key }
        parameters.add(timestamp: entry.at.microseconds)
        parameters.add(entry.principal?.id.kind.rawValue)
        parameters.add(uuid: entry.principal?.id.uuid.halves)
        parameters.add(entry.principal?.name)
        parameters.add(entry.action.rawValue)
        parameters.add(entry.object)
        parameters.addTexts(detail) { $0.key }
        parameters.addTexts(detail) { $0.value }
        Self.add(entry.before, to: &parameters)
        Self.add(entry.after, to: &parameters)
        parameters.add(entry.requestID)
        parameters.add(entry.address)
    }

    /// Names, kinds and texts; `audit_values` makes an object of them.
    private static func add(
        _ values: [String: AuditEntry.Value], to parameters: inout StatementParameters
    ) {
        let values = values.sorted { $0.key < $1.key }
        parameters.addTexts(values) { $0.key }
        parameters.addTexts(values) { $0.value.kind }
        parameters.addTexts(values) { $0.value.written }
    }
}

extension AuditEntry.Value {
    /// What `audit_values` makes of the text.
    fileprivate var kind: String {
        switch self {
        case .text, .time: "text"
        case .flag: "literal"
        case .words: "words"
        }
    }

    fileprivate var written: String? {
        switch self {
        case .text(let text): text
        case .flag(let flag): flag ? "true" : "false"
        case .time(let time): time?.description
        case .words(let words): words.joined(separator: ",")
        }
    }
}
