import Domain
import Postgres

/// Writes an audit entry. Run it in the act's own transaction, once the act is known to have
/// happened.
struct InsertAuditEntry: Statement {
    let entry: AuditEntry

    static let name: StaticString = "insert_audit_entry"
    static let sql: StaticString = """
        insert into audit (
            at, principal_kind, principal_id, principal_name, action, object, detail, request_id,
            address)
        values ($1, $2, $3, $4, $5, $6, jsonb_object($7, $8), $9, $10)
        """

    func encode(into parameters: inout StatementParameters) {
        let principal = entry.requester.principal
        let detail = entry.detail.sorted { $0.key < $1.key }
        parameters.add(timestamp: entry.at.microseconds)
        parameters.add(principal.id.kind.rawValue)
        parameters.add(uuid: principal.id.uuid.halves)
        parameters.add(principal.name)
        parameters.add(entry.action.rawValue)
        parameters.add(entry.object)
        parameters.addTexts(detail) { $0.key }
        parameters.addTexts(detail) { $0.value }
        parameters.add(entry.requester.requestID)
        parameters.add(entry.requester.address)
    }
}
