import Domain
import Foundation
import Providers
import Settings
import TestSupport
import Testing

@testable import waybill

/// A provider is one folder and one line: this one's folder is beside this file, its line is in
/// `AcmeResponder`, and no other file knows it.
@Suite("A third provider", .blocking)
struct ThirdProviderTests {
    private let nowhere = "http://127.0.0.1:9"

    @Test("Its callbacks are received, and refused if their signature is wrong")
    func receives() throws {
        let responder = try AcmeResponder(acme: nowhere)
        #expect(
            try responder.callback("/callbacks/acme", id: "AC-1", state: "delivered").status == 200)
        let found = try responder.api(
            "GET", "/v1/messages?provider=acme&provider_message_id=AC-1")
        #expect(found.json["provider"] as? String == "acme")
        #expect(found.json["status"] as? String == "delivered")
        let refused = try responder.callback(
            "/callbacks/acme", id: "AC-2", state: "delivered", signedBy: "another-secret")
        #expect(refused.status == 401)
        #expect(refused.json["code"] as? String == "wrong_signature")
        #expect(responder.stop())
    }

    @Test("A message is routed to it, sent through it, and found by its callback")
    func sends() throws {
        let acme = try AcmeServer { _ in (201, #"{"id":"AC-7"}"#) }
        defer { acme.stop() }
        let responder = try AcmeResponder(acme: acme.url)
        let answer = try responder.api(
            "POST", "/v1/messages?wait=10", #"{"to":"+4915112345678","text":"Hello"}"#)
        #expect(answer.status == 200, "\(answer.body)")
        let messages = answer.json["messages"] as? [[String: Any]]
        let message = try #require(messages?.first)
        #expect(message["provider"] as? String == "acme")
        #expect(message["status"] as? String == "accepted")
        let id = try #require(message["id"] as? String)
        let request = try #require(acme.requests.first)
        #expect(request.line == "POST /messages")
        #expect(request.head.contains("Bearer key-of-acme"))
        let url = try #require(request.json["callback_url"] as? String)
        #expect(url == "https://sms.example.com/callbacks/acme/\(id)")
        let path = String(url.dropFirst("https://sms.example.com".count))
        #expect(try responder.callback(path, id: "AC-7", state: "delivered").status == 200)
        #expect(try responder.status(of: id) == "delivered")
        #expect(responder.stop())
    }

    @Test("The status of a message without a callback is queried")
    func looksUp() throws {
        let acme = try AcmeServer { request in
            request.line.hasPrefix("GET ")
                ? (200, #"{"id":"AC-8","state":"lost"}"#) : (201, #"{"id":"AC-8"}"#)
        }
        defer { acme.stop() }
        let responder = try AcmeResponder(acme: acme.url, ["WAYBILL_RECONCILE_SECONDS": "1"])
        let answer = try responder.api(
            "POST", "/v1/messages", #"{"to":"+4915112345678","text":"Hello"}"#)
        let messages = answer.json["messages"] as? [[String: Any]]
        let id = try #require(messages?.first?["id"] as? String)
        let isKnown = try waitUntil(within: .seconds(60)) {
            try responder.status(of: id) == "undeliverable"
        }
        #expect(isKnown)
        #expect(acme.requests.contains { $0.line == "GET /messages/AC-8" })
        #expect(responder.stop())
    }

    @Test("Its limits apply to messages that a caller sends through it by name")
    func limits() throws {
        let responder = try AcmeResponder(acme: nowhere)
        let answer = try responder.api(
            "POST", "/v1/messages",
            #"{"to":"+491511234567890","text":"Hello","provider":"acme"}"#)
        #expect(answer.status == 422)
        #expect(answer.body.contains("too_long_for_acme"))
        #expect(answer.body.contains("Acme takes 13."))
        let unknown = try responder.api(
            "POST", "/v1/messages", #"{"to":"+4915112345678","text":"x","provider":"twilio"}"#)
        #expect(unknown.body.contains("acme"))
        #expect(responder.stop())
    }

    @Test("The status and the metrics show it")
    func status() throws {
        let responder = try AcmeResponder(acme: nowhere)
        let status = try responder.api("GET", "/v1/status").json
        let providers = try #require(status["providers"] as? [String: Any])
        #expect(providers["acme"] != nil)
        let sending = try #require(status["sending"] as? [String: Any])
        #expect(sending.keys.sorted() == ["acme", "infobip", "plivo"])
        let metrics = try responder.api("GET", "/metrics").body
        #expect(metrics.contains(#"waybill_sending_queued{provider="acme"} 0"#))
        #expect(responder.stop())
    }

    @Test("`waybill check` reads its settings, shows them, and reports their problems")
    func check() throws {
        let settings = [
            "DATABASE_URL": "postgresql://w@db/w", "APP_BASE_URL": "https://sms.example.com",
            "ACME_WEBHOOK_SECRET": "one-secret,another-one", "ACME_API_KEY": "k",
            "WAYBILL_ROUTES": "+49=acme", "ACME_RATE": "7",
        ]
        let (serving, sending) = try ConfigurationCheck(
            Environment(settings), kits: AcmeResponder.kits
        )
        .configurations()
        let lines = ((serving?.summary ?? []) + (sending?.summary ?? []))
            .map { "\($0.name): \($0.value)" }
        for line in [
            "acme: 2 secret(s)", "sending by acme: https://api.acme.example",
            "acme limits: 7.0 messages a second, 3 request(s) of up to 1, asked after 600, 7200 s",
            "infobip: off", "sending by plivo: off", "routing: acme, +49 acme",
        ] {
            #expect(lines.contains(line), "\(line) in \(lines)")
        }
        let wrong = settings.merging(["ACME_CONCURRENCY": "0", "ACME_BASE_URL": "ftp://x"]) { $1 }
        let error = #expect(throws: ConfigurationError.self) {
            try SendingConfiguration(Environment(wrong), kits: AcmeResponder.kits)
        }
        #expect(error?.problems.map(\.setting).sorted() == ["ACME_BASE_URL", "ACME_CONCURRENCY"])
    }

    @Test("A probe posts a callback that its webhook accepts")
    func probe() throws {
        let responder = try AcmeResponder(acme: nowhere)
        let environment = Environment(
            responder.settings.merging(["WAYBILL_API_KEY": responder.key]) { $1 })
        let settings = try ProbeSettings(
            Arguments(["--provider", "acme"], options: ["provider"]), environment,
            kits: AcmeResponder.kits)
        #expect(settings.provider.name == "acme")
        let message = ProbeMessage(
            id: "waybill-probe-1", recipient: "447700900000", time: "2026-11-20T15:30:06.640",
            url: settings.url, path: "/callbacks/acme")
        let callback = try #require(settings.receiving.probe(message))
        #expect(callback.method == "hmac")
        #expect(responder.stop())
    }
}
