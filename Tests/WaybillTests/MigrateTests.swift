import TestSupport
import Testing

@Suite("Migrating on the command line", .blocking)
struct MigrateTests {
    private let server: PostgresServer
    private let name: String
    private let owner: String

    init() throws {
        server = try PostgresServer.shared
        owner = try server.createDatabase()
        name = String(try #require(owner.split(separator: "/").last))
    }

    /// A role with a password and no rights, as an operator makes it for `serve`.
    private func responder() throws -> String {
        let role = "\(name)_responder"
        _ = try server.run("create role \(role) login password 'password'")
        return "postgresql://\(role):password@127.0.0.1:\(server.port)/\(name)"
    }

    @Test("A responder without rights is told how to get them, and gets them so")
    func rights() throws {
        let responder = try responder()
        let alone = try Executable.run(["migrate"], environment: ["MIGRATE_DATABASE_URL": owner])
        #expect(alone.exit == .status(0), "\(alone.errors)")
        #expect(
            alone.output.hasSuffix(
                "no rights granted to another role: DATABASE_URL is not set\n"))

        let settings = ["DATABASE_URL": responder, "INFOBIP_WEBHOOK_SECRET": "s"]
        for command in ["check", "serve"] {
            let refused = try Executable.run([command], environment: settings)
            #expect(refused.exit == .status(1))
            #expect(refused.errors.contains("permission 42501"))
            #expect(
                refused.errors.contains(
                    "run waybill migrate with DATABASE_URL set, it grants the rights"))
        }

        let both = try Executable.run(
            ["migrate"], environment: ["MIGRATE_DATABASE_URL": owner, "DATABASE_URL": responder])
        #expect(both.output == "the schema is up to date\n")
        let check = try Executable.run(["check"], environment: settings)
        #expect(check.exit == .status(0), "\(check.errors)")
    }

    @Test("Migrating as the responder reports that no other role got rights")
    func sameRole() throws {
        let one = try Executable.run(["migrate"], environment: ["DATABASE_URL": owner])
        #expect(
            one.output.hasSuffix(
                "no rights granted to another role: MIGRATE_DATABASE_URL is not set\n"))
        let both = try Executable.run(
            ["migrate"], environment: ["DATABASE_URL": owner, "MIGRATE_DATABASE_URL": owner])
        #expect(
            both.output == """
                the schema is up to date
                no rights granted to another role: DATABASE_URL and MIGRATE_DATABASE_URL name the same one

                """)
    }
}
