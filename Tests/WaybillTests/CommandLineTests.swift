import Foundation
import Settings
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
            (
                ["key"],
                "waybill: key: create, list, rotate or revoke is missing; see waybill key --help\n"
            ),
            (
                ["key", "make"],
                "waybill: key: there is no \"make\" here; known: create, list, rotate, revoke; see waybill key --help\n"
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
            (["key", "rotate"], "waybill: key: --name is missing; see waybill key --help\n"),
            (
                ["key", "rotate", "--name", "n", "--overlap", "24"],
                "waybill: key: --overlap takes a number of seconds, minutes, hours or days, as in 90s, 30m, 24h or 7d; up to 30d; see waybill key --help\n"
            ),
            (
                ["key", "rotate", "--name", "n", "--overlap", "31d"],
                "waybill: key: --overlap takes a number of seconds, minutes, hours or days, as in 90s, 30m, 24h or 7d; up to 30d; see waybill key --help\n"
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
                ["send", "--to", "1", "--text", "a", "--validity", "soon"],
                "waybill: send: --validity takes a whole number of minutes from 1 to 2880; see waybill send --help\n"
            ),
            (
                ["simulate", "--behavior", "nobody-knows"],
                "waybill: simulate: --behavior takes one of delivered, undeliverable, absent, expired, rejected, opted_out, out_of_credit, spam, stuck, final_status_unknown, refused, bad_request, unauthorized, forbidden, too_many, server_error, unavailable, no_credit, closed_after, timeout_after, timeout_before, closed_before, slow, half_bad, duplicated, reordered, early, lost, forgotten, burst, late, parts; see waybill simulate --help\n"
            ),
            (
                ["simulate", "--report-delay-ms", "x"],
                "waybill: simulate: --report-delay-ms takes a whole number from 0 to 600000; see waybill simulate --help\n"
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
        "What is not UTF-8 is refused with its place, and nothing is done with it",
        arguments: [
            ("send --to +41791234567 --text $'caf\\xe9'", "the value of --text", 4, "E9"),
            ("send --to +41791234567 --text=$'caf\\xc3'", "the value of --text", 4, "C3"),
            ("send --to $'\\xff1' --text a", "the value of --to", 1, "FF"),
            ("send --text a --from $'a\\xed\\xa0\\x80'", "the value of --from", 2, "ED"),
            ("message $'\\xc0\\x80'", "argument 2", 1, "C0"),
            ("key create --scope read --name $'n\\x80'", "the value of --name", 2, "80"),
            ("key revoke $'n\\x80'", "argument 3", 2, "80"),
            ("probe --key-file $'/k\\xe9y'", "the value of --key-file", 3, "E9"),
            ("probe --url $'https://\\xe9'", "the value of --url", 9, "E9"),
            ("migrate --directory $'\\xe9'", "the value of --directory", 1, "E9"),
            ("demo --directory $'\\xe9'", "the value of --directory", 1, "E9"),
            ("simulate --relay $'\\xe9'", "the value of --relay", 1, "E9"),
            ("check $'--\\xe9'", "argument 2", 3, "E9"), ("$'\\xe9'", "the command", 1, "E9"),
        ])
    func notUTF8(words: String, subject: String, place: Int, byte: String) throws {
        let process = try ChildProcess(
            "/bin/bash", ["-c", "exec \(Executable.path) \(words)"],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(try process.waitForExit() == .status(64))
        #expect(
            process.errors
                == "waybill: \(subject) is not UTF-8: its byte \(place) is 0x\(byte); see waybill --help\n"
        )
        #expect(process.output.isEmpty)
    }

    @Test(
        "A setting that is not UTF-8 is a problem of the configuration, and so is its file",
        arguments: [
            ("INFOBIP_WEBHOOK_SECRET", "INFOBIP_WEBHOOK_SECRET"),
            ("DATABASE_URL", "DATABASE_URL"), ("LOG_LEVEL_FILE", "LOG_LEVEL_FILE"),
        ])
    func settingNotUTF8(name: String, named: String) throws {
        let process = try ChildProcess(
            "/bin/bash", ["-c", "export \(name)=$'caf\\xe9'; exec \(Executable.path) check"],
            environment: ["PATH": "/usr/bin:/bin", "INFOBIP_WEBHOOK_PASSWORD": "p"])
        #expect(try process.waitForExit() == .status(78))
        #expect(
            process.errors.contains(
                "  \(named): is not UTF-8: byte 4 of its value belongs to no character\n"),
            "\(process.errors)")
        #expect(!process.errors.contains("\(named): is not set"))
    }

    @Test("The demo takes no account that is not UTF-8")
    func accountNotUTF8() throws {
        let process = try ChildProcess(
            "/bin/bash",
            [
                "-c",
                "export PLIVO_AUTH_TOKEN=$'caf\\xe9'; exec \(Executable.path) demo --no-simulator"
                    + " --directory /nowhere",
            ], environment: ["PATH": "/usr/bin:/bin"])
        #expect(try process.waitForExit() == .status(78))
        #expect(process.errors.contains("  PLIVO_AUTH_TOKEN: is not UTF-8: byte 4 of its value"))
    }

    @Test("A key may come through a pipe, and an empty file is reported as one")
    func keyFromPipe() throws {
        func run(_ file: String) throws -> String {
            let process = try ChildProcess(
                "/bin/bash",
                ["-c", "exec \(Executable.path) probe --url http://a.example --key-file \(file)"],
                environment: ["PATH": "/usr/bin:/bin", "INFOBIP_WEBHOOK_SECRET": "s"])
            #expect(try process.waitForExit() == .status(78))
            return process.errors
        }
        let key = "wb_" + String(repeating: "A", count: 43)
        #expect(try !run("<(printf \(key))").contains("--key-file"))
        #expect(try run("<(printf \(key)$'\\xe9')").contains("cannot be read as UTF-8 text"))
        #expect(try run("/dev/null").contains("  --key-file: the file /dev/null is empty\n"))
        #expect(try run("/dev/zero").contains("  --key-file: the file /dev/zero cannot be read"))
    }

    @Test("A byte order mark before a file's text is not part of it")
    func byteOrderMark() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path(of: "text")
        try Data([0xEF, 0xBB, 0xBF, 0x61]).write(to: URL(fileURLWithPath: path))
        #expect(Environment.text(ofFile: path) == "a")
        #expect(Environment.text(ofFile: folder.path(of: "none")) == nil)
        #expect(Environment.text(ofFile: folder.path) == nil)
    }

    @Test("A file whose text is not UTF-8 is a problem, and is not half read")
    func fileNotUTF8() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path(of: "key")
        try Data([0x77, 0x62, 0x5F, 0xE9]).write(to: URL(fileURLWithPath: path))
        let result = try Executable.run(
            ["probe", "--url", "https://sms.example.com", "--key-file", path],
            environment: ["INFOBIP_WEBHOOK_SECRET": "s"])
        #expect(result.exit == .status(78))
        #expect(
            result.errors.contains("  --key-file: the file \(path) cannot be read as UTF-8 text\n"))
    }

    @Test(
        "Every command has its help",
        arguments: [
            "serve", "dispatch", "migrate", "check", "settings", "key", "send", "message", "probe",
            "simulate", "demo",
        ])
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

    @Test("The version is printed")
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
