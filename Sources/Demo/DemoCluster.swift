import Domain
import Foundation
import Postgres
import Security
import Store
import System
import Telemetry

/// The demo's own PostgreSQL: a cluster in its folder, TCP on loopback only, passwords for all.
struct DemoCluster {
    private let directory: DemoDirectory
    private let programs: DemoPrograms
    private let secrets: DemoSecrets

    static let database = "waybill"
    static let migrator = "waybill_migrate"
    static let responder = "waybill"
    static let dispatcher = "waybill_dispatch"
    static let deliverer = "waybill_deliver"
    static let initdb = "initdb"

    init(_ directory: DemoDirectory, _ programs: DemoPrograms, _ secrets: DemoSecrets) {
        self.directory = directory
        self.programs = programs
        self.secrets = secrets
    }

    var superuserURL: String {
        url(user: "postgres", password: secrets.databaseSuperuser)
    }

    var migratorURL: String { url(user: Self.migrator, password: secrets.databaseMigrator) }

    var responderURL: String { url(user: Self.responder, password: secrets.databaseResponder) }

    var dispatcherURL: String { url(user: Self.dispatcher, password: secrets.databaseDispatcher) }

    var delivererURL: String { url(user: Self.deliverer, password: secrets.databaseDeliverer) }

    private func url(user: String, password: String) -> String {
        "postgresql://\(user):\(password)@127.0.0.1:\(secrets.databasePort)/\(Self.database)"
    }

    /// The server that runs on the cluster, whoever started it.
    var postmaster: Postmaster { Postmaster(data: directory.data) }

    /// Makes the cluster if there is none, and writes this run's settings into it.
    ///
    /// - Parameter run: runs a program to its end.
    /// - Throws: `DemoError` with initdb's message.
    func initialize(
        run: (DemoChild.Plan) throws(DemoError) -> Void
    ) throws(DemoError) {
        let data = directory.data
        if !FileManager.default.fileExists(atPath: data + "/PG_VERSION") {
            // An incomplete cluster looks like a complete one, so it is renamed once complete.
            let new = data + ".new"
            try makeCluster(in: new, run: run)
            guard rename(new, data) == 0 else {
                throw DemoError("cannot rename \(new) to \(data): remove that one")
            }
        }
        try writeSettings()
    }

