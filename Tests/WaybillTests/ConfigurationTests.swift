import Foundation
import Settings
import Testing

import TestSupport
@testable import waybill

@Suite("Configuration", .blocking)
struct ConfigurationTests {
    /// The result of reading an environment: the summary, or the problems.
    private func read(
        _ variables: [String: String], files: [String: String] = [:]
    ) -> String {
        do {
            let configuration = try Configuration(Environment(variables) { files[$0] })
            return configuration.summary.filter { $0.name != "DATABASE_URL" }
                .map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    private let database = ["DATABASE_URL": "postgresql://waybill@db/waybill"]

    @Test("One Infobip password: everything else is a default")
    func smallest() {
        let text = read(
            database.merging(
                ["INFOBIP_WEBHOOK_USER": "u", "INFOBIP_WEBHOOK_PASSWORD": "p"]) { $1 })
        #expect(
            text == """
                infobip basic: 1 pair(s)
                infobip header: X-Webhook-Secret, 0 secret(s)
                infobip hmac: X-Hub-Signature, 0 secret(s)
                infobip url: 0 secret(s)
                plivo: off
                routing: infobip
                single sign-on: off
                sessions: end after 1800.0 seconds without activity, after 43200.0 seconds in any case; codes demanded of nobody
                sockets: /run/waybill
                log level: info
                workers: 2 for callbacks, 4 for the API
                bounds: 1024 connections and 1024 requests a socket, 20000 queued reports
                database connections: 2 for the writer, 4 for the API
                deadlines: commit 4.0 seconds, drain 25.0 seconds
                callbacks kept: 90 days
                messages kept: for good
                audit kept: 400 days
                messages from people kept: 400 days
                answers to people: STOP off, HELP off
                """)
    }

    @Test("Every setting at once")
    func everything() {
        let text = read([
            "DATABASE_URL": "host=db user=waybill",
            "APP_BASE_URL": "https://a.example/,https://b.example:8443",
            "INFOBIP_WEBHOOK_USER": "u", "INFOBIP_WEBHOOK_PASSWORD": "password1,password2",
            "INFOBIP_WEBHOOK_HEADER": "X-Mine",
            "INFOBIP_WEBHOOK_HEADER_SECRET": "header-1\nheader-2\n",
            "INFOBIP_HMAC_HEADER": "X-Infobip-Signature", "INFOBIP_HMAC_SECRET": "m1",
            "INFOBIP_HMAC_ALGORITHM": "SHA512", "PLIVO_AUTH_ID": "MA1",
            "PLIVO_AUTH_TOKEN": "token-01,token-02,token-03", "PLIVO_ALLOW_SIGNATURE_V2": "true",
            "LOG_LEVEL": "warn", "WAYBILL_SOCKET_DIRECTORY": "/tmp/s",
            "WAYBILL_SOCKET_GROUP": "www-data", "WAYBILL_CALLBACK_WORKERS": "3",
            "WAYBILL_API_WORKERS": "5", "WAYBILL_MAX_CONNECTIONS": "100",
            "WAYBILL_MAX_IN_FLIGHT": "200", "WAYBILL_WRITER_QUEUE_REPORTS": "1000",
            "WAYBILL_WRITER_CONNECTIONS": "3", "WAYBILL_COMMIT_DEADLINE_MS": "1500",
            "WAYBILL_POOL_SIZE": "6", "WAYBILL_DRAIN_SECONDS": "7",
            "WAYBILL_CALLBACK_RETENTION_DAYS": "30", "WAYBILL_DEFAULT_PROVIDER": "plivo",
            "WAYBILL_ROUTES": "+41=plivo,+4179=infobip",
            "INFOBIP_WEBHOOK_URL_SECRET": "secret-of-the-url,secret-of-another",
        ])
        #expect(
            text == """
                infobip basic: 2 pair(s)
                infobip header: X-Mine, 2 secret(s)
                infobip hmac: X-Infobip-Signature, 1 secret(s), sha512
                infobip url: 2 secret(s)
                plivo base URLs: https://a.example, https://b.example:8443
                plivo: 3 token(s), signature V2 allowed
                routing: plivo, +4179 infobip, +41 plivo
                single sign-on: off
                sessions: end after 1800.0 seconds without activity, after 43200.0 seconds in any case; codes demanded of nobody
                sockets: /tmp/s, group www-data
                log level: warning
                workers: 3 for callbacks, 5 for the API
                bounds: 100 connections and 200 requests a socket, 1000 queued reports
                database connections: 3 for the writer, 6 for the API
                deadlines: commit 1.5 seconds, drain 7.0 seconds
                callbacks kept: 30 days
                messages kept: for good
                audit kept: 400 days
                messages from people kept: 400 days
                answers to people: STOP off, HELP off
                """)
    }

