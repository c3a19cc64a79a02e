import Glibc
import TestSupport

/// A table that nobody can read or write, until the lock is released or forgotten.
final class TableLock {
    private let table: String
    private let demo: RunningDemo
    private let holder: ChildProcess

    /// Returns once the lock is held.
    ///
    /// - Throws: when it cannot be had within ten seconds.
    init(_ table: String, in demo: RunningDemo) throws {
        self.table = table
        self.demo = demo
        holder = try ChildProcess(
            "psql",
            [
                "-XqAt", "-d", demo.document.admin_database_url, "-c",
                "begin; lock table \(table) in access exclusive mode; select pg_sleep(60)",
            ], environment: WaybillProgram.bareEnvironment)
        let held = "select count(*) \(locks)"
        guard try waitUntil(within: .seconds(10), { try demo.count(held) == 1 }) else {
            throw ConnectionFailure("\(table) could not be locked")
        }
    }

    deinit {
        holder.send(signal: SIGKILL)
    }

    /// Ends the session that holds the lock.
    func release() throws {
        try demo.sql("select pg_terminate_backend(pid) \(locks)")
    }

    private var locks: String {
        "from pg_locks where relation = '\(table)'::regclass and granted"
            + " and mode = 'AccessExclusiveLock'"
    }
}
