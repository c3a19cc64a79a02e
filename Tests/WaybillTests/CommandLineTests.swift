import TestSupport
import Testing

@testable import waybill

@Suite("Command line", .blocking)
struct CommandLineTests {
    @Test(
        "Wrong usage exits 64 with one line that says what is wrong",
        arguments: [
            ([], "waybill: a command is missing; see waybill --help\n"),
            (["serv"], "waybill: there is no command \"serv\"; see waybill --help\n"),
            (
                ["serve", "x"],
                "waybill: serve: unexpected argument \"x\"; see waybill serve --help\n"
            ),
            (["check", "--x"], "waybill: check: unknown option --x; see waybill check --help\n"),
            (
                ["migrate", "--directory"],
                "waybill: migrate: --directory needs a value; see waybill migrate --help\n"
            ),
            (["key"], "waybill: key: create, list or revoke is missing; see waybill key --help\n"),
            (
                ["key", "make"],
                "waybill: key: there is no \"make\" here; known: create, list, revoke; see waybill key --help\n"
            ),
            (
                ["key", "create", "--name", "n"],
                "waybill: key: --scope is missing; it takes read, send, admin; see waybill key --help\n"
            ),
            (
                ["key", "create", "--name", "n", "--scope", "all"],
                "waybill: key: there is no scope \"all\"; known: read, send, admin; see waybill key --help\n"
            ),
            (
                ["key", "create", "--name", "n", "--scope", ","],
                "waybill: key: --scope names no scope; it takes read, send, admin; see waybill key --help\n"
            ),
            (
                ["key", "create", "--scope", "read"],
                "waybill: key: --name is missing or longer than 100 characters; see waybill key --help\n"
            ),
            (
                ["send", "--text", "a", "--text", "b"],
                "waybill: send: --text was given twice; see waybill send --help\n"
            ),
            (
                ["send", "--to", "1", "--wait", "601"],
                "waybill: send: --wait takes a whole number from 0 to 600; see waybill send --help\n"
            ),
            (["message"], "waybill: message: an argument is missing; see waybill message --help\n"),
            (
                ["probe", "--provider", "x"],
                "waybill: probe: there is no provider \"x\"; known: infobip, plivo; see waybill probe --help\n"
            ),
            (
                ["demo", "--port", "0"],
                "waybill: demo: --port takes a whole number from 1 to 65535; see waybill demo --help\n"
            ),
        ] as [([String], String)])
    func usage(words: [String], line: String) throws {
        let result = try Executable.run(words)
        #expect(result.exit == .status(64))
        #expect(result.errors == line)
        #expect(result.output.isEmpty)
    }

    @Test(
        "Every command has its help",
        arguments: ["serve", "migrate", "check", "key", "send", "message", "probe", "demo"])
    func help(command: String) throws {
        let result = try Executable.run([command, "--help"])
        #expect(result.exit == .status(0))
        #expect(result.output.hasPrefix("usage: waybill \(command)"))
        #expect(result.errors.isEmpty)
        #expect(try Executable.run(["--help"]).output.contains("\n  \(command) "))
        #expect(try Executable.run([command, "-h"]).output == result.output)
        #expect(try Executable.run(["-h"]).output == Executable.run(["--help"]).output)
    }

    @Test("The help of serve names its exit statuses")
    func exitStatuses() throws {
        let help = try Executable.run(["serve", "--help"]).output
        #expect(help.contains("Exit status 0 after a clean stop, 1 if it failed"))
        #expect(help.contains("78 if the configuration has problems"))
    }

    @Test("The version is told")
    func version() throws {
        #expect(try Executable.run(["--version"]).output == "waybill \(Version.current)\n")
    }

    @Test("A configuration with problems exits 78 and lists them", arguments: ["check", "serve"])
    func badConfiguration(command: String) throws {
        let result = try Executable.run(
            [command], environment: ["LOG_LEVEL": "loud", "PLIVO_AUTH_TOKEN": "hunter2"])
        #expect(result.exit == .status(78))
        #expect(
            result.errors == """
                waybill: the configuration has 3 problem(s):
                  DATABASE_URL: is not set; set it to a connection string such as postgresql://…
                  APP_BASE_URL: is not set; Plivo signs the public URL that it calls, such as https://sms.example.com
                  LOG_LEVEL: takes one of debug, info, warning, error

                """)
    }

    @Test("A check tries the database although another setting is wrong, and lists both")
    func checkOfEverything() throws {
        let port = try FreePort.next()
        let result = try Executable.run(
            ["check"],
            environment: [
                "DATABASE_URL": "postgresql://waybill:hunter2@127.0.0.1:\(port)/waybill",
                "INFOBIP_WEBHOOK_SECRET": "hunter2", "LOG_LEVEL": "loud",
            ])
        #expect(result.exit == .status(78))
        #expect(
            result.errors == """
                waybill: the configuration has 2 problem(s):
                  LOG_LEVEL: takes one of debug, info, warning, error
                  DATABASE_URL: The database cannot be used: database: connection.

                """)
        #expect(result.output.isEmpty)
    }

    @Test("A check of a database that is away prints the configuration, says so, and exits 1")
    func checkWithoutDatabase() throws {
        let port = try FreePort.next()
        let result = try Executable.run(
            ["check"],
            environment: [
                "DATABASE_URL": "postgresql://waybill:hunter2@127.0.0.1:\(port)/waybill",
                "INFOBIP_WEBHOOK_SECRET": "hunter2",
            ])
        #expect(result.exit == .status(1))
        #expect(result.output.contains("infobip header: X-Webhook-Secret, 1 secret(s)\n"))
        #expect(result.errors.hasPrefix("waybill: check: "))
        #expect(!(result.output + result.errors).contains("hunter2"))
    }
}
