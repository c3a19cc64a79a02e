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

    /// A role with a password and no rights, as an operator makes it for a service.
    private func role(_ service: String) throws -> String {
        let role = "\(name)_\(service)"
        _ = try server.run("create role \(role) login password 'password'")
        return "postgresql://\(role):password@127.0.0.1:\(server.port)/\(name)"
    }

    @Test("A responder without rights is told how to get them, and gets them so")
    func rights() throws {
        let responder = try role("responder")
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

    @Test("Each service has a role with the rights that it needs, or both have one")
    func twoRoles() throws {
        let responder = try role("responder")
        let dispatcher = try role("dispatcher")
        let sending = ["INFOBIP_API_KEY": "k", "INFOBIP_BASE_URL": "http://127.0.0.1:1"]
        func migrate(_ settings: [String: String]) throws -> String {
            let migrated = try Executable.run(
                ["migrate"], environment: settings.merging(["MIGRATE_DATABASE_URL": owner]) { $1 })
            #expect(migrated.exit == .status(0), "\(migrated.errors)")
            return migrated.output
        }
        func check(_ service: String, _ settings: [String: String]) throws -> Executable.Result {
            let receiving = ["INFOBIP_WEBHOOK_SECRET": "s"]
            return try Executable.run(
                ["check", "--service", service],
                environment: settings.merging(sending) { $1 }.merging(receiving) { $1 })
        }

        // As an installation has it that knows of one role.
        let one = ["DATABASE_URL": responder]
        #expect(try migrate(one).hasSuffix("migration(s)\n"))
        for service in ["serve", "dispatch", "all"] {
            #expect(try check(service, one).exit == .status(0))
        }

        // The new role has no rights yet, and the way to them is named.
        let two = ["DATABASE_URL": responder, "DISPATCH_DATABASE_URL": dispatcher]
        let refused = try check("all", two)
        #expect(refused.exit == .status(1))
        #expect(
            refused.errors.contains(
                "DISPATCH_DATABASE_URL: The database cannot be used: database: permission 42501"))
        #expect(
            refused.errors.contains(
                "run waybill migrate with DISPATCH_DATABASE_URL set, it grants the rights"))
        #expect(try migrate(two) == "the schema is up to date\n")
        let both = try check("all", two)
        #expect(both.exit == .status(0), "\(both.errors)")
        #expect(both.output.contains("\ndatabase: reachable in "))
        #expect(both.output.contains("\nDISPATCH_DATABASE_URL: reachable in "))

        // The responder's role can send no more, and the dispatcher's cannot serve.
        let sends = try check("dispatch", one)
        #expect(sends.exit == .status(1))
        #expect(sends.errors.contains("The role of the dispatcher lacks "))
        #expect(sends.errors.contains("UPDATE on outbox"))
        let serves = try check("serve", ["DATABASE_URL": dispatcher])
        #expect(serves.errors.contains("The role of the responder lacks "))
        #expect(serves.errors.contains("SELECT on api_key"))

        // Where only one of them is told, the other one keeps what it has.
        let alone = try migrate(["DISPATCH_DATABASE_URL": dispatcher])
        #expect(
            alone.hasSuffix(
                """
                no rights granted to the responder: DATABASE_URL is not set
                no rights granted to the deliverer: DATABASE_URL is not set

                """))
        #expect(try check("all", two).exit == .status(0))
    }

    @Test("Whoever migrates as the responder learns that no other role got rights")
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
