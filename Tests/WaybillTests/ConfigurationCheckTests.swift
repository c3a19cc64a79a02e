import Domain
import Foundation
import JSON
import Settings
import TestSupport
import Testing

@testable import waybill

/// The documents of `waybill check --json` are kept in `Tests/Fixtures/check`. To write them again:
/// `WAYBILL_RECORD=1 swift test --filter ConfigurationCheckTests`.
@Suite("waybill check --json", .blocking)
struct ConfigurationCheckTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/check")

    private static let database = ["DATABASE_URL": "postgresql://waybill:hunter2@db/waybill"]
    private static let infobip = [
        "INFOBIP_WEBHOOK_USER": "infobip", "INFOBIP_WEBHOOK_PASSWORD": "hunter2-new,hunter2-old",
    ]
    private static let both = [
        "APP_BASE_URL": "https://sms.example.com", "INFOBIP_WEBHOOK_SECRET": "hunter2",
        "INFOBIP_WEBHOOK_URL_SECRET": "hunter2-hunter2-hunter2", "INFOBIP_API_KEY": "hunter2",
        "INFOBIP_BASE_URL": "xxxxx.api.infobip.com", "PLIVO_AUTH_ID": "MA1",
        "PLIVO_AUTH_TOKEN_FILE": "/token", "PLIVO_SENDER": "12025550123", "PLIVO_RATE": "none",
        "WAYBILL_ROUTES": "+44=plivo", "WAYBILL_POOL_SIZE": "8", "LOG_LEVEL": "WARN",
    ]
    /// Secrets in the wrong places, halves of pairs, values beyond their bounds.
    private static let broken = [
        "DATABASE_URL": "postgresql://waybill:hunter2/x@db/waybill",
        "INFOBIP_WEBHOOK_USER": "hunter2:x",
        "INFOBIP_WEBHOOK_PASSWORD_FILE": "/gone", "INFOBIP_HMAC_ALGORITHM": "hunter2",
        "INFOBIP_API_KEY": "hunter2", "APP_BASE_URL": "https://user:hunter2@sms.example.com",
        "PLIVO_AUTH_ID": "MA1", "PLIVO_AUTH_TOKEN": "a,hunter2-hunter2", "LOG_LEVEL": "hunter2",
        "PLIVO_BASE_URL": "http://hunter2@api.plivo.com", "WAYBILL_POOL_SIZE": "0",
        "WAYBILL_DRAIN_SECONDS": "hunter2", "WAYBILL_SOCKET_DIRECTORY": "/a",
        "WAYBILL_SOCKET_DIRECTORY_FILE": "/token", "WAYBILL_FAILOVER": "hunter2",
    ]

    private static let environments: [String: [String: String]] = [
        "nothing": [:],
        "infobip": database.merging(infobip) { $1 },
        "plivo": database.merging(
            ["PLIVO_AUTH_TOKEN": "hunter2", "APP_BASE_URL": "https://a.example,https://b.example"]
        ) { $1 },
        "sending": database.merging(
            ["INFOBIP_API_KEY": "hunter2", "INFOBIP_BASE_URL": "http://127.0.0.1:8080"]) { $1 },
        "both": database.merging(both) { $1 },
        "broken": broken,
    ]

    private static func document(_ name: String) throws -> String {
        let environment = Environment(try #require(environments[name])) { path in
            path == "/token" ? "hunter2-token\n" : nil
        }
        let service: ConfigurationCheck.Service? = name == "broken" ? .all : nil
        return ConfigurationCheck(environment, service).document(database: nil) + "\n"
    }

    @Test("The document is what it was", arguments: environments.keys.sorted())
    func golden(name: String) throws {
        let file = Self.folder.appendingPathComponent("\(name).json")
        let document = try Self.document(name)
        if ProcessInfo.processInfo.environment["WAYBILL_RECORD"] != nil {
            try Data(document.utf8).write(to: file)
            Issue.record("\(file.path) is written; look at what changed in it")
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        for (line, old) in zip(document.split(separator: "\n"), expected.split(separator: "\n"))
        where line != old {
            Issue.record("\(name): \(line) instead of \(old)")
        }
        #expect(document.count == expected.count)
    }

    @Test("No document has any part of a secret", arguments: environments.keys.sorted())
    func noSecret(name: String) throws {
        let isClean = try !Self.document(name).contains("hunter2")
        #expect(isClean)
    }

    @Test("The document is JSON, and has each setting of each service once, in the table's order")
    func settings() throws {
        let document = try JSONValue(strict: Array(Self.document("both").utf8))
        let services = document["services"]?.elements ?? []
        #expect(services.map { $0["service"]?.text } == ["serve", "dispatch"])
        for (service, reader) in zip(services, [Setting.Reader.serve, .dispatch]) {
            let names = service["settings"]?.elements.map { $0["name"]?.text }
            #expect(names == WaybillSettings.table.settings(readBy: reader).map(\.name))
            #expect(service["problems"]?.elements.isEmpty == true)
        }
        #expect(document["database"] == nil)
    }

    @Test("The command prints the document, tries the database, and exits as without --json")
    func command() throws {
        let port = try FreePort.next()
        var variables = Self.infobip
        variables["DATABASE_URL"] = "postgresql://waybill:hunter2@127.0.0.1:\(port)/waybill"
        let away = try Executable.run(["check", "--json"], environment: variables)
        #expect(away.exit == .status(1))
        #expect(away.errors.isEmpty)
        #expect(
            away.output.hasSuffix(
                """
                  "database": {
                    "usable": false,
                    "migration": null,
                    "problem": "The database cannot be used: database: connection."
                  }
                }

                """), "\(away.output)")
        #expect(away.output.contains(#"{"name":"LOG_LEVEL","set":false,"source":"default","#))

        let nothing = try Executable.run(["check", "--json"])
        #expect(nothing.exit == .status(78))
        #expect(nothing.errors.isEmpty)
        #expect(try nothing.output == Self.document("nothing"))
    }
}
