import Domain
import Postgres

/// The entries that a filter finds, the newest first. Planned for each filter: see `PlanAnew`.
struct SelectAudit: Statement {
    let filter: AuditFilter
    let position: AuditPosition?
    let limit: Int

    static let name: StaticString = "select_audit"
    static let sql: StaticString = """
        select number, at, principal_kind, principal_id, principal_name, action, object,
            detail::text, before::text, after::text, request_id, address
        from audit
        where ($1::timestamptz is null or (at, number) < ($1, $2))
            and ($3::text is null or action = $3)
            and ($4::uuid is null or principal_id = $4)
            and ($5::text is null or principal_name = $5)
            and ($6::text is null or object = $6)
            and ($7::timestamptz is null or at >= $7)
            and ($8::timestamptz is null or at < $8)
            and ($9::text is null or address = $9)
            and ($10::text is null or request_id = $10)
        order by at desc, number desc
        limit $11
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: position?.at.microseconds)
        parameters.add(position?.number)
        parameters.add(filter.action?.rawValue)
        switch filter.principal {
        case .id(let id):
            parameters.add(uuid: id.halves)
            parameters.add(String?.none)
        case .name(let name):
            parameters.add(uuid: nil)
            parameters.add(name)
        case nil:
            parameters.add(uuid: nil)
            parameters.add(String?.none)
        }
        parameters.add(filter.object)
        parameters.add(timestamp: filter.since?.microseconds)
        parameters.add(timestamp: filter.until?.microseconds)
        parameters.add(filter.address)
        parameters.add(filter.requestID)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> AuditRecord {
        let number = try row.next(Int64.self)
        let at = try row.next(Timestamp.self)
        let principal = try row.nextPrincipal()
        let action = try row.next(String.self)
        let object = try row.next(String.self)
        let detail = try row.next(String.self)
        let before = try row.next(String.self)
        let after = try row.next(String.self)
        return AuditRecord(
            number: number, at: at, action: action, object: object, principal: principal,
            requestID: try row.next(String?.self), address: try row.next(String?.self),
            detail: detail, before: before, after: after)
    }
}
