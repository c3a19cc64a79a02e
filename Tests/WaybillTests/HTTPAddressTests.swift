import TestSupport
import Testing

@testable import waybill

@Suite("Addresses in settings", .blocking)
struct HTTPAddressTests {
    @Test(
        "Addresses that callbacks' paths can be put behind",
        arguments: [
            "https://sms.example.com", "https://sms.example.com/", "https://sms.example.com:8443",
            "https://sms.example.com/behind/a/prefix", "https://xn--bcher-kva.example",
            "https://192.0.2.7:1", "https://[2001:db8::7]:65535", "http://localhost:3000",
            "https://a_b.example", "https://EXAMPLE.com",
        ])
    func sound(text: String) {
        #expect(HTTPAddress.problem(of: text) == nil)
        #expect(HTTPAddress.shown(text) == text)
    }

    @Test(
        "Each other text is a problem, with its reason",
        arguments: [
            ("https://host:99999", "port"), ("https://host:0", "port"), ("https://host:", "port"),
            ("https://host:80x", "port"), ("https://host:-1", "port"),
            ("http://", "no host"), ("https://", "no host"), ("https:///path", "no host"),
            ("https://:8443", "no host"), ("sms.example.com", "no scheme"), ("", "no scheme"),
            ("ftp://host", "another scheme"), ("HTTPS://host", "another scheme"),
            ("https://b\u{fc}cher.example", "beyond ASCII"), ("https://\u{4f8b}.jp", "xn--"),
            ("https://user@host", "user or a password"), ("https://u:p@host", "user or a password"),
            ("https://u:p/w@host", "user or a password"), ("https://@host", "user or a password"),
            ("https://host?q", "query"), ("https://host/#f", "fragment"),
            ("https://ho st", "blank"), ("https://host\u{7}", "control character"),
            ("https://a..b", "no host's name"), ("https://-a.example", "no host's name"),
            ("https://a%2eb", "no host's name"), ("https://host.", "no host's name"),
            ("https://1.2.3.4.5", "no IPv4"), ("https://1.2.3.999", "no IPv4"),
            ("https://[::1", "no IPv6"), ("https://[fe80::1%25eth0]", "no IPv6"),
            ("https://[::1]x", "no IPv6"), ("https://host/\u{e9}", "percent-encoded"),
            ("https://host/a\\b", "percent-encoded"),
        ])
    func unsound(text: String, reason: String) {
        #expect(HTTPAddress.problem(of: text)?.contains(reason) == true)
    }

    @Test(
        "What is shown of an address has no user, no password and no value of a query",
        arguments: [
            ("https://user:hunter2@host/p", "https://\u{2026}@host/p"),
            ("https://hunter2@host", "https://\u{2026}@host"),
            ("https://u:a/hunter2@host", "https://\u{2026}@host"),
            ("https://u:a?hunter2@host", "https://\u{2026}@host"),
            ("https://u:a@hunter2@host", "https://\u{2026}@host"),
            ("https://user:hunter2", "https://user:\u{2026}"),
            ("user:hunter2@host", "\u{2026}@host"), ("//u:hunter2@host", "\u{2026}@host"),
            ("u:hunter2@https://host", "\u{2026}"),
            ("https://host/?token=hunter2&x=hunter2", "https://host/?token=\u{2026}"),
            ("https://host:99999", "https://host:99999"), ("https://x/?q", "https://x/?q"),
        ])
    func shown(text: String, expected: String) {
        #expect(HTTPAddress.shown(text) == expected)
    }

    /// Every setting and option that takes an address, with what else makes it be read.
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

    @Test("No setting shows a password that stands inside its address", arguments: 0..<3)
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
                try CheckCommand.configurations(environment, .all)
            }
            #expect(error?.description.contains("\(name): ") == true, "\(url)")
            #expect(error?.description.contains("hunter2") == false, "\(url)")
        }
    }

    @Test("Plain http is for this machine alone, whoever is called")
    func plain() {
        func problems(_ url: String) -> [String] {
            var environment = Environment(["APP_BASE_URL": url])
            _ = environment.publicAddresses()
            return environment.problems
        }
        #expect(problems("http://localhost:8080").isEmpty)
        #expect(problems("http://127.0.0.1").isEmpty)
        #expect(problems("http://[::1]:1").isEmpty)
        #expect(problems("http://sms.example.com").first?.contains("is not https") == true)
        #expect(problems("http://127.0.0.1.example.com").first?.contains("is not https") == true)
        #expect(problems("https://host:99999").first?.contains("65535") == true)
    }

    @Test(
        "A password that libpq would cut in two is told and never shown",
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
