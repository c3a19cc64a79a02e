import Foundation
import Glibc
import Synchronization

/// A real PostgreSQL cluster in a temporary folder, removed after the tests.
///
/// It runs as the system user `postgres` when we are root, listens on loopback and on a Unix
/// socket, and dies with the test process even when that is killed. Safe to use from any thread.
package final class PostgresServer: Sendable {
    /// The loopback port; the same after a restart.
    package let port: UInt16
    /// The superuser's password.
    package let password: String
    /// The folder of the Unix socket.
    package var socketDirectory: String { folder.path(of: "run") }

    private let folder: TemporaryDirectory
    private let options: [String]
    private let process = Mutex<ChildProcess?>(nil)
    private let databases = Atomic<Int>(0)

    /// The cluster that all tests of this process share, started when first asked for.
    ///
    /// Take a database of your own from it with `createDatabase()`, and never stop it.
    package static var shared: PostgresServer {
        get throws { try sharedResult.get() }
    }

    /// A cluster of its own, for tests that stop, kill or reconfigure it.
    ///
    /// It goes with the last reference. Starting takes about half a second.
    /// - Parameters:
    ///   - isDurable: true leaves fsync on, for tests that measure or cut the power.
    ///   - settings: more of `postgresql.conf`, for example `["max_connections": "5"]`.
    /// - Returns: the server, started.
    /// - Throws: when PostgreSQL is not installed or does not start.
    package static func dedicated(
        isDurable: Bool = false, settings: [String: String] = [:]
    ) throws -> PostgresServer {
        let server = try PostgresServer(isDurable: isDurable, settings: settings)
        try server.start()
        return server
    }

    private static let sharedResult = Result {
        let server = try dedicated(settings: ["max_connections": "300"])
        AtExit.run { server.remove() }
        return server
    }

    /// A streaming standby of this server, which follows it from now on.
    ///
    /// - Parameter name: as in `synchronous_standby_names`.
    /// - Returns: the standby, started; `select pg_promote()` makes it a primary.
    /// - Throws: when it cannot be copied or does not start.
    package func standby(named name: String) throws -> PostgresServer {
        let standby = try PostgresServer(isDurable: false, settings: [:], password: password) {
            try PristineCluster.makeDirectory($0, mode: 0o700)
            let copy = try ChildProcess(
                PostgresBinaries.path(of: "pg_basebackup"),
                [
                    "-d", "\(socketURL(of: "postgres"))&application_name=\(name)", "-D", $0, "-R",
                    "-c", "fast",
                ],
                environment: PostgresBinaries.environment, user: PostgresBinaries.user)
            guard try copy.waitForExit(within: .seconds(60)) == .status(0) else {
                throw TestSupportError(copy.errors)
            }
        }
        try standby.start()
        return standby
    }

    private convenience init(isDurable: Bool, settings: [String: String]) throws {
        let pristine = try PristineCluster.shared.get()
        try self.init(isDurable: isDurable, settings: settings, password: pristine.password) {
            try pristine.copy(to: $0)
        }
    }

    /// `makeData` fills the folder of the data.
    private init(
        isDurable: Bool, settings: [String: String], password: String,
        makeData: (String) throws -> Void
    ) throws {
        folder = try TemporaryDirectory()
        port = try FreePort.next()
        self.password = password
        try makeData(folder.path(of: "data"))
        try PristineCluster.makeDirectory(folder.path(of: "run"), mode: 0o755)

        var all = [
            "listen_addresses": "127.0.0.1",
            "port": String(port),
            "unix_socket_directories": folder.path(of: "run"),
            "shared_buffers": "32MB",
            "max_connections": "100",
            "logging_collector": "off",
            "timezone": "UTC",
            "lc_messages": "C",
        ]
        if !isDurable {
            all["fsync"] = "off"
            all["full_page_writes"] = "off"
        }
        all.merge(settings) { $1 }
        options = all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0)=\($1)"] }
    }

    deinit {
        remove()
    }

    /// Starts the server, and returns when it answers.
    ///
    /// - Throws: when it does not within half a minute, with its log.
    package func start() throws {
        let child = try ChildProcess(
            PostgresBinaries.path(of: "postgres"), ["-D", folder.path(of: "data")] + options,
            environment: PostgresBinaries.environment, user: PostgresBinaries.user,
            // "Immediate": no reader is left.
            signalAtOurDeath: "QUIT")
        do {
            // A standby accepts "read-only connections".
            try child.waitForOutput("database system is ready to accept")
        } catch {
            try child.stop(SIGQUIT)
            throw error
        }
        process.withLock { $0 = child }
    }

    /// Stops the server in an orderly way: clients get SQLSTATE 57P01, and all is on disk.
    package func stop() throws {
        try process.withLock { $0.take() }?.stop(SIGINT)
    }

    /// Ends the server as a crash would: all of its processes at once, without a shutdown.
    package func kill() throws {
        guard let child = process.withLock({ $0.take() }) else { return }
        let id = child.processID
        let list = try? String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        child.send(signal: SIGKILL)
        // The backends of a dead server keep its shared memory, and `start()` would be refused.
        for backend in (list ?? "").split(separator: " ").compactMap({ pid_t($0) }) {
            Glibc.kill(backend, SIGKILL)
        }
        try child.waitForExit()
    }

    /// Stops and starts the server.
    package func restart() throws {
        try stop()
        try start()
    }

    /// What the server wrote to its log since it was last started.
    package var log: String { process.withLock { $0 }?.errors ?? "" }

    /// Makes a fresh database.
    ///
    /// - Parameter template: the database to copy, for example one that has been migrated; nobody
    ///   may be connected to it.
    /// - Returns: its URL, with the superuser's name and password.
    /// - Throws: when the server does not run.
    package func createDatabase(template: String = "template1") throws -> String {
        let number = databases.wrappingAdd(1, ordering: .relaxed).newValue
        let name = "test_\(number)"
        try run("create database \(name) template \(template)")
        return url(of: name)
    }

    /// Runs SQL through `psql`, for what a test must do beside the code that it tests.
    ///
    /// - Parameters:
    ///   - sql: one statement or several.
    ///   - database: where, by default in the one for maintenance.
    /// - Returns: the rows without a header, columns separated by `|`.
    /// - Throws: when a statement fails.
    @discardableResult
    package func run(_ sql: String, in database: String = "postgres") throws -> String {
        let psql = try ChildProcess(
            PostgresBinaries.path(of: "psql"),
            ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", socketURL(of: database), "-c", sql],
            environment: PostgresBinaries.environment)
        guard try psql.waitForExit() == .status(0) else { throw TestSupportError(psql.errors) }
        return psql.output.trimmingCharacters(in: .newlines)
    }

    /// The URL of a database by TCP.
    package func url(of database: String) -> String {
        "postgresql://postgres:\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// The URL of a database by the Unix socket.
    package func socketURL(of database: String) -> String {
        "postgresql:///\(database)?host=\(socketDirectory)&port=\(port)"
            + "&user=postgres&password=\(password)"
    }

    private func remove() {
        if let child = process.withLock({ $0.take() }) { _ = try? child.stop(SIGQUIT) }
        folder.remove()
    }
}
