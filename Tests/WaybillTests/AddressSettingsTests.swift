import Settings
import TestSupport
import Testing

@testable import waybill

@Suite("Addresses and secrets in settings", .blocking)
struct AddressSettingsTests {
    /// Every setting and option that takes an address, with the others that make it be read.
    private static let settings: [(name: String, others: [String: String])] = [
        ("APP_BASE_URL", ["PLIVO_AUTH_TOKEN": "t", "PLIVO_AUTH_ID": "MA1"]),
        ("INFOBIP_BASE_URL", ["INFOBIP_API_KEY": "k"]),
        (
            "PLIVO_BASE_URL",
            [
                "PLIVO_AUTH_TOKEN": "t", "PLIVO_AUTH_ID": "MA1",
                "APP_BASE_URL": "https://a.example",
            ]
        ),
    ]

    @Test("No setting shows a password that is part of its address", arguments: 0..<3)
    func noPasswordShows(index: Int) throws {
        let (name, others) = Self.settings[index]
        for url in [
            "https://u:hunter2@sms.example.com", "https://hunter2@sms.example.com",
            "https://u:hunter2@[broken", "u:hunter2@sms.example.com",
            "http://u:hunter2@sms.example.com", "https://u:hunter2@host:99999",
            "https://u:pa/hunter2@sms.example.com",
        ] {
            let environment = Environment(
                others.merging([
                    name: url, "INFOBIP_WEBHOOK_SECRET": "s",
                    "DATABASE_URL": "postgresql://w@127.0.0.1:1/w",
                ]) { $1 })
            let error = #expect(throws: ConfigurationError.self) {
                try ConfigurationCheck(environment, .all).configurations()
            }
            #expect(error?.description.contains("\(name): ") == true, "\(url)")
            #expect(error?.description.contains("hunter2") == false, "\(url)")
        }
    }

    @Test("Plain http is only for this machine")
    func plain() {
        func problems(_ url: String) -> [String] {
            var environment = Environment(["APP_BASE_URL": url])
            _ = environment.publicAddresses()
            return environment.problems.map(\.text)
        }
        #expect(problems("http://localhost:8080").isEmpty)
        #expect(problems("http://127.0.0.1").isEmpty)
        #expect(problems("http://[::1]:1").isEmpty)
        #expect(problems("http://sms.example.com").first?.contains("is not https") == true)
        #expect(problems("http://127.0.0.1.example.com").first?.contains("is not https") == true)
        #expect(problems("https://host:99999").first?.contains("65535") == true)
    }

    @Test(
        "A password that libpq would split is reported and never shown",
        arguments: [
            "postgresql://u:p@hunter2@db/w", "postgresql://u:p/hunter2@db/w",
            "postgres://u:a@b/hunter2@db/w",
        ])
    func splitPassword(url: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(Environment(["DATABASE_URL": url, "INFOBIP_WEBHOOK_SECRET": "s"]))
        }
        #expect(error?.description.contains("write %40 and %2F") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(
        "Every form of libpq's connection strings is shown without its password",
        arguments: [
            "postgresql://u:hunter2@db/w", "postgresql://u@db/w?password=hunter2",
            "postgresql://db/w?user=u&password=hunter2", "host=db password=hunter2",
            "host=db password = 'hunter2'", "postgresql://u:%68unter2@a,b:5433/w",
            "dbname=postgresql://u:hunter2@db/w", "dbname='host=db password=hunter2'",
            "host=u:hunter2@db", "postgresql://u%3Ahunter2@db/w", "host=db sslpassword=hunter2",
            "postgresql://u:a?hunter2@db/w",
        ])
    func databaseForms(url: String) throws {
        let configuration = try Configuration(
            Environment(["DATABASE_URL": url, "INFOBIP_WEBHOOK_SECRET": "s"]))
        let shown = configuration.summary.map(\.value).joined() + "\(configuration)"
        #expect(!shown.contains("hunter2"))
        #expect(shown.contains("<redacted>"))
    }
}