    private func makeCluster(
        in new: String, run: (DemoChild.Plan) throws(DemoError) -> Void
    ) throws(DemoError) {
        try Self.makePrivate(directory.cluster)
        let passwordFile = directory.cluster + "/password"
        // Left by an interrupted run.
        try? FileManager.default.removeItem(atPath: new)
        guard !FileManager.default.fileExists(atPath: new) else {
            throw DemoError("cannot remove \(new)")
        }
        unlink(passwordFile)
        guard PrivateFile.write(Data(secrets.databaseSuperuser.utf8), to: passwordFile) else {
            throw DemoError("cannot write \(passwordFile)")
        }
        defer { unlink(passwordFile) }
        Self.giveToPostgres(passwordFile)
        try run(
            plan(
                Self.initdb,
                [
                    "--pgdata", new, "--username", "postgres", "--pwfile", passwordFile,
                    "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                ]))
    }

    /// How the server is started. It must run in the foreground, as a child of ours.
    ///
    /// All settings are in the cluster, so pg_ctl starts the same server.
    var server: DemoChild.Plan { plan("postgres", ["-D", directory.data]) }

    /// Writes `waybill.conf`, at every start because the port may have changed.
    private func writeSettings() throws(DemoError) {
        let settings = """
            # Written by `waybill demo` at every start.
            port = \(secrets.databasePort)
            listen_addresses = '127.0.0.1'
            unix_socket_directories = ''
            max_connections = 200
            shared_buffers = 256MB
            max_wal_size = 2GB
            # A new cluster has no log files to use again; filling each with zeros stalls every commit
            # for 50 ms.
            wal_init_zero = off
            log_timezone = 'UTC'
            timezone = 'UTC'

            """
        try write(Data(settings.utf8), to: directory.data + "/waybill.conf")
        let main = directory.data + "/postgresql.conf"
        let include = "\ninclude 'waybill.conf'\n"
        guard let text = FileManager.default.contents(atPath: main) else {
            throw DemoError("cannot read \(main)")
        }
        if !String(decoding: text, as: UTF8.self).contains(include) {
            try write(text + Data(include.utf8), to: main)
        }
    }

    private func write(_ data: Data, to path: String) throws(DemoError) {
        guard PrivateFile.write(data, to: path) else {
            throw DemoError("cannot write \(path)")
        }
        Self.giveToPostgres(path)
    }

    /// Waits until the server takes connections.
    ///
    /// - Throws: `DemoError` naming the log, after half a minute, or that of a stop.
    func waitUntilReady(_ stop: StopRequest) throws(DemoError) {
        let settings = try Self.settings(
            superuserURL.replacingOccurrences(of: "/\(Self.database)", with: "/postgres"))
        var pause: Duration = .milliseconds(20)
        let deadline = ContinuousClock.now + .seconds(30)
        var failure: PostgresError?
        while ContinuousClock.now < deadline {
            try stop.check()
            do throws(PostgresError) {
                _ = try Connection(settings, within: .seconds(5))
                return
            } catch {
                failure = error
            }
            // Only a connection that works shows that the server is ready.
            ServiceThread.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
        throw DemoError(
            "PostgreSQL does not come up (\(failure.map { "\($0)" } ?? "no answer"));"
                + " see \(directory.logs)/postgres.log")
    }

    /// Makes roles and database, migrates, and stores the API key.
    ///
    /// - Throws: `DemoError` with the step that failed.
    func prepare(
        migrations: String, registering providers: [Provider]
    ) throws(DemoError) {
        let maintenance = try Self.settings(
            superuserURL.replacingOccurrences(of: "/\(Self.database)", with: "/postgres"))
        do {
            let connection = try Connection(maintenance)
            try connection.execute(script: rolesScript)
            // CREATE DATABASE cannot run in a transaction and has no `if not exists`.
            if try connection.execute(FindDemoDatabase()).first == nil {
                try connection.execute(
                    script: "create database \(Self.database) owner \(Self.migrator)",
                    within: .seconds(60))
            }
            try connection.execute(script: Self.databaseRightsScript)
            try Connection(Self.settings(superuserURL)).execute(script: Self.functionRightsScript)
            let files = try MigrationFile.all(in: migrations)
            let migrator = try Migrator(Self.settings(migratorURL), files: files)
            let users = [
                RoleUser(.responder, user: Self.responder),
                RoleUser(.dispatcher, user: Self.dispatcher),
                RoleUser(.deliverer, user: Self.deliverer),
            ]
            _ = try migrator.migrate(
                granting: users, registering: providers
            ) { _ in }
        } catch {
            throw DemoError(
                "cannot prepare the database: \((error as? PostgresError)?.debugDescription ?? "\(error)")"
            )
        }
    }

    /// Stores the demo's API key, with all scopes, unless it is there.
    func storeKey(hash: [UInt8]) throws(DemoError) {
        let pool = ConnectionPool(try Self.settings(responderURL), maximumCount: 1)
        defer { pool.close() }
        do {
            let keys = APIKeys(pool, logger: Logger(descriptor: -1))
            if try keys.key(hash: hash) == nil {
                let user = ProcessUser.current
                _ = try keys.create(
                    name: "demo", scopes: Set(Scope.allCases), hash: hash,
                    by: Requester(.commandLine(name: user.name, number: user.number)))
            }
        } catch {
            throw DemoError("cannot store the API key: \(error)")
        }
    }

    /// The address of the admin with which the demo can be entered.
    static let userEmail = "admin@example.com"

    /// Makes the demo's admin, or gives it the demo's password again if it has another one:
    /// `demo.json` tells the truth at each start.
    func storeUser() throws(DemoError) {
        let pool = ConnectionPool(try Self.settings(responderURL), maximumCount: 1)
        defer { pool.close() }
        guard let email = EmailAddress(Self.userEmail) else { return }
        do {
            let people = PeopleStore(pool, logger: Logger(descriptor: -1))
            let caller = ProcessUser.current
            let requester = Requester(.commandLine(name: caller.name, number: caller.number))
            let password = Array(secrets.userPassword.utf8)
            guard let known = try people.credentials(email: email) else {
                _ = try people.create(
                    UserDraft(email: email, name: UserName("Demo"), role: .admin), link: nil,
                    passwordHash: PasswordHash.make(password).stored, by: requester)
                return
            }
            let hash = known.passwordHash.flatMap { PasswordHash($0) }
            if try hash?.matches(password) != true {
                _ = try people.changePassword(
                    of: known, to: PasswordHash.make(password).stored, token: nil, by: requester)
            }
        } catch {
            throw DemoError("cannot store the user: \(error)")
        }
    }

    /// Queues messages of each kind, if the database has none yet.
    ///
    /// - Returns: how many.
    func queue(samplesFor providers: [Provider]) throws(DemoError) -> Int {
        try DemoSamples(Self.settings(responderURL), providers: providers).queue()
    }

    // The passwords are base64url, so they need no quoting.
    private var rolesScript: String {
        [
            (Self.migrator, secrets.databaseMigrator), (Self.responder, secrets.databaseResponder),
            (Self.dispatcher, secrets.databaseDispatcher),
            (Self.deliverer, secrets.databaseDeliverer),
        ]
        .map { role, password in
            """
            do $$ begin
                if not exists (select from pg_roles where rolname = '\(role)') then
                    create role \(role) login;
                end if;
            end $$;
            alter role \(role) password '\(password)';
            """
        }
        .joined(separator: "\n")
    }

    /// The same as README.md's step 2: PUBLIC's rights are the services', too.
    private static let databaseRightsScript = """
        revoke all on database \(database) from public;
        grant connect on database \(database) to \(responder), \(dispatcher), \(deliverer);
        revoke connect, temporary on database postgres, template1 from public;
        """

    /// Every role may create large objects, which fill the disk besides all tables.
    private static let functionRightsScript = """
        revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea),
            lo_put(oid, bigint, bytea), lowrite(integer, bytea), lo_truncate(integer, integer),
            lo_truncate64(integer, bigint), lo_import(text), lo_import(text, oid) from public
        """

    private static func settings(_ url: String) throws(DemoError) -> ConnectionSettings {
        do {
            return try ConnectionSettings(url, applicationName: "waybill demo")
        } catch {
            throw DemoError("\(error)")
        }
    }
}

extension DemoCluster {
    /// A program of PostgreSQL, run as its system user if we are root: it refuses to run as root.
    private func plan(_ name: String, _ arguments: [String]) -> DemoChild.Plan {
        let program = programs.postgresBinaries + "/" + name
        let log = directory.logs + "/\(name).log"
        guard getuid() == 0 else {
            return DemoChild.Plan(
                name: name, program: program, arguments: arguments, log: log)
        }
        return DemoChild.Plan(
            name: name, program: "/usr/bin/setpriv",
            arguments: ["--reuid=postgres", "--regid=postgres", "--init-groups", program]
                + arguments,
            log: log)
    }

    private static func makePrivate(_ path: String) throws(DemoError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw DemoError("cannot make the folder \(path)")
        }
        chmod(path, 0o700)
        giveToPostgres(path)
    }

    private static func giveToPostgres(_ path: String) {
        guard getuid() == 0, let user = getpwnam("postgres") else { return }
        lchown(path, user.pointee.pw_uid, user.pointee.pw_gid)
    }
}

/// Whether the demo's database exists.
private struct FindDemoDatabase: Statement {
    static let name: StaticString = "find_demo_database"
    static let sql: StaticString = "select true from pg_database where datname = 'waybill'"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}
