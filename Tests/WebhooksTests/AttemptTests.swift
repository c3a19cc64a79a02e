import Domain
import JSON
import Testing

@testable import Webhooks

@Suite("Attempts and what follows from them")
struct AttemptTests {
    @Test("the schedule is the promised one, with jitter, and ends after ten retries")
    func schedule() throws {
        var generator = SystemRandomNumberGenerator()
        let promised = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
        for (index, seconds) in promised.enumerated() {
            var pauses: Set<Duration> = []
            for _ in 0..<50 {
                let pause = try #require(
                    RetrySchedule.usual.pause(
                        afterAttempt: index + 1, wish: nil, using: &generator))
                #expect(pause >= .seconds(seconds) * 0.8 && pause <= .seconds(seconds) * 1.2)
                pauses.insert(pause)
            }
            #expect(pauses.count > 10)
        }
        #expect(
            RetrySchedule.usual.pause(afterAttempt: 11, wish: nil, using: &generator) == nil)
    }

    @Test("Retry-After prolongs a pause by a day at most, and never shortens it")
    func wishes() throws {
        var generator = SystemRandomNumberGenerator()
        func pause(_ attempt: Int, _ wish: Duration) throws -> Duration {
            try #require(
                RetrySchedule.usual.pause(
                    afterAttempt: attempt, wish: wish, using: &generator))
        }
        #expect(try (120...121) ~= (pause(1, .seconds(120)) / .seconds(1)))
        #expect(try pause(5, .seconds(1)) >= .seconds(7200) * 0.8)
        #expect(try pause(1, .seconds(10_000_000)) <= .seconds(86_401))
        #expect(RetryWish.duration("120", at: .now) == .seconds(120))
        let then = try #require(
            Timestamp(year: 1994, month: 11, day: 6, hour: 8, minute: 49, second: 30))
        #expect(
            RetryWish.duration("Sun, 06 Nov 1994 08:49:37 GMT", at: then) == .seconds(7))
        for text in ["", "-1", "soon", "1.5", "Sun, 06 Nov 1994"] {
            #expect(RetryWish.duration(text, at: then) == nil)
        }
    }

    @Test("only 2xx is a success; 3xx is a failure, 410 the end")
    func verdicts() {
        #expect([200, 201, 204, 299].allSatisfy { Verdict(status: $0).isDelivered })
        #expect(
            [100, 199, 300, 301, 307, 400, 404, 410, 429, 500, 503].allSatisfy {
                !Verdict(status: $0).isDelivered && Verdict(status: $0).problem != nil
            })
        #expect(Verdict(status: 410).isGone && !Verdict(status: 404).isGone)
    }

    @Test("an answer is read with what the proxy says of it, and its body is cut")
    func answers() throws {
        let head = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nWaybill-Egress: 0.001 0.002\r\n\r\n"
        let body = String(repeating: "x", count: 5000)
        let answer = try #require(EgressAnswer(Array((head + body).utf8)))
        #expect(answer.status == 503 && answer.isReceivers && answer.wasConnected)
        #expect(answer.retryAfter == .seconds(7))
        #expect(answer.body.utf8.count == 4096)
        #expect(EgressAnswer.isEnough(Array((head + body).utf8)))
        #expect(!EgressAnswer.isEnough(Array((head + "x").utf8)))
        let refused = try #require(
            EgressAnswer(Array("HTTP/1.1 502 Bad Gateway\r\nWaybill-Egress: - -\r\n\r\n".utf8)))
        #expect(!refused.wasConnected && !refused.isReceivers)
        let cut = try #require(
            EgressAnswer(Array("HTTP/1.1 502 Bad Gateway\r\nWaybill-Egress: 0.1 -\r\n\r\n".utf8)))
        #expect(cut.wasConnected && !cut.isReceivers)
        for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 abc\r\n\r\n", "nonsense\r\n\r\n"] {
            #expect(EgressAnswer(Array(text.utf8)) == nil)
        }
    }

    private static func delivery(
        _ change: (inout WebhookDelivery.StatusFacts) -> Void = { _ in }
    ) -> WebhookDelivery {
        let provider = Provider(code: 1, name: "infobip", messageNames: .ours)
        var facts = WebhookDelivery.StatusFacts(
            change: StatusChange(
                message: .new(at: .now), sequence: ChangeSequence(rawValue: 77),
                status: .undeliverable, cause: .callback), provider: provider)
        facts.recipient = "+447700900123"
        facts.sender = "+447700900999"
        facts.outcome = Outcome(
            provider: provider, errorCode: "27", errorName: "EC_ABSENT",
            errorDescription: "No route to 447700900123", isPermanent: false)
        facts.callbackData = "order 1"
        facts.metadata = #"{"team":"a"}"#
        change(&facts)
        return WebhookDelivery(
            number: 1, webhook: .new(at: .now), event: .new(at: .now), type: .statusChanged,
            occurredAt: .now, attempts: 0, url: nil, content: .status(facts))
    }

    @Test("a body tells the change with its sequence, and numbers only to who chose them")
    func bodies() throws {
        let delivery = Self.delivery()
        let plain = DeliveryBody.bytes(of: delivery, hasNumbers: false)
        #expect(plain == DeliveryBody.bytes(of: delivery, hasNumbers: false))
        let json = try JSONValue(strict: plain)
        #expect(json["type"] == .string("message.status_changed"))
        let data = try #require(json["data"])
        #expect(data["sequence"] == .number("77"))
        #expect(data["status"] == .string("undeliverable") && data["final"] == .boolean(true))
        #expect(data["error"]?["code"] == .string("27"))
        #expect(data["metadata"]?["team"] == .string("a"))
        #expect(data["callback_data"] == .string("order 1"))
        #expect(!String(decoding: plain, as: UTF8.self).contains("7700900123"))
        let whole = try JSONValue(strict: DeliveryBody.bytes(of: delivery, hasNumbers: true))
        #expect(whole["data"]?["to"] == .string("+447700900123"))
        #expect(whole["data"]?["from"] == .string("+447700900999"))
    }

    @Test("a body stays below 20 kB, and says what it leaves out")
    func large() throws {
        let delivery = Self.delivery { facts in
            facts.metadata = #"{"a":"\#(String(repeating: "x", count: 15_000))"}"#
            facts.callbackData = String(repeating: "\u{1}", count: 6_000)
        }
        let bytes = DeliveryBody.bytes(of: delivery, hasNumbers: true)
        #expect(bytes.count < 20_000)
        let data = try #require(try JSONValue(strict: bytes)["data"])
        #expect(data["omitted"] == .array([.string("metadata"), .string("callback_data")]))
        #expect(!String(decoding: bytes, as: UTF8.self).contains("xxxx"))
    }
}
