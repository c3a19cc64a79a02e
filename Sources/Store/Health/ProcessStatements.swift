package import Domain
package import Postgres

/// A process lives. Those that have been silent for an hour go: nobody else tells of their end.
struct UpsertProcess: Statement {
    let process: ServiceProcess
    let pulse: ServiceProcess.Pulse

    static let name: StaticString = "upsert_process"
    // By the database's clock, so that those of the hosts need not agree.
    static let sql: StaticString = """
        with silent as (
            delete from process where seen_at < now() - interval '1 hour' and id <> $1
        )
        insert into process (
            id, kind, host, pid, version, started_at, seen_at, memory_bytes, figures)
        values (
            $1, $2, $3, $4, $5, $6, now(), $7, (
                select coalesce(jsonb_object_agg(name, value), '{}')
                from unnest($8::text[], $9::bigint[]) as figure (name, value)))
        on conflict (id) do update set
            seen_at = excluded.seen_at, memory_bytes = excluded.memory_bytes,
            figures = excluded.figures
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: process.id.halves)
        parameters.add(process.kind.rawValue)
        parameters.add(process.host)
        parameters.add(process.pid)
        parameters.add(process.version)
        parameters.add(timestamp: process.startedAt.microseconds)
        parameters.add(pulse.memoryBytes)
        parameters.addTexts(pulse.figures) { $0.name }
        parameters.addInt64s(pulse.figures) { $0.value }
    }
}

/// A process ends.
struct DeleteProcess: Statement {
    let id: Identifier<ServiceProcess>

    static let name: StaticString = "delete_process"
    static let sql: StaticString = "delete from process where id = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }
}

/// The processes that live, or were seen within the last hour.
struct SelectProcesses: Statement {
    static let name: StaticString = "select_processes"
    static let sql: StaticString = """
        select id, kind, host, pid, version, started_at,
            greatest(0, extract(epoch from now() - seen_at))::bigint, memory_bytes, figures::text
        from process
        where seen_at >= now() - interval '1 hour'
        order by kind desc, started_at, id
        limit 100
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SeenProcess {
        let process = ServiceProcess(
            id: try row.next(Identifier<ServiceProcess>.self),
            kind: try row.next(ServiceProcess.Kind.self), host: try row.next(String.self),
            pid: try row.next(Int32.self), version: try row.next(String.self),
            startedAt: try row.next(Timestamp.self))
        return SeenProcess(
            process: process, silence: .seconds(try row.next(Int64.self)),
            memoryBytes: try row.next(Int64?.self), figures: try row.next(String.self))
    }
}

extension ServiceProcess.Kind: ColumnValue {
    /// A `text`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        let name = try String(column)
        guard let kind = Self(rawValue: name) else {
            throw column.unreadable("there is no kind of process \(name)")
        }
        self = kind
    }
}