    @Test("The guides' one secret serves the header and the HMAC, until they have their own")
    func sharedSecret() {
        let shared = database.merging(["INFOBIP_WEBHOOK_SECRET": "secret-one,secret-two"]) { $1 }
        #expect(
            read(shared).hasPrefix(
                """
                infobip basic: 0 pair(s)
                infobip header: X-Webhook-Secret, 2 secret(s)
                infobip hmac: X-Hub-Signature, 2 secret(s), sha256
                """))
        let own = shared.merging(["INFOBIP_HMAC_SECRET": "three"]) { $1 }
        #expect(read(own).contains("infobip hmac: X-Hub-Signature, 1 secret(s), sha256"))
        #expect(read(own).contains("infobip header: X-Webhook-Secret, 2 secret(s)"))
    }

    @Test("An empty environment lists the database and the providers")
    func empty() {
        #expect(
            read([:]) == """
                the configuration has 2 problem(s):
                  DATABASE_URL: is not set; set it to a connection string such as postgresql://…
                  INFOBIP_WEBHOOK_PASSWORD: no provider is configured, so every callback would be refused; set it with INFOBIP_WEBHOOK_USER, or INFOBIP_WEBHOOK_SECRET, or PLIVO_AUTH_TOKEN
                """)
    }

    @Test(
        "A commit deadline beyond the time-outs of nginx and the providers is refused",
        arguments: [("7001", true), ("60000", true), ("99", true), ("7000", false), ("100", false)])
    func commitDeadline(milliseconds: String, isRefused: Bool) {
        let text = read(["WAYBILL_COMMIT_DEADLINE_MS": milliseconds])
        #expect(text.contains("WAYBILL_COMMIT_DEADLINE_MS") == isRefused)
    }

    @Test("With a spool nobody waits for a commit for as long, unless it is set")
    func spool() {
        let infobip = database.merging(
            ["INFOBIP_WEBHOOK_USER": "u", "INFOBIP_WEBHOOK_PASSWORD": "p"]) { $1 }
        let folder = ["WAYBILL_SPOOL_DIRECTORY": "/var/lib/waybill/spool"]
        let text = read(infobip.merging(folder) { $1 })
        #expect(text.contains("deadlines: commit 1.5 seconds"))
        #expect(
            text.contains(
                "spool: /var/lib/waybill/spool, up to 1073741824 bytes, when the database is away"))
        let set = folder.merging(["WAYBILL_COMMIT_DEADLINE_MS": "3000"]) { $1 }
        #expect(read(infobip.merging(set) { $1 }).contains("deadlines: commit 3.0 seconds"))
        #expect(
            read(infobip.merging(["WAYBILL_SPOOL": "always"]) { $1 })
                .contains("WAYBILL_SPOOL: is always; set WAYBILL_SPOOL_DIRECTORY, too"))
        #expect(
            read(infobip.merging(["WAYBILL_SPOOL_DIRECTORY": "spool"]) { $1 })
                .contains("WAYBILL_SPOOL_DIRECTORY: must be an absolute path"))
    }

    @Test("Every problem is listed, none twice, in one go")
    func allProblems() {
        let text = read(
            [
                "DATABASE_URL": "postgresql://[broken", "INFOBIP_WEBHOOK_USER": "a:b,c",
                "INFOBIP_WEBHOOK_PASSWORD": "12345678,23456789,34567890",
                "INFOBIP_WEBHOOK_HEADER": "X Y",
                "INFOBIP_HMAC_ALGORITHM": "crc32", "INFOBIP_HMAC_SECRET": ", ,",
                "APP_BASE_URL": "sms.example.com,https://x/?q", "PLIVO_AUTH_ID": "MA1",
                "PLIVO_ALLOW_SIGNATURE_V2": "perhaps", "PLIVO_AUTH_TOKEN_FILE": "/gone",
                "LOG_LEVEL": "loud", "WAYBILL_POOL_SIZE": "0", "WAYBILL_DRAIN_SECONDS": "soon",
                "WAYBILL_SOCKET_DIRECTORY": "/a", "WAYBILL_SOCKET_DIRECTORY_FILE": "/b",
            ])
        let expected = [
            "DATABASE_URL: is no connection string", "INFOBIP_WEBHOOK_USER: names 2 users for 3",
            "INFOBIP_WEBHOOK_USER: contains a colon", "INFOBIP_WEBHOOK_HEADER: is not a header's",
            "INFOBIP_HMAC_ALGORITHM: takes one of md5, sha1, sha224, sha256, sha384, sha512",
            "INFOBIP_HMAC_SECRET: holds no value", "APP_BASE_URL: \"sms.example.com\" is not",
            "APP_BASE_URL: \"https://x/?q\" is not", "PLIVO_AUTH_TOKEN_FILE: the file /gone cannot",
            "PLIVO_AUTH_TOKEN: is not set, but PLIVO_AUTH_ID is",
            "PLIVO_ALLOW_SIGNATURE_V2: takes true or false",
            "LOG_LEVEL: takes one of debug, info, warning, error",
            "WAYBILL_POOL_SIZE: takes a whole number from 1 to 100",
            "WAYBILL_DRAIN_SECONDS: takes a whole number from 1 to 600",
            "WAYBILL_SOCKET_DIRECTORY: is set together with WAYBILL_SOCKET_DIRECTORY_FILE",
        ]
        for problem in expected { #expect(text.contains("  " + problem), "\(problem)") }
        let lines = text.split(separator: "\n")
        #expect(lines.count == expected.count + 1)
        #expect(lines.first == "the configuration has \(expected.count) problem(s):")
    }

    @Test(
        "Half a pair of Basic credentials is a problem",
        arguments: [
            ("INFOBIP_WEBHOOK_USER", "INFOBIP_WEBHOOK_PASSWORD"),
            ("INFOBIP_WEBHOOK_PASSWORD", "INFOBIP_WEBHOOK_USER"),
        ])
    func halfPair(given: String, missing: String) {
        #expect(
            read(database.merging([given: "x"]) { $1 }).contains(
                "\(missing): is not set, but the other half"))
    }

    @Test(
        "A commit deadline fits into the time-outs of the provider and nginx",
        arguments: [
            ("99", false), ("100", true), ("7000", true), ("7001", false), ("60000", false),
        ]
    )
    func commitDeadline(milliseconds: String, fits: Bool) {
        let text = read(
            database.merging(
                ["INFOBIP_WEBHOOK_SECRET": "s", "WAYBILL_COMMIT_DEADLINE_MS": milliseconds]) { $1 })
        #expect(
            text.contains("WAYBILL_COMMIT_DEADLINE_MS: takes a whole number from 100 to 7000")
                == !fits)
    }

    @Test(
        "A watchdog that a slow check would outlast is refused",
        arguments: [
            ("30000000", "7000", true), ("30000000", "4000", true), ("17000000", "4000", false),
            ("10000000", "100", false), ("11000000", "100", true), ("0", "4000", true),
        ])
    func watchdog(microseconds: String, deadline: String, fits: Bool) {
        let text = read(
            database.merging([
                "INFOBIP_WEBHOOK_SECRET": "s", "WAYBILL_COMMIT_DEADLINE_MS": deadline,
                "WATCHDOG_USEC": microseconds,
            ]) { $1 })
        #expect(text.contains("WATCHDOG_USEC: ") == !fits, "\(text)")
    }

    @Test("Plivo needs the public URL that it signs")
    func plivoNeedsURL() {
        #expect(
            read(database.merging(["PLIVO_AUTH_TOKEN": "t"]) { $1 }).contains(
                "APP_BASE_URL: is not set; Plivo signs the public URL"))
    }

    @Test("NAME_FILE holds the value, without the line break at its end")
    func files() {
        let text = read(
            [
                "DATABASE_URL_FILE": "/db", "PLIVO_AUTH_TOKEN_FILE": "/tokens",
                "APP_BASE_URL": "https://a.example",
            ],
            files: ["/db": "postgresql://x@y/z\n", "/tokens": "the-first\nthe-second\n\n"])
        #expect(text.contains("plivo: 2 token(s), signature V2 refused"))
    }

    @Test("A file that cannot be read, or is empty, is a problem of its own")
    func badFiles() {
        let text = read(
            ["DATABASE_URL_FILE": "/gone", "INFOBIP_WEBHOOK_SECRET_FILE": "/empty"],
            files: ["/empty": "\n\n"])
        #expect(
            text == """
                the configuration has 2 problem(s):
                  DATABASE_URL_FILE: the file /gone cannot be read as UTF-8 text
                  INFOBIP_WEBHOOK_SECRET_FILE: the file /empty is empty
                """)
    }

    @Test(
        "A list of secrets with a short part is a problem: a comma of the secret, most likely",
        arguments: [
            ("a,bcdefghijk", 1), ("bcdefghijk,sevenxx", 7), ("longenough\nshort", 5),
            ("eight-xx,a,bc", 1),
        ])
    func shortParts(text: String, characters: Int) {
        let text = read(
            database.merging(
                ["INFOBIP_WEBHOOK_USER": "u", "INFOBIP_WEBHOOK_PASSWORD": text]) { $1 })
        #expect(
            text == """
                the configuration has 1 problem(s):
                  INFOBIP_WEBHOOK_PASSWORD: has a part of \(characters) characters, and each secret of a list takes at least 8; write \\, for a comma that belongs to the secret
                """)
    }

    @Test(
        "Every list of secrets is checked",
        arguments: [
            "INFOBIP_WEBHOOK_SECRET", "INFOBIP_WEBHOOK_HEADER_SECRET", "INFOBIP_HMAC_SECRET",
            "PLIVO_AUTH_TOKEN",
        ])
    func allLists(name: String) {
        let text = read(
            database.merging([name: "a,bcdefghijk", "APP_BASE_URL": "https://a.example"]) { $1 })
        #expect(text.contains("  \(name): has a part of 1 characters"))
    }

    @Test("No secret is shown, neither with valid settings nor with problems")
    func noSecretShows() throws {
        let mark = "hunter2"
        let secrets = [
            "DATABASE_URL": "postgresql://waybill:\(mark)@db/waybill",
            "INFOBIP_WEBHOOK_USER": "u", "INFOBIP_WEBHOOK_PASSWORD": "\(mark)a",
            "INFOBIP_WEBHOOK_HEADER_SECRET": "\(mark)b", "INFOBIP_HMAC_SECRET": "\(mark)c",
            "PLIVO_AUTH_TOKEN": "\(mark)d", "APP_BASE_URL": "https://a.example",
        ]
        let configuration = try Configuration(Environment(secrets) { _ in nil })
        let summary = configuration.summary.map { "\($0)" }.joined()
        #expect(summary.contains("password=<redacted>"))
        var everything = summary + "\(configuration)" + String(reflecting: configuration)
        dump(configuration, to: &everything)
        for name in secrets.keys {
            // Each setting broken in turn, the others as they were.
            let broken = secrets.merging([name: ":\(mark)\\,\u{7}", "\(name)_FILE": "/x"]) { $1 }
            everything += read(broken)
            everything += read(secrets.merging([name: "postgresql://[\(mark)"]) { $1 })
        }
        let isClean =
            everything.replacingOccurrences(of: "APP_BASE_URL: \":hunter2", with: "")
            .replacingOccurrences(of: "APP_BASE_URL: \"postgresql://[hunter2", with: "")
            .contains(mark) == false
        #expect(isClean)
    }
}
