import Domain
import Providers
import Security
import Settings
import TestSupport
import Testing

@testable import waybill

@Suite("Configuration of sending", .blocking)
struct SendingConfigurationTests {
    private let database = ["DATABASE_URL": "postgresql://waybill@db/waybill"]
    private let infobip = ["INFOBIP_API_KEY": "key", "INFOBIP_BASE_URL": "abc.api.infobip.com"]
    private let plivo = [
        "PLIVO_AUTH_ID": "MA1", "PLIVO_AUTH_TOKEN": "token-01,token-02",
        "APP_BASE_URL": "https://sms.example.com/",
    ]

    private func configuration(
        _ settings: [String: String]...
    ) throws(ConfigurationError) -> SendingConfiguration {
        let all = settings.reduce(database) { $0.merging($1) { $1 } }
        return try SendingConfiguration(Environment(all) { _ in nil })
    }

    /// The summary, or the problems.
    private func read(_ settings: [String: String]...) -> String {
        do {
            let all = settings.reduce(database) { $0.merging($1) { $1 } }
            return try SendingConfiguration(Environment(all) { _ in nil }).summary
                .map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    @Test("A key and an address: Infobip sends, everything else is a default")
    func smallest() throws {
        #expect(
            read(infobip) == """
                sending by infobip: https://abc.api.infobip.com, v3
                infobip reports to: the account's subscriptions
                infobip limits: no rate, 4 request(s) of up to 500, asked after 3600, 43200, 144000 s
                sending by plivo: off
                attempts: 10, 30.0 seconds each, failover after 10.0 seconds
                """)
        #expect(try configuration(infobip).lanes.count == 1)
        #expect(try configuration(infobip).infobip?.callbackURL == nil)
    }

    @Test("Every setting at once")
    func everything() throws {
        let text = read(
            infobip, plivo,
            [
                "INFOBIP_API_VERSION": "v2", "INFOBIP_BASE_URL": "http://127.0.0.1:8080/",
                "PLIVO_BASE_URL": "http://localhost:8081", "PLIVO_SENDER": "+41790000000",
                "PLIVO_POWERPACK_UUID": "p", "PLIVO_SETTLE_SECONDS": "5", "INFOBIP_RATE": "0.5",
                "PLIVO_RATE": "none", "INFOBIP_CONCURRENCY": "16", "PLIVO_CONCURRENCY": "2",
                "INFOBIP_BATCH_LIMIT": "1000", "PLIVO_BATCH_LIMIT": "1",
                "WAYBILL_SEND_TIMEOUT_SECONDS": "7", "WAYBILL_SEND_MAX_ATTEMPTS": "3",
                "WAYBILL_FAILOVER": "false", "WAYBILL_SLOW_SECONDS": "2",
                "WAYBILL_RECONCILE_SECONDS": "2,5",
                "INFOBIP_WEBHOOK_URL_SECRET": "secret-that-nobody-sees",
            ])
        #expect(
            text == """
                sending by infobip: http://127.0.0.1:8080, v2
                infobip reports to: https://sms.example.com/callbacks/infobip, with a secret
                infobip limits: 0.5 messages a second, 16 request(s) of up to 1000, asked after 2, 5 s
                sending by plivo: http://localhost:8081
                plivo sender unless named: a powerpack
                plivo limits: no rate, 2 request(s) of up to 1, asked after 2, 5 s
                attempts: 3, 7.0 seconds each, failover off
                """)
    }

