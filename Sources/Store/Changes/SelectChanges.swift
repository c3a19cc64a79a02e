import Domain
import Postgres

/// The place up to which changes can be read, the last number in use, and the beginning of the kept
/// ones.
///
/// The result holds for a snapshot that is taken afterwards, so `SelectChanges` must be a later
/// statement.
struct SelectSettledChanges: Statement {
    static let name: StaticString = "select_settled_changes"
    static let sql: StaticString = """
        select settled, taken, (select min(block) from status_change)
        from settled_change_block()
        """

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (settled: Int64, taken: Int64, oldest: Int64?) {
        (
            try row.next(Int64.self), try row.next(Int64.self), try row.next(Int64?.self)
        )
    }
}

/// The changes after a place in the order, up to a block that is settled.
struct SelectChanges: Statement {
    let after: ChangeSequence
    /// The last block.
    let through: Int64
    let limit: Int

    static let name: StaticString = "select_changes"
    static let sql: StaticString = """
        select message_id, block, position - 1, status, cause
        from (
            select block, messages, statuses, causes
            from status_change
            where block between $1 and $3
            order by block
            limit $4::bigint + 1
        ) as noted
        cross join lateral unnest(messages, statuses, causes)
            with ordinality as change (message_id, status, cause, position)
        where (block, position - 1) > ($1, $2)
        order by block, position
        limit $4
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(after.block)
        parameters.add(after.position)
        parameters.add(through)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> StatusChange {
        StatusChange(
            message: try row.next(MessageID.self),
            sequence: ChangeSequence(
                block: try row.next(Int64.self), position: try row.next(Int64.self)),
            status: try row.next(Status.self), cause: try row.next(StatusChange.Cause.self))
    }
}

/// The last change up to a block that is settled.
struct SelectLatestChange: Statement {
    let through: Int64

    static let name: StaticString = "select_latest_change"
    static let sql: StaticString = """
        select block, cardinality(messages) - 1
        from status_change
        where block <= $1
        order by block desc
        limit 1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(through)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> ChangeSequence {
        ChangeSequence(
            block: try row.next(Int64.self), position: try row.next(Int64.self))
    }
}
