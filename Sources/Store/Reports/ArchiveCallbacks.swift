import Domain
import Postgres

/// Keeps callbacks as they came.
struct ArchiveCallbacks: Statement {
    let callbacks: [ArchivedCallback]

    static let name: StaticString = "archive_callbacks"
    static let sql: StaticString = """
        insert into callback (id, received_at, provider, uri, body)
        select id, received_at, provider, uri, body
        from unnest($1::uuid[], $2::timestamptz[], $3::smallint[], $4::text[], $5::bytea[])
            as new (id, received_at, provider, uri, body)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(callbacks) { $0.id.halves }
        parameters.addTimestamps(callbacks) { $0.receivedAt.microseconds }
        parameters.addInt16s(callbacks) { $0.provider.code }
        parameters.addTexts(callbacks) { $0.uri }
        parameters.addBytes(callbacks) { $0.body }
    }
}