    @Test("The callbacks' URLs follow from the public address, Infobip's with its token")
    func callbacks() throws {
        let both = try configuration(
            infobip, plivo, ["INFOBIP_WEBHOOK_URL_SECRET": "first-secret-of-16,second"])
        #expect(
            both.infobip?.callbackURL
                == "https://sms.example.com/callbacks/infobip?token=first-secret-of-16")
        // A URL without a secret would replace the account's subscription, whose credentials are
        // the only other authentication.
        #expect(both.plivo?.callbackBaseURL == "https://sms.example.com/")
        #expect(both.plivo?.authToken.matches(Array("token-01".utf8)) == true)
        #expect(
            try configuration(infobip, ["APP_BASE_URL": "https://a.example"]).infobip?.callbackURL
                == nil)
    }

    @Test(
        "Half of a provider's settings is a problem",
        arguments: [
            ([:], "INFOBIP_API_KEY: no provider can be sent through"),
            (["INFOBIP_API_KEY": "k"], "INFOBIP_BASE_URL: is not set, but INFOBIP_API_KEY is"),
            (["INFOBIP_BASE_URL": "a.b"], "INFOBIP_API_KEY: is not set, but INFOBIP_BASE_URL is"),
            (["PLIVO_AUTH_ID": "MA1"], "PLIVO_AUTH_TOKEN: is not set, but PLIVO_AUTH_ID is"),
            (["PLIVO_SENDER": "x"], "PLIVO_AUTH_ID: is not set, but PLIVO_SENDER is"),
            (["PLIVO_AUTH_ID": "MA1", "PLIVO_AUTH_TOKEN": "t"], "APP_BASE_URL: is not set; Plivo"),
        ])
    func halves(settings: [String: String], problem: String) {
        let text = read(settings)
        #expect(text.contains("has 1 problem(s)"), "\(text)")
        #expect(text.contains(problem), "\(text)")
    }

    @Test("A token alone is only for receiving")
    func receivingOnly() {
        #expect(
            read(["PLIVO_AUTH_TOKEN": "t", "APP_BASE_URL": "https://a.example"])
                .contains("no provider can be sent through"))
    }

    @Test("Every bad value is reported, and the key is never sent unencrypted")
    func badValues() {
        let text = read(
            plivo,
            [
                "INFOBIP_API_KEY": "k", "INFOBIP_BASE_URL": "http://abc.api.infobip.com",
                "PLIVO_BASE_URL": "ftp://x", "INFOBIP_API_VERSION": "v4", "INFOBIP_RATE": "-1",
                "PLIVO_RATE": "fast", "PLIVO_CONCURRENCY": "0", "INFOBIP_BATCH_LIMIT": "1001",
                "WAYBILL_RECONCILE_SECONDS": "10,soon", "WAYBILL_FAILOVER": "perhaps",
                "WAYBILL_ROUTES": "44=plivo,+1=twilio,+41=plivo,+41=infobip",
                "WAYBILL_DEFAULT_PROVIDER": "twilio",
            ])
        for problem in [
            "INFOBIP_BASE_URL: takes https", "PLIVO_BASE_URL: \"ftp://x\" is not of the form",
            "INFOBIP_API_VERSION: takes one of v2, v3", "INFOBIP_RATE: takes messages a second",
            "PLIVO_RATE: takes messages a second", "PLIVO_CONCURRENCY: takes a whole number",
            "INFOBIP_BATCH_LIMIT: takes a whole number",
            "WAYBILL_RECONCILE_SECONDS: takes whole numbers", "WAYBILL_FAILOVER: takes true",
            "WAYBILL_ROUTES: \"44=plivo\" is not", "WAYBILL_ROUTES: \"+1=twilio\" is not",
            "WAYBILL_ROUTES: has two rules for +41", "WAYBILL_DEFAULT_PROVIDER: takes one of",
        ] {
            #expect(text.contains(problem), "\(problem) in \(text)")
        }
        #expect(text.contains("has 13 problem(s)"), "\(text)")
    }

    @Test("Routes go by the longest prefix, then the default")
    func routes() throws {
        var environment = Environment(
            ["WAYBILL_ROUTES": "+4=plivo, +41=infobip", "WAYBILL_DEFAULT_PROVIDER": "plivo"])
        let routing = environment.routing()
        #expect(environment.problems.isEmpty)
        #expect(routing.provider(for: try PhoneNumber("+41790000000")) == .infobip)
        #expect(routing.provider(for: try PhoneNumber("+44790000000")) == .plivo)
        #expect(routing.provider(for: try PhoneNumber("+12025550123")) == .plivo)
    }

    @Test("Without a default it is Infobip, unless only Plivo is configured")
    func defaultProvider() {
        func fallback(_ settings: [String: String]) -> Provider {
            var environment = Environment(settings)
            return environment.routing().fallback
        }
        #expect(fallback([:]) == .infobip)
        #expect(fallback(["PLIVO_AUTH_TOKEN": "t"]) == .plivo)
        #expect(fallback(["PLIVO_AUTH_TOKEN": "t", "INFOBIP_API_KEY": "k"]) == .infobip)
        #expect(fallback(["PLIVO_AUTH_TOKEN": "t", "INFOBIP_HMAC_SECRET": "k"]) == .infobip)
    }

    /// The files of README.md's production steps: one for both services, and the credentials that
    /// each unit passes on.
    private static let shared = [
        "APP_BASE_URL": "https://sms.example.com", "INFOBIP_WEBHOOK_USER": "infobip",
        "INFOBIP_BASE_URL": "xxxxx.api.infobip.com", "PLIVO_AUTH_ID": "MAXXXXXXXXXXXXXXXXXX",
        "PLIVO_SENDER": "12025550123", "DATABASE_URL": "postgresql://waybill@127.0.0.1:1/waybill",
    ]
    private static let ofServe = [
        "INFOBIP_WEBHOOK_PASSWORD": "a long random password", "PLIVO_AUTH_TOKEN": "the token",
    ]
    private static let ofDispatch = ["INFOBIP_API_KEY": "a key", "PLIVO_AUTH_TOKEN": "the token"]

    @Test("Both services start with one file of settings and the secrets of their own")
    func sharedFile() throws {
        let serve = Environment(Self.shared.merging(Self.ofServe) { $1 }) { _ in nil }
        let dispatch = Environment(Self.shared.merging(Self.ofDispatch) { $1 }) { _ in nil }
        _ = try Configuration(serve)
        #expect(try SendingConfiguration(dispatch).lanes.count == 2)
        // The check says the same, asked for the service, and unasked with what is there.
        _ = try ConfigurationCheck(serve, .serve).configurations()
        _ = try ConfigurationCheck(dispatch, .dispatch).configurations()
        let (serving, sending) = try ConfigurationCheck(serve).configurations()
        #expect(serving != nil)
        #expect(sending?.lanes.count == 1)
        let all = Environment(
            Self.shared.merging(Self.ofServe) { $1 }.merging(Self.ofDispatch) { $1 }
        ) { _ in nil }
        let (both, lanes) = try ConfigurationCheck(all, .all).configurations()
        #expect(both != nil && lanes?.lanes.count == 2)
    }

    @Test("With --service, the check is as strict as that service")
    func strictCheck() {
        let serve = Environment(Self.shared.merging(Self.ofServe) { $1 }) { _ in nil }
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationCheck(serve, .dispatch).configurations()
        }
        #expect(
            error?.description.contains(
                "  INFOBIP_API_KEY: is not set, but INFOBIP_BASE_URL is")
                == true)
        let nothing = Environment(["DATABASE_URL": "postgresql://w@127.0.0.1:1/w"])
        let missing = #expect(throws: ConfigurationError.self) {
            try ConfigurationCheck(nothing).configurations()
        }
        #expect(missing?.description.contains("no provider is configured") == true)
    }

    @Test("A machine that only sends is checked for sending alone")
    func sendingOnly() throws {
        let (serving, sending) = try ConfigurationCheck(
            Environment(database.merging(infobip) { $1 })
        ).configurations()
        #expect(serving == nil)
        #expect(sending?.lanes.count == 1)
    }

    @Test("A request may not last until the dispatcher counts as stuck", arguments: [0, 41, 120])
    func sendTimeout(seconds: Int) {
        #expect(
            read(infobip, ["WAYBILL_SEND_TIMEOUT_SECONDS": "\(seconds)"]).contains(
                "WAYBILL_SEND_TIMEOUT_SECONDS: takes a whole number from 1 to 40"))
    }

    @Test("The check reports problems of sending only if sending is configured")
    func checking() throws {
        let receiving = database.merging(["INFOBIP_WEBHOOK_SECRET": "s"]) { $1 }
        let (_, none) = try ConfigurationCheck(Environment(receiving)).configurations()
        #expect(none == nil)
        let (_, some) = try ConfigurationCheck(
            Environment(receiving.merging(infobip) { $1 })
        ).configurations()
        #expect(some != nil)
        do {
            _ = try ConfigurationCheck(
                Environment(
                    receiving.merging(["INFOBIP_API_KEY": "k", "LOG_LEVEL": "loud"]) { $1 })
            ).configurations()
            Issue.record("two problems were not told")
        } catch {
            let problems = error.problems
            #expect(problems.count { $0.setting == "LOG_LEVEL" } == 1, "\(error)")
            #expect(problems.count { $0.setting == "INFOBIP_BASE_URL" } == 1, "\(error)")
        }
    }
}
