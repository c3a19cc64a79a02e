import Foundation
import TestSupport
import Testing

@Suite("The command line", .timeLimit(.minutes(10)))
struct CommandLineTests {
    @Test("The version and the help are printed")
    func help() throws {
        let version = try WaybillProgram.run(["--version"])
        #expect(version.exit == .status(0))
        #expect(version.output.wholeMatch(of: /waybill \d+\.\d+\.\d+\n/) != nil)
        let help = try WaybillProgram.run(["--help"])
        #expect(help.exit == .status(0))
        for command in ["serve", "migrate", "check", "key", "probe", "demo"] {
            #expect(help.output.contains("  \(command) "))
        }
    }

    @Test("Every command has its help", arguments: ["serve", "migrate", "check", "key", "demo"])
    func help(command: String) throws {
        let help = try WaybillProgram.run([command, "--help"])
        #expect(help.exit == .status(0))
        #expect(help.output.hasPrefix("usage: waybill \(command)"))
        #expect(help.errors.isEmpty)
    }

    @Test(
        "Wrong usage exits 64 with one line that says what is wrong",
        arguments: [
            ([], "command"), (["fly"], "fly"), (["serve", "now"], "now"),
            (["serve", "--fast"], "--fast"),
            (["migrate", "--directory"], "--directory"), (["migrate", "--status", "x"], "x"),
            (["check", "--all"], "--all"), (["key"], "create"), (["key", "lose"], "lose"),
            (["key", "create", "--name", "x"], "--scope"),
            (["key", "create", "--name", "x", "--scope", "fly"], "fly"),
            (["key", "create", "--name", "x", "--scope", ","], "--scope"),
            (["key", "create", "--scope", "read"], "--name"), (["key", "revoke"], "--name"),
            (["demo", "--port", "0"], "--port"), (["demo", "--port", "x"], "--port"),
            (["demo", "--port", "1", "--port", "2"], "--port"),
            (["demo", "--directory", ""], "--directory"),
        ])
    func usage(words: [String], name: String) throws {
        let outcome = try WaybillProgram.run(words)
        #expect(outcome.exit == .status(64))
        #expect(outcome.errors.hasPrefix("waybill: "))
        #expect(outcome.errors.contains(name))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(outcome.output.isEmpty)
    }

    @Test(
        "Without a configuration serve and check list every problem and exit 78",
        arguments: [
            "serve", "check",
        ])
    func unconfigured(command: String) throws {
        let nothing = try WaybillProgram.run([command])
        #expect(nothing.exit == .status(78))
        #expect(nothing.errors.contains("DATABASE_URL"))
        let wrong = try WaybillProgram.run(
            [command],
            [
                "LOG_LEVEL": "loud", "WAYBILL_POOL_SIZE": "0", "INFOBIP_WEBHOOK_USER": "u",
                "PLIVO_AUTH_TOKEN": "secret-token", "INFOBIP_HMAC_ALGORITHM": "rot13",
                "DATABASE_URL": "postgresql://u:secret-word@127.0.0.1:1/x",
                "INFOBIP_WEBHOOK_HEADER": "not a header",
            ])
        #expect(wrong.exit == .status(78))
        for name in [
            "LOG_LEVEL", "WAYBILL_POOL_SIZE", "INFOBIP_WEBHOOK_PASSWORD", "APP_BASE_URL",
            "INFOBIP_HMAC_ALGORITHM", "INFOBIP_WEBHOOK_HEADER",
        ] {
            #expect(wrong.errors.contains("  \(name): "), "\(name)")
        }
        #expect(!wrong.errors.contains("secret"))
        let noProvider = try WaybillProgram.run([command], ["DATABASE_URL": "postgresql:///x"])
        #expect(noProvider.exit == .status(78))
        #expect(noProvider.errors.contains("no provider is configured"))
    }

