package import Domain
package import Postgres
package import Telemetry

/// The table of the service's processes.
package struct ProcessStore: ProcessRegister, ProcessProbe {
    private let queries: Queries

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    package func tell(
        _ process: ServiceProcess, _ pulse: ServiceProcess.Pulse
    ) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            _ = try connection.execute(
                CommitLazily(), UpsertProcess(process: process, pulse: pulse))
        }
    }

    package func remove(_ process: ServiceProcess) throws(StoreFailure) {
        try queries.run { connection throws(PostgresError) in
            _ = try connection.execute(CommitLazily(), DeleteProcess(id: process.id))
        }
    }

    package func processes() throws(StoreFailure) -> [SeenProcess] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectProcesses()).rows
        }
    }
}
