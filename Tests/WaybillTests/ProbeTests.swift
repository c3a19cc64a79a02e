import Demo
import Domain
import Foundation
import Providers
import Security
import Settings
import TestSupport
import Testing

@testable import waybill

@Suite("Probe", .blocking)
struct ProbeTests {
    private static let key = "wb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    private static let time = Timestamp(microseconds: 1_795_000_000_123_456)

    private func settings(
        _ variables: [String: String], _ words: String..., files: [String: String] = [:]
    ) throws -> ProbeSettings {
        let arguments = try Arguments(words, options: ["url", "provider", "key-file", "ca"])
        let given = ["WAYBILL_API_KEY": Self.key, "APP_BASE_URL": "https://sms.example.com"]
        let all = given.merging(variables) { $1 }
        return try ProbeSettings(arguments, Environment(all) { files[$0] })
    }

    /// The request as the deployment's own code sees it.
    private func request(_ callback: ProbeCallback) -> CallbackRequest {
        CallbackRequest(uri: callback.path + callback.query, body: callback.body) { name in
            callback.headers.first { HeaderName($0.name) == name }?.value
        }
    }

    private func received(_ callback: ProbeCallback) -> ReceivedCallback {
        ReceivedCallback(
            id: .new(at: Self.time), provider: callback.provider,
            uri: callback.path + callback.query,
            contentType: callback.headers.first { $0.name == "Content-Type" }?.value,
            receivedAt: Self.time, body: callback.body)
    }

