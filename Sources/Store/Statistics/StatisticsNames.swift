import Domain
import Postgres

/// The providers' words by their ids.
struct SelectOutcomes: Statement {
    let ids: [Int64]

    static let name: StaticString = "select_outcomes"
    static let sql: StaticString = """
        select id, provider, status_group_id, status_group, status_id, status_name,
            status_description, error_group_id, error_group, error_code, error_name,
            error_description, is_permanent
        from outcome
        where id = any($1::bigint[])
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt64s(ids) { $0 }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (id: Int64, outcome: Outcome) {
        let id = try row.next(Int64.self)
        return (
            id,
            Outcome(
                provider: try row.next(Provider.self),
                statusGroupID: try row.next(Int32?.self),
                statusGroup: try row.next(String?.self), statusID: try row.next(Int32?.self),
                statusName: try row.next(String?.self),
                statusDescription: try row.next(String?.self),
                errorGroupID: try row.next(Int32?.self),
                errorGroup: try row.next(String?.self), errorCode: try row.next(String?.self),
                errorName: try row.next(String?.self),
                errorDescription: try row.next(String?.self),
                isPermanent: try row.next(Bool?.self))
        )
    }
}

/// What submitters are called, by their latest send request; one without any is left out.
struct SelectSubmitters: Statement {
    let ids: [Identifier<Principal>]

    static let name: StaticString = "select_submitters"
    static let sql: StaticString = """
        select wanted.id, last.submitter_kind, last.submitter_name
        from unnest($1::uuid[]) as wanted (id)
        cross join lateral (
            select submitter_kind, submitter_name from send_request
            where submitter_id = wanted.id
            order by id desc
            limit 1
        ) as last
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (id: Identifier<Principal>, kind: String?, name: String?) {
        (
            try row.next(Identifier<Principal>.self), try row.next(String?.self),
            try row.next(String?.self)
        )
    }
}
