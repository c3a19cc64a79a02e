package import Domain
package import Postgres
private import System

/// Brings the schema up to date: one transaction a file, under an advisory lock.
package struct Migrator {
    private let files: [MigrationFile]
    private let patience: LockPatience
    let connection: Connection

    /// The migrations of a database.
    package struct State: Sendable {
        package let file: MigrationFile
        package let isApplied: Bool
    }

    /// Connects with the migrations' role.
    ///
    /// - Throws: `connection` with the reason.
    package init(
        _ settings: ConnectionSettings, files: [MigrationFile],
        patience: LockPatience = .standard
    ) throws(MigrationError) {
        self.files = files
        self.patience = patience
        do {
            connection = try Connection(settings)
        } catch {
            throw MigrationError(
                .connection, "cannot connect to MIGRATE_DATABASE_URL: \(error)", cause: error)
        }
    }

    /// Which files have been applied; changes nothing.
    ///
    /// - Throws: `history` naming a file that was changed or is missing.
    package func status() throws(MigrationError) -> [State] {
        let applied = try attempt(.failed, "reading schema_migration") { () throws(PostgresError) in
            let exists = try connection.execute(FindMigrationTable()).first ?? false
            return exists ? try connection.execute(SelectMigrations()).rows : []
        }
        try check(applied)
        return files.map { State(file: $0, isApplied: $0.version <= applied.count) }
    }

    /// Applies missing files and gives each role exactly its rights, even if no file was missing.
    ///
    /// - Parameters:
    ///   - users: the users of the database that get rights, and the roles that they play; none of
    ///     them the migrations' own, which has all.
    ///   - providers: those that the program has kits for; the database gets a row for each.
    ///   - onApply: told of every file, before it is run.
    ///   - onWait: told of every try that ended because a lock did not come, but the last.
    /// - Returns: the files that were applied.
    /// - Throws: `history`, `locked` or `failed` naming the file, with earlier files kept; or
    ///   `grant` naming the user, after all files were applied and without any change of rights.
    package func migrate(
        granting users: [RoleUser], registering providers: [Provider] = [],
        onApply: (MigrationFile) -> Void,
        onWait: (LockWait) -> Void = { _ in }
    ) throws(MigrationError) -> [MigrationFile] {
        // The lock is the session's: it holds across the files' transactions.
        try attempt(.failed, "taking the migration lock") { () throws(PostgresError) in
            try connection.execute(script: "set lock_timeout = '30s'; set statement_timeout = 0")
            _ = try connection.execute(LockMigrations(), within: .seconds(60))
            try connection.execute(script: Self.table)
        }
        let pending = try status().filter { !$0.isApplied }.map(\.file)
        for file in pending {
            onApply(file)
            try apply(file, onWait)
        }
        try register(providers)
        try makeRightsExact(of: users)
        return pending
    }

    /// Applies a file, in as many attempts as it takes to get its locks.
    ///
    /// While it waits for a lock, other sessions wait behind it. So the wait is short, and then the
    /// file is rolled back to let the others go on.
    private func apply(
        _ file: MigrationFile, _ onWait: (LockWait) -> Void
    ) throws(MigrationError) {
        var attempt = 0
        // A busy server may answer too late; then the blockers are most likely the last known ones.
        var blockers: [LockBlocker] = []
        while true {
            attempt += 1
            guard let seen = try blockersOfOneTry(file) else { return }
            if !seen.isEmpty { blockers = seen }
            let isLast = attempt >= patience.tries
            let wait = LockWait(
                file: file, attempt: attempt, tries: patience.tries, blockers: blockers,
                pause: isLast ? nil : patience.pause(attempt))
            guard let pause = wait.pause else {
                throw MigrationError(.locked, wait.description)
            }
            onWait(wait)
            ServiceThread.sleep(for: pause)
        }
    }

    /// Nil if the file was applied, otherwise the sessions that held the lock.
    private func blockersOfOneTry(
        _ file: MigrationFile
    ) throws(MigrationError) -> [LockBlocker]? {
        let backend = try self.attempt(.failed, file.name) { () throws(PostgresError) in
            try connection.execute(SelectBackend()).first ?? 0
        }
        let watch = LockWatch(connection.settings, backend: backend)
        do {
            try connection.transaction { () throws(PostgresError) in
                try connection.execute(
                    script: "set local lock_timeout = \(patience.timeoutMilliseconds)")
                try connection.execute(script: file.sql, within: .seconds(3600))
                try closeToPublic()
                _ = try connection.execute(InsertMigration(file: file))
            }
            _ = watch.stop()
            return nil
        } catch {
            let blockers = watch.stop()
            guard error.sqlState?.lostLock == true else {
                throw Self.failure(.failed, file.name, error)
            }
            return blockers
        }
    }

    private func check(_ applied: [AppliedMigration]) throws(MigrationError) {
        for (index, migration) in applied.enumerated() {
            guard migration.version == index + 1 else {
                throw MigrationError(
                    .history,
                    "\(migration.name) was applied out of order; repair schema_migration by hand")
            }
            guard index < files.count else {
                throw MigrationError(
                    .history,
                    "\(migration.name) is applied but missing from the folder;"
                        + " use the migrations of the version that was installed last")
            }
            guard files[index].name == migration.name else {
                throw MigrationError(
                    .history,
                    "\(files[index].name) stands where \(migration.name) was applied;"
                        + " migrations are never renamed")
            }
            guard files[index].checksum == migration.checksum else {
                throw MigrationError(
                    .history,
                    "\(migration.name) was changed after it was applied;"
                        + " restore it and put the change into a new file")
            }
        }
    }

    func attempt<Value>(
        _ code: MigrationError.Code, _ step: String, _ body: () throws(PostgresError) -> Value
    ) throws(MigrationError) -> Value {
        do {
            return try body()
        } catch {
            throw Self.failure(code, step, error)
        }
    }

    private static func failure(
        _ code: MigrationError.Code, _ step: String, _ error: PostgresError
    ) -> MigrationError {
        // The person who migrates needs the server's message; DDL holds no users' values.
        MigrationError(code, "\(step): \(error.debugDescription)", cause: error)
    }

    private static let table = """
        create table if not exists schema_migration (
            version    integer     not null,
            name       text        not null,
            checksum   bigint      not null,
            applied_at timestamptz not null default now(),
            constraint schema_migration_pkey primary key (version)
        );
        comment on table schema_migration is 'Which migrations have been applied; written by waybill migrate only.'
        """
}
