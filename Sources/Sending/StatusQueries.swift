import Domain
import Synchronization
import Telemetry

/// Queries one provider for the status of messages, within the rate that it allows.
final class StatusQueries: Sendable {
    private struct State {
        var inFlight = 0
        var bucket: TokenBucket
        /// After a status query failed as a whole.
        var restUntil: Timestamp?
        var failures = 0
    }

    private let provider: any SendingProvider
    private let policy: CheckPolicy
    private let timeout: Duration
    private let outbox: any Outbox
    private let transport: any HTTPTransport
    private let sink: any ReportSink
    private let recorder: Recorder
    private let logger: Logger
    private let state: Mutex<State>

    private static let concurrency = 4
    private static let rest = Backoff(base: .seconds(5), cap: .seconds(300))

    init(
        _ provider: any SendingProvider, policy: CheckPolicy, timeout: Duration,
        outbox: any Outbox, transport: any HTTPTransport, sink: any ReportSink,
        recorder: Recorder, logger: Logger
    ) {
        self.provider = provider
        self.policy = policy
        self.timeout = timeout
        self.outbox = outbox
        self.transport = transport
        self.sink = sink
        self.recorder = recorder
        self.logger = logger
        state = Mutex(
            State(bucket: TokenBucket(perMinute: provider.lookUpsPerMinute, at: .now)))
    }

    /// Makes the status queries that are due, as many as the rate allows.
    func ask(at now: Timestamp) throws(StoreFailure) {
        let free = state.withLock { state in
            if let rest = state.restUntil, now < rest { return 0 }
            return min(state.bucket.available(at: now), Self.concurrency - state.inFlight)
        }
        guard free > 0 else { return }
        // Held until the answer is recorded, or the status query failed and is made again.
        let checks = try outbox.checks(
            of: provider.provider, limit: free * max(1, provider.lookUpLimit), at: now,
            hold: timeout + .seconds(60)
        ).filter { check in
            // Settled meanwhile; it is only kept because the provider named it.
            !check.status.isFinal
        }
        let (forgotten, asked) = checks.partitioned { check in
            // A message whose outcome is unknown is still queried, since any trace of it helps.
            !check.isUnsure && policy.isForgotten(check, at: now)
        }
        if !forgotten.isEmpty {
            let nothing = LookUpResult(reports: [], unknown: [])
            recorder.add(entry(forgotten, nothing, askedAt: now, now: now, lookUps: 0))
        }
        guard !asked.isEmpty else { return }
        let byMessage = Dictionary(
            asked.map { ($0.lookUp.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (request, messages) in provider.lookUpRequests(asked.map(\.lookUp)) {
            state.withLock { state in
                state.inFlight += 1
                state.bucket.take(1)
            }
            let checks = messages.compactMap { byMessage[$0.id] }
            transport.send(request, within: timeout) { [self] answer in
                state.withLock { $0.inFlight -= 1 }
                answered(checks, request: request, askedAt: now, answer)
            }
        }
    }

    private func answered(
        _ checks: [OutboxCheck], request: ProviderRequest, askedAt: Timestamp,
        _ answer: TransportResult
    ) {
        let now = Timestamp.now
        var result = LookUpResult(reports: [], unknown: [])
        var body: [UInt8] = []
        do throws(ProviderProblem) {
            switch answer {
            case .answered(let response):
                result = try provider.lookUpResult(of: checks.map(\.lookUp), response)
                result = withoutTwins(result, checks)
                // The answer may hold the texts of messages, which must never be archived.
                body = provider.archivable(response.body)
                state.withLock { state in
                    state.failures = 0
                    state.restUntil = nil
                }
            case .notSent(let problem), .unanswered(let problem): throw problem
            }
        } catch {
            return failed(checks, error, answer, askedAt: askedAt, now: now)
        }
        record(checks, result, askedAt: askedAt, now: now, uri: request.pathAndQuery, body: body)
    }

    /// Drops reports that may be about another message.
    private func withoutTwins(_ result: LookUpResult, _ checks: [OutboxCheck]) -> LookUpResult {
        let twins = Set(checks.filter(\.hasTwin).map(\.lookUp.id))
        return LookUpResult(
            reports: result.reports.filter { !twins.contains($0.message) },
            unknown: result.unknown)
    }

    /// Definite steps are written only after the reports that they rest on are on disk.
    private func record(
        _ checks: [OutboxCheck], _ result: LookUpResult, askedAt: Timestamp, now: Timestamp,
        uri: String, body: [UInt8]
    ) {
        let entry = entry(checks, result, askedAt: askedAt, now: now)
        guard !result.reports.isEmpty else { return recorder.add(entry) }
        let callback = ReceivedCallback(
            id: .new(at: now), provider: provider.provider, uri: uri, contentType: nil,
            receivedAt: now, body: body)
        sink.submit(
            Submission(callback: callback, reports: result.reports, rejects: [])
        ) { [self] outcome in
            switch outcome {
            case .success: recorder.add(entry)
            case .failure(let failure):
                logger.log(
                    .warning, "polled reports could not be kept; they are asked for again",
                    limitKey: "\(failure)", ["failure": "\(failure)"])
            }
        }
    }

    private func entry(
        _ checks: [OutboxCheck], _ result: LookUpResult, askedAt: Timestamp, now: Timestamp,
        lookUps: Int = 1
    ) -> Recorder.Entry {
        var generator = SystemRandomNumberGenerator()
        var entry = Recorder.Entry(provider: provider.provider)
        entry.counts.lookUps = lookUps
        for check in checks {
            let finding = CheckPolicy.finding(of: check, in: result)
            if CheckPolicy.recovers(check, finding) { entry.counts.recovered += 1 }
            entry.changes.append(
                policy.change(
                    of: check, finding, askedAt: askedAt, now: now, using: &generator))
        }
        entry.counts.deadLetters = entry.changes.count { $0.deadLetter != nil }
        return entry
    }

    /// The status query is made again after its hold; messages with no time left are settled.
    private func failed(
        _ checks: [OutboxCheck], _ problem: ProviderProblem, _ answer: TransportResult,
        askedAt: Timestamp, now: Timestamp
    ) {
        let failures = state.withLock { state in
            state.failures += 1
            return state.failures
        }
        var floor: Int?
        if case .answered(let response) = answer { floor = response.retryAfterSeconds }
        var generator = SystemRandomNumberGenerator()
        let rest = Self.rest.rest(failures: failures, floor: floor, using: &generator)
        state.withLock { $0.restUntil = now.advanced(by: rest) }
        logger.log(
            .warning, "the provider could not be asked", limitKey: provider.provider.name,
            ["provider": "\(provider.provider.name)", "code": "\(problem.redacted.code)"])
        let overdue = checks.filter { policy.isOverdue($0, at: now) }
        recorder.add(
            entry(overdue, LookUpResult(reports: [], unknown: []), askedAt: askedAt, now: now))
    }
}

extension Array {
    fileprivate func partitioned(
        by isFirst: (Element) -> Bool
    ) -> (first: [Element], second: [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}

extension ProviderRequest {
    /// The part of a URL that an archived callback keeps.
    fileprivate var pathAndQuery: String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
}
