import Domain
import Glibc
import Synchronization
import Telemetry

/// An outbox that does what a test says. Every call is recorded.
final class ScriptedOutbox: Outbox {
    struct State {
        /// Leases that are handed out, one by one.
        var leases: [Lease] = []
        var leaseRequests: [LeaseRequest] = []
        /// How long it takes to lease anything.
        var leaseDelay = Duration.zero
        /// What `record` does first: fails as unreachable, as often as this says.
        var outages = 0
        /// Messages of which a change is refused for good.
        var poison: Set<MessageID> = []
        var recorded: [OutboxChange] = []
        var counts = SendCounts()
        var recordCalls = 0
        var stops: [ProviderStop?] = []
        var presence: [Provider: ProviderPresence] = [:]
        var checks: [OutboxCheck] = []
        var checkLimits: [Int] = []
        var walks: [Timestamp?] = []
        /// What each call of `dropSettled` answers, and `(0, nil)` past the last.
        var portions: [(dropped: Int, next: Timestamp?)] = []
        var failing: Set<String> = []
    }

    let state: Mutex<State>

    init(_ state: State = State()) { self.state = Mutex(state) }

    private func check(_ name: String) throws(StoreFailure) {
        if state.withLock({ $0.failing.contains(name) }) { throw StoreFailure(.failed, name) }
    }

    func register() -> (number: Int32, holds: @Sendable () -> Bool) { (7, { true }) }

    func lease(_ request: LeaseRequest) throws(StoreFailure) -> LeaseAnswer {
        let beganAt = ContinuousClock.now
        let delay = state.withLock { $0.leases.isEmpty ? .zero : $0.leaseDelay }
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
        return state.withLock { state in
            state.leaseRequests.append(request)
            let leases = Array(state.leases.prefix(request.requests))
            state.leases.removeFirst(leases.count)
            return LeaseAnswer(leases: leases, nextAt: nil, beganAt: beganAt)
        }
    }

    func record(
        _ changes: [OutboxChange], counts: [Provider: SendCounts]
    ) throws(StoreFailure) {
        let failure = state.withLock { state -> StoreFailure? in
            state.recordCalls += 1
            if state.outages > 0 {
                state.outages -= 1
                return StoreFailure(.unavailable, "away")
            }
            if changes.contains(where: { state.poison.contains($0.message) }) {
                return StoreFailure(.failed, "poison")
            }
            state.recorded += changes
            for (_, count) in counts {
                state.counts.requests += count.requests
                state.counts.accepted += count.accepted
                state.counts.lookUps += count.lookUps
                state.counts.putBack += count.putBack
            }
            return nil
        }
        if let failure { throw failure }
    }

    func takeOver(at now: Timestamp) throws(StoreFailure) -> Int {
        try check("takeOver")
        return 0
    }

    func checks(
        of provider: Provider, limit: Int, at now: Timestamp, hold: Duration
    ) -> [OutboxCheck] {
        state.withLock { state in
            state.checkLimits.append(limit)
            defer { state.checks = [] }
            return state.checks
        }
    }

    func dropSettled(
        of provider: Provider, after time: Timestamp?, limit: Int
    ) throws(StoreFailure) -> (dropped: Int, next: Timestamp?) {
        try check("dropSettled")
        return state.withLock { state in
            state.walks.append(time)
            return state.portions.isEmpty ? (0, nil) : state.portions.removeFirst()
        }
    }

    func giveUpLate(at now: Timestamp, limit: Int) throws(StoreFailure) -> Int {
        try check("giveUpLate")
        return 0
    }

    func beat(_ providers: [Provider], at now: Timestamp) throws(StoreFailure) {
        try check("beat")
    }

    func providers() -> [Provider: ProviderPresence] { state.withLock { $0.presence } }

    func setStop(_ stop: ProviderStop?, of provider: Provider) {
        state.withLock { state in
            state.stops.append(stop)
            state.presence[provider] = ProviderPresence(seenAt: nil, stop: stop)
        }
    }
}

/// Keeps requests until a test answers them.
final class ScriptedTransport: HTTPTransport {
    typealias Completion = @Sendable (TransportResult) -> Void

    private let waiting = Mutex<[(request: ProviderRequest, completion: Completion)]>([])
    private let total = Mutex(0)

    var pendingCount: Int { waiting.withLock { $0.count } }
    /// All that were ever made.
    var requestCount: Int { total.withLock { $0 } }

    func send(
        _ request: ProviderRequest, within limit: Duration, completion: @escaping Completion
    ) {
        total.withLock { $0 += 1 }
        waiting.withLock { $0.append((request, completion)) }
    }

    /// Answers the oldest request; false if there is none.
    @discardableResult
    func answer(_ result: TransportResult) -> Bool {
        let first = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        first?.completion(result)
        return first != nil
    }

    func answerAll(_ result: TransportResult) { while answer(result) {} }
}

extension TransportResult {
    static func status(_ status: Int) -> TransportResult {
        .answered(ProviderResponse(status: status, body: []))
    }
}

/// A provider whose HTTP status is its whole answer.
struct PlainProvider: SendingProvider {
    var provider = Provider.infobip
    var batchLimit = 10
    let settleDelay = Duration.seconds(10)
    let lookUpsPerMinute = 6000
    var lookUpLimit = 1
    let lookUpHorizon = Duration.seconds(48 * 3600)

    func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest {
        ProviderRequest(method: "POST", url: "http://127.0.0.1/", headers: [])
    }

    func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult] {
        messages.map { message in
            switch response?.status {
            case 200: .accepted(providerMessageID: message.id.description)
            case 401: .stopped(Samples.problem)
            case 503: .deferred(Samples.problem, afterSeconds: nil)
            default: .ambiguous(Samples.problem)
            }
        }
    }

    func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])] {
        messages.map {
            (ProviderRequest(method: "GET", url: "http://127.0.0.1/", headers: []), [$0])
        }
    }

    func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult {
        LookUpResult(reports: [], unknown: messages.map(\.id))
    }
}

/// Keeps nothing, and reports that it did.
struct WillingSink: ReportSink {
    func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        completion(.success(()))
    }
}

final class CountingBell: Notifier {
    private let rings = Mutex(0)
    var count: Int { rings.withLock { $0 } }
    func notify() { rings.withLock { $0 += 1 } }
}

extension Logger {
    static let silent = Logger(minimum: .error, descriptor: open("/dev/null", O_WRONLY | O_CLOEXEC))
}
