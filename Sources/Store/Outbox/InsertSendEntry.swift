import Domain
import Postgres

/// Writes the audit entry of a send request, unless it has one: an accepted one may come again after
/// a commit with an unknown outcome.
struct InsertSendEntry: Statement {
    let sendRequest: SendRequest

    static let name: StaticString = "insert_send_entry"
    static let sql: StaticString = """
        insert into audit (
            at, principal_kind, principal_id, principal_name, action, object, detail, request_id,
            address)
        select $1, $2, $3, $4, $5, $6, jsonb_object($7, $8), $9, $10
        where not exists (select from audit where object = $6 and action = $5)
        """

    func encode(into parameters: inout StatementParameters) {
        let entry = AuditEntry(
            .sendMessages, of: sendRequest.id, by: sendRequest.submitter, from: sendRequest.origin,
            at: sendRequest.acceptedAt, detail: ["messages": "\(sendRequest.recipients.count)"])
        parameters.add(timestamp: entry.at.microseconds)
        parameters.add(entry.principal?.id.kind.rawValue)
        parameters.add(uuid: entry.principal?.id.uuid.halves)
        parameters.add(entry.principal?.name)
        parameters.add(entry.action.rawValue)
        parameters.add(entry.object)
        parameters.addTexts(entry.detail.keys) { $0 }
        parameters.addTexts(entry.detail.values) { $0 }
        parameters.add(entry.requestID)
        parameters.add(entry.address)
    }
}
