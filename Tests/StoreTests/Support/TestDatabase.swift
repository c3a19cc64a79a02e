import Domain
import Foundation
import Postgres
import Synchronization
import TestSupport

@testable import Store

/// A database of its own, migrated by the real migrations, with the users of a real installation:
/// an owner that migrates, and one for each service that `waybill migrate` gave its rights.
struct TestDatabase: Sendable {
    let server: PostgresServer
    let name: String

    /// What the superuser connects with.
    var admin: ConnectionSettings { get throws { try ConnectionSettings(server.url(of: name)) } }
    /// What `waybill migrate` connects with.
    var owner: ConnectionSettings { get throws { try settings("waybill_owner") } }
    /// What `waybill serve` connects with.
    var responder: ConnectionSettings { get throws { try settings("waybill") } }
    /// What `waybill dispatch` connects with.
    var dispatcher: ConnectionSettings { get throws { try settings("waybill_dispatch") } }

    /// What `waybill deliver` connects with.
    var deliverer: ConnectionSettings { get throws { try settings("waybill_deliver") } }

    /// The services' users with their roles.
    static let roles = [
        RoleUser(.responder, user: "waybill"), RoleUser(.dispatcher, user: "waybill_dispatch"),
        RoleUser(.deliverer, user: "waybill_deliver"),
    ]

    /// A migrated database on the server that all tests share.
    init() throws {
        let server = try PostgresServer.shared
        self.init(server: server, name: try Self.copy(of: Self.migrated.get(), on: server))
    }

    /// A migrated database on a server of the test's own.
    init(on server: PostgresServer) throws {
        self = try Self.empty(on: server)
        try migrate()
    }

    /// A database that is there already, such as a standby's copy of another one.
    init(server: PostgresServer, name: String) {
        self.server = server
        self.name = name
    }

    /// A database with the roles and nothing else.
    static func empty(on server: PostgresServer? = nil) throws -> TestDatabase {
        let server = try server ?? PostgresServer.shared
        try makeRoles(on: server)
        return TestDatabase(server: server, name: try copy(of: "template1", on: server))
    }

    /// The repository's migrations.
    static let files = Result {
        try MigrationFile.all(in: sourceRoot + "/Migrations")
    }

    /// The folder that `Package.swift` is in.
    static let sourceRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Migrates as `waybill migrate` does.
    @discardableResult
    func migrate(granting users: [RoleUser] = Self.roles) throws -> [MigrationFile] {
        KnownProviders.add(Provider.samples)
        return try Migrator(owner, files: Self.files.get())
            .migrate(granting: users, registering: Provider.samples) { _ in }
    }

    /// Runs SQL as the superuser; rows without a header, columns separated by `|`.
    @discardableResult
    func run(_ sql: String) throws -> String {
        try server.run(sql, in: name)
    }

    /// A pool for the responder's role.
    func pool(_ count: Int = 2) throws -> ConnectionPool {
        ConnectionPool(try responder, maximumCount: count)
    }

    /// A pool for the dispatcher's role.
    func dispatcherPool(_ count: Int = 2) throws -> ConnectionPool {
        ConnectionPool(try dispatcher, maximumCount: count)
    }

    /// What `waybill serve` connects with, and settings of the server's besides.
    func responderURL(options: String) -> String {
        let escaped = options.replacing(" ", with: "%20").replacing("=", with: "%3D")
        return url("waybill") + "?options=\(escaped)"
    }

    /// What a user connects with.
    func settings(_ user: String) throws -> ConnectionSettings {
        try ConnectionSettings(url(user))
    }

    private func url(_ role: String) -> String {
        "postgresql://\(role):secret@127.0.0.1:\(server.port)/\(name)"
    }
}

extension TestDatabase {
    /// Migrated once, copied by the tests: a copy takes a tenth of the time.
    private static let migrated = Result {
        let database = try empty()
        try database.migrate()
        return database.name
    }

    private static func copy(of template: String, on server: PostgresServer) throws -> String {
        let url = try server.createDatabase(template: template)
        let name = String(url.split(separator: "/").last ?? "")
        try server.run("alter database \(name) owner to waybill_owner")
        return name
    }

    /// The servers that have the roles, by port.
    private static let prepared = Mutex<Set<UInt16>>([])

    private static func makeRoles(on server: PostgresServer) throws {
        try prepared.withLock { prepared in
            guard prepared.insert(server.port).inserted else { return }
            try server.run(
                """
                create role waybill_owner login password 'secret';
                create role waybill login password 'secret';
                create role waybill_dispatch login password 'secret';
                create role waybill_deliver login password 'secret';
                """)
        }
    }
}