    @Test(
        "What a probe posts is authenticated and read as a message delivered just now",
        arguments: [
            (["INFOBIP_WEBHOOK_USER": "u", "INFOBIP_WEBHOOK_PASSWORD": "p\u{e9}:,"], "basic"),
            (["INFOBIP_WEBHOOK_SECRET": "s", "INFOBIP_WEBHOOK_HEADER": "X-Mine"], "header"),
            (["INFOBIP_HMAC_SECRET": "s"], "hmac"),
            (["INFOBIP_WEBHOOK_URL_SECRET": "a-secret-of-the-URL"], "url token"),
            (["INFOBIP_HMAC_SECRET": "s", "INFOBIP_HMAC_ALGORITHM": "sha512"], "hmac"),
            (["PLIVO_AUTH_TOKEN": "token-new,token-old"], "v3"),
            (["PLIVO_AUTH_TOKEN": "token", "APP_BASE_URL": "https://a.example:8443/sms/"], "v3"),
        ])
    func authenticated(variables: [String: String], method: String) throws {
        let variables = variables.merging(["APP_BASE_URL": "https://sms.example.com"]) { a, _ in a }
        let settings = try settings(variables)
        let callback = try ProbeCallback(settings, identifier: "1-2-3", at: Self.time)
        #expect(callback.method == method)
        #expect(callback.messageID == "waybill-probe-1-2-3")

        var environment = Environment(variables) { _ in nil }
        let webhook: any WebhookProvider
        if callback.provider == .infobip {
            webhook = try #require(
                InfobipWebhook.Settings(&environment).flatMap { InfobipWebhook($0) })
        } else {
            webhook = try #require(PlivoWebhook.Settings(&environment).flatMap { PlivoWebhook($0) })
        }
        #expect(
            try webhook.authenticate(request(callback)) == Verification(method: method, secret: 1))
        let parsed = try webhook.parse(received(callback))
        #expect(parsed.rejects.isEmpty)
        let report = try #require(parsed.reports.first)
        #expect(report.status == ProbeCallback.status)
        #expect(report.providerMessageID == callback.messageID)
        #expect(report.recipient == "+447700900000")
        #expect(report.doneAt == Timestamp(microseconds: 1_795_000_000_123_000))
    }

    @Test("The arguments replace the environment's settings")
    func arguments() throws {
        let settings = try settings(
            [
                "PLIVO_AUTH_TOKEN": "t", "INFOBIP_WEBHOOK_SECRET": "s", "APP_BASE_URL": "nonsense",
                "WAYBILL_API_KEY": "nonsense",
            ],
            "--url", "https://other.example/", "--provider", "plivo", "--key-file", "/key",
            "--ca", "/proc/self/exe", files: ["/key": Self.key + "\n"])
        #expect(settings.url == "https://other.example")
        #expect(settings.provider == .plivo)
        #expect(settings.key.revealed == Self.key)
        #expect(settings.authorities == "/proc/self/exe")
    }

    @Test("Every problem is listed at once, without a secret")
    func problems() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try settings(
                ["WAYBILL_API_KEY": "hunter2", "APP_BASE_URL": "http://a.example"],
                "--ca", "/gone")
        }
        let problems = try #require(error?.problems.map(\.description))
        #expect(problems.count == 4)
        #expect(problems[0].hasPrefix("INFOBIP_WEBHOOK_PASSWORD: is not set"))
        #expect(problems[1].hasPrefix("APP_BASE_URL: \"http://a.example\" is not https"))
        #expect(problems[2] == "WAYBILL_API_KEY: is no API key of ours; they begin with wb_")
        #expect(problems[3] == "--ca: the file /gone cannot be read")
        #expect(throws: CommandFailure.self) { try settings([:], "--provider", "twilio") }
    }

    @Test(
        "A mistake in an option is reported with the option's name",
        arguments: [
            (["--url", "nonsense"], "--url: \"nonsense\" is not of the form https://host[:port]"),
            (["--url", "http://a.example"], "--url: \"http://a.example\" is not https"),
            (["--url", " "], "--url: holds no value"),
            (["--key-file", "/gone"], "--key-file: the file /gone cannot be read as UTF-8 text"),
            (["--key-file", "/empty"], "--key-file: the file /empty is empty"),
            (["--key-file", "/other"], "--key-file: is no API key of ours; they begin with wb_"),
        ], [["INFOBIP_WEBHOOK_SECRET": "s"], ["PLIVO_AUTH_TOKEN": "t"]])
    func optionsAreNamed(_ row: (words: [String], problem: String), secrets: [String: String])
        throws
    {
        let error = #expect(throws: ConfigurationError.self) {
            let arguments = try Arguments(row.words, options: ["url", "key-file"])
            let given = [
                "WAYBILL_API_KEY": Self.key, "APP_BASE_URL": "https://sms.example.com",
            ]
            let environment = Environment(given.merging(secrets) { $1 }) {
                ["/empty": "\n", "/other": "hunter2"][$0]
            }
            _ = try ProbeSettings(arguments, environment)
        }
        let problems = try #require(error?.problems.map(\.description))
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.hasPrefix(row.problem) == true, "\(problems)")
    }

    @Test("A missing server is reported")
    func refused() throws {
        let url = "https://127.0.0.1:\(try FreePort.next())"
        #expect(failure(url) == "the connection is refused: is nginx running, and is it this port?")
    }

    @Test("A server without TLS is reported")
    func silent() throws {
        let openssl = try #require(DemoPrograms.find("openssl"))
        let server = try ChildProcess(
            "/bin/sh", ["-c", "exec \(openssl) s_server -accept 127.0.0.1:0 -nocert -www"])
        try server.waitForOutput("ACCEPT")
        let port = server.output.split(separator: ":").last.map { $0.prefix { $0.isNumber } }
        #expect(failure("https://127.0.0.1:\(port ?? "")").hasPrefix("TLS failed:"))
        try server.stop()
    }

    private func failure(_ url: String) -> String {
        do {
            _ = try ProbeConnection(
                url, trusted: nil, openssl: DemoPrograms.find("openssl") ?? "openssl")
            return "connected"
        } catch {
            return "\(error)"
        }
    }

    @Test("Answers of any server are read without trust")
    func answers() {
        let problem = ProbeAnswer(Array(#"{"status":404,"code":"not\u001b[2J_found"}"#.utf8))
        #expect(problem.code == "not[2J_found")
        #expect(problem.status == nil)
        #expect(ProbeAnswer(Array("<html>".utf8)).code == nil)
        #expect(ProbeAnswer([]).detail == nil)
    }
}