    @Test("A database that is behind is refused with the command that helps, and it does")
    func behind() throws {
        let demo = try RunningDemo.shared
        let name = "behind_\(UInt32.random(in: 0 ... .max))"
        try demo.sql("create database \(name) owner waybill_migrate")
        func url(_ text: String) -> String {
            text.replacing(/\/waybill$/, with: "/\(name)")
        }
        var settings = [
            "DATABASE_URL": url(demo.document.database_url),
            "INFOBIP_WEBHOOK_SECRET": "secret-word",
            "WAYBILL_SOCKET_DIRECTORY": "/nonexistent",
        ]
        for command in ["serve", "check"] {
            let refused = try WaybillProgram.run([command], settings)
            #expect(refused.exit == .status(1))
            #expect(refused.errors.contains("waybill migrate"))
        }
        settings["MIGRATE_DATABASE_URL"] = url(demo.document.admin_database_url)
        let before = try WaybillProgram.run(["migrate", "--status"], settings)
        #expect(before.exit == .status(3))
        #expect(before.output.contains("missing  0001_create_ledger.sql"))
        let migrated = try WaybillProgram.run(["migrate"], settings)
        #expect(migrated.exit == .status(0), "\(migrated.errors)")
        let after = try WaybillProgram.run(["migrate", "--status"], settings)
        #expect(after.exit == .status(0))
        #expect(!after.output.contains("missing"))
        #expect(
            try WaybillProgram.run(["migrate"], settings).output == "the schema is up to date\n")
        let check = try WaybillProgram.run(["check"], settings)
        #expect(check.exit == .status(0), "\(check.errors)")
        for secret in demo.document.secrets + ["secret-word"] {
            #expect(!(check.output + check.errors).contains(secret))
        }
        #expect(check.output.contains("X-Webhook-Secret, 1 secret(s)"))
        // The responder's role may not change the schema.
        let rights = try ChildProcess(
            "psql", ["-Xd", url(demo.document.database_url), "-c", "create table x (y int)"],
            environment: WaybillProgram.bareEnvironment)
        #expect(try rights.waitForExit() == .status(1))
        #expect(rights.errors.contains("permission denied"))
        try demo.sql("drop database \(name) with (force)")
    }

    @Test("Keys are made, listed and revoked, and shown only once")
    func keys() throws {
        let demo = try RunningDemo.shared
        let settings = ["DATABASE_URL": demo.document.database_url]
        let name = uniqueName("key")
        func run(_ words: String...) throws -> WaybillProgram.Outcome {
            try WaybillProgram.run(["key"] + words, settings)
        }
        let created = try run("create", "--name", name, "--scope", "read,admin")
        let key = created.output.trimmingCharacters(in: .newlines)
        #expect(created.exit == .status(0))
        #expect(key.wholeMatch(of: /wb_[A-Za-z0-9_-]{43}/) != nil)
        #expect(try demo.api("/v1/status", key: key).status == 200)
        let twice = try run("create", "--name", name, "--scope", "read")
        #expect(twice.exit == .status(1))
        #expect(twice.errors.contains(name))
        let list = try run("list").output
        let line = try #require(list.split(separator: "\n").first { $0.hasPrefix(name + "\t") })
        #expect(line.contains("admin") && line.contains("read") && line.hasSuffix("valid"))
        #expect(!list.contains(key.dropFirst(3)))
        let rotated = try run("rotate", "--name", name, "--overlap", "24h")
        let newKey = rotated.output.trimmingCharacters(in: .newlines)
        #expect(rotated.exit == .status(0) && newKey != key)
        for key in [key, newKey] { #expect(try demo.api("/v1/status", key: key).status == 200) }
        #expect(try run("list").output.contains("\tvalid\told secret until 20"))
        #expect(try run("rotate", "--name", uniqueName()).exit == .status(1))
        #expect(try run("revoke", "--name", name).exit == .status(0))
        #expect(try run("revoke", "--name", name).exit == .status(1))
        for key in [key, newKey] { #expect(try demo.api("/v1/status", key: key).status == 401) }
        let later = try run("list").output
        #expect(
            later.split(separator: "\n").contains { $0.hasPrefix(name) && $0.contains("revoked") })
        let away = try WaybillProgram.run(
            ["key", "list"], ["DATABASE_URL": "postgresql://u:secret-word@127.0.0.1:1/x"])
        #expect(away.exit == .status(1))
        #expect(!away.errors.contains("secret-word"))
    }
}
