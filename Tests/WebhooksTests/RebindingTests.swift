import Domain
import Synchronization
import System
import Telemetry
import TestSupport
import Testing

@testable import Webhooks

/// Answers the first question with a public address, and every later one with this machine.
private final class RebindingName: Sendable {
    private let questions = Mutex(0)

    func lookUp() -> Result<[String], ResolveFailure> {
        let number = questions.withLock { questions in
            questions += 1
            return questions
        }
        return .success([number == 1 ? "93.184.216.34" : "127.0.0.1"])
    }
}

/// Notes where requests would go, and answers as told.
private final class RecordingTransport: EgressTransport {
    let addresses = Mutex<[String]>([])
    private let status: Int

    init(status: Int) { self.status = status }

    func send(
        _ request: EgressRequest, within limit: Duration,
        _ completion: @escaping @Sendable (EgressOutcome) -> Void
    ) {
        addresses.withLock { $0.append(request.address) }
        let head = "HTTP/1.1 \(status) X\r\nWaybill-Egress: 0.1 0.1\r\n\r\n"
        if let answer = EgressAnswer(Array(head.utf8)) { completion(.answer(answer)) }
    }
}

/// One webhook with one delivery, due as often as it is asked for until it has had its attempts.
private final class OneDelivery: WebhookQueue {
    private let url: String
    private let attempts: Int
    let results = Monitor<[WebhookResult]>([])
    /// Why it was disabled.
    let reason = Monitor<String?>(nil)
    private let id = WebhookID.new(at: .now)
    private let failingSince: Timestamp?

    init(_ url: String, attempts: Int, failingSince: Timestamp? = nil) {
        self.url = url
        self.attempts = attempts
        self.failingSince = failingSince
    }

    func register() -> (number: Int32, holds: @Sendable () -> Bool) { (1, { true }) }

    func take(as number: Int32) -> (targets: [WebhookTarget], share: Int) {
        (
            [
                WebhookTarget(
                    id: id, origin: .made, url: url, rate: nil, concurrency: 1, headers: "{}",
                    hasNumbers: false, failingSince: failingSince,
                    secrets: [WebhookSecret(.shared, [UInt8](repeating: 3, count: 32))])
            ], 1
        )
    }

    func release(_ webhooks: [WebhookID]?, by number: Int32) {}

    func due(
        _ wanted: [(webhook: WebhookID, count: Int)]
    ) -> [(webhook: WebhookID, number: Int64)] {
        let isLeft = results.withLock { $0.count < attempts }
        return isLeft ? [(webhook: id, number: Int64(1))] : []
    }

    func deliveries(_ numbers: [Int64]) -> [WebhookDelivery] {
        numbers.map { number in
            WebhookDelivery(
                number: number, webhook: id, event: .new(at: .now), type: .test,
                occurredAt: .now, attempts: results.withLock { $0.count }, url: nil,
                content: .other("{}"))
        }
    }

    func record(_ new: [WebhookResult], health: [WebhookID: Webhook.Health]) {
        results.withLock { $0 += new }
        results.wakeAll()
    }

    func disable(_ webhook: WebhookID, reason: String) -> Bool {
        self.reason.withLock { $0 = reason }
        self.reason.wakeAll()
        return true
    }
}

@Suite("Names that change what they mean", .blocking, .timeLimit(.minutes(10)))
struct RebindingTests {
    private func results(
        of queue: OneDelivery, _ count: Int, transport: RecordingTransport,
        lookUp: @escaping HostResolver.LookUp
    ) throws -> [WebhookResult] {
        let resolver = HostResolver(threads: 1, goodFor: .zero, badFor: .zero, lookUp: lookUp)
        defer { resolver.stop() }
        let deliverer = Deliverer(
            DelivererSettings(userAgent: "test"), queue: queue, resolver: resolver,
            transport: transport, logger: Logger(descriptor: -1))
        let results = queue.results.wait(until: .now + .seconds(30)) { results in
            results.count >= count ? results : nil
        }
        #expect(deliverer.stop(within: .seconds(5)))
        return try #require(results)
    }

    @Test("a name that is public first and this machine then reaches nothing inside")
    func rebinding() throws {
        let name = RebindingName()
        let transport = RecordingTransport(status: 500)
        let results = try results(
            of: OneDelivery("https://rebind.example/", attempts: 3), 3, transport: transport,
            lookUp: { _ in name.lookUp() })
        // The address that was checked is the one that is named; what came later was refused.
        #expect(transport.addresses.withLock { $0 } == ["93.184.216.34"])
        #expect(results[0].status == 500)
        for result in results.dropFirst() {
            #expect(result.problem?.contains("127.0.0.1 is a loopback address") == true)
        }
    }

    @Test("one bad address among good ones is enough, and a name that is not found is tried again")
    func mixed() throws {
        let transport = RecordingTransport(status: 200)
        let mixed = try results(
            of: OneDelivery("https://mixed.example/", attempts: 1), 1, transport: transport,
            lookUp: { _ in .success(["93.184.216.34", "fd00::1"]) })
        #expect(mixed[0].problem?.contains("fd00::1") == true)
        let lost = try results(
            of: OneDelivery("https://lost.example/", attempts: 1), 1, transport: transport,
            lookUp: { _ in .failure(ResolveFailure("no such name")) })
        #expect(lost[0].problem?.contains("no such name") == true)
        if case .retry = lost[0].next {} else { Issue.record("\(lost[0].next)") }
        #expect(transport.addresses.withLock { $0 }.isEmpty)
    }

    @Test("five days of nothing but failures disable, and less does not")
    func fiveDays() throws {
        let days = { (count: Double) in Timestamp.now.advanced(by: .seconds(-86_400 * count)) }
        let anyPublic = { @Sendable (_: String) in
            Result<[String], ResolveFailure>.success(["93.184.216.34"])
        }
        let long = OneDelivery("https://dead.example/", attempts: 1, failingSince: days(5.01))
        _ = try results(
            of: long, 1, transport: RecordingTransport(status: 503), lookUp: anyPublic)
        let reason = try #require(long.reason.wait(until: .now + .seconds(10)) { $0 })
        #expect(reason.hasPrefix("nothing but failures for 5 days; the last one: "), "\(reason)")
        // What waits is tried again, if somebody resumes it.
        if case .retry = long.results.withLock({ $0[0].next }) {} else { Issue.record("given up") }

        let short = OneDelivery("https://dead.example/", attempts: 1, failingSince: days(4.99))
        _ = try results(
            of: short, 1, transport: RecordingTransport(status: 503), lookUp: anyPublic)
        let mended = OneDelivery("https://dead.example/", attempts: 1, failingSince: days(9))
        _ = try results(
            of: mended, 1, transport: RecordingTransport(status: 200), lookUp: anyPublic)
        // Their deliverers have ended, and with them whoever disables.
        #expect(short.reason.withLock { $0 } == nil && mended.reason.withLock { $0 } == nil)
    }

    @Test("an address in the URL itself is checked, too, and http:// is refused")
    func literal() throws {
        let transport = RecordingTransport(status: 200)
        for url in ["https://127.0.0.1/", "https://[::1]/", "http://93.184.216.34/"] {
            let results = try results(
                of: OneDelivery(url, attempts: 1), 1, transport: transport,
                lookUp: { _ in .success(["93.184.216.34"]) })
            #expect(results[0].problem?.contains("not allowed") == true)
        }
        #expect(transport.addresses.withLock { $0 }.isEmpty)
    }
}
