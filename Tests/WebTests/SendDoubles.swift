import Domain
import FastCGI
import Foundation
import Security
import Synchronization
import Telemetry

@testable import Web

/// A queue in memory with idempotency.
final class Queue: MessageQueue {
    struct State {
        var sendRequests: [SendRequest] = []
        var answers: [AnswerKey: (digest: [UInt8], answer: StoredAnswer)] = [:]
        var states: [MessageID: SendState] = [:]
        var failure: StoreFailure?
        var cancellation = Cancellation.unknown
        /// Who asked for cancellations.
        var requesters: [Requester] = []
        var questions: [[MessageID]] = []
        /// How many answers each commit kept.
        var kept: [Int] = []
    }

    /// What an answer is kept under.
    struct AnswerKey: Hashable {
        private let principal: PrincipalID
        private let word: String

        init(_ idempotency: Idempotency) {
            principal = idempotency.principal
            word = idempotency.key
        }
    }

    private let state = Mutex(State())
    private let asked = DispatchSemaphore(value: 0)
    /// Held back until the test releases it; nil answers at once.
    private let gate: DispatchSemaphore?

    init(gate: DispatchSemaphore? = nil) { self.gate = gate }

    func accept(_ sendRequest: SendRequest, _ idempotency: Idempotency?) throws(StoreFailure)
        -> Acceptance
    {
        let result = state.withLock { state -> Result<Acceptance, StoreFailure> in
            if let failure = state.failure { return .failure(failure) }
            guard let idempotency else {
                state.sendRequests.append(sendRequest)
                return .success(.queued)
            }
            let key = AnswerKey(idempotency)
            if let known = state.answers[key] {
                return .success(
                    known.digest == idempotency.digest ? .repeated(known.answer) : .keyTaken)
            }
            state.answers[key] = (idempotency.digest, idempotency.answer)
            state.sendRequests.append(sendRequest)
            return .success(.queued)
        }
        return try result.get()
    }

    func keep(_ answers: [KeptAnswer]) throws(StoreFailure) {
        state.withLock { state in
            state.kept.append(answers.count)
            for kept in answers {
                let key = AnswerKey(kept.idempotency)
                state.answers[key] = (kept.idempotency.digest, kept.answer)
            }
        }
    }

    func cancel(
        _ id: MessageID, at now: Timestamp, by requester: Requester
    ) throws(StoreFailure) -> Cancellation {
        let result = state.withLock { state -> Result<Cancellation, StoreFailure> in
            if let failure = state.failure { return .failure(failure) }
            state.requesters.append(requester)
            return .success(state.cancellation)
        }
        return try result.get()
    }

    func states(of ids: [MessageID]) throws(StoreFailure) -> [MessageID: SendState] {
        if let gate {
            asked.signal()
            gate.wait()
        }
        let result = state.withLock { state -> Result<[MessageID: SendState], StoreFailure> in
            state.questions.append(ids)
            if let failure = state.failure { return .failure(failure) }
            return .success(state.states.filter { ids.contains($0.key) })
        }
        // Not before: what a test changes then is for the next query.
        if gate == nil { asked.signal() }
        return try result.get()
    }

    /// Waits until the states are queried; false after ten seconds.
    func waitForQuery() -> Bool { asked.wait(timeout: .now() + 10) == .success }

    func change(_ body: @Sendable (inout sending State) -> Void) { state.withLock { body(&$0) } }

    var sendRequests: [SendRequest] { state.withLock { $0.sendRequests } }
    var questions: [[MessageID]] { state.withLock { $0.questions } }
    var requesters: [Requester] { state.withLock { $0.requesters } }
    var kept: [Int] { state.withLock { $0.kept } }
}

/// A notifier that counts.
struct Bell: Notifier {
    let rings = Counter()
    func notify() { rings.add() }
}

/// Everything that sending needs, behind a real server.
final class SendServer: Sendable {
    let queue: Queue
    let watch: SendWatch
    let bell = Bell()
    let web: WebServer

    init(
        queue: Queue = Queue(), reader: Reader = Reader(),
        routing: Routing = Routing(
            fallback: .infobip, rules: [Routing.Rule(prefix: "+1", provider: .plivo)])
    ) throws {
        self.queue = queue
        // So long that only the notifier can wake it.
        watch = SendWatch(queue, fallback: .seconds(60), logger: Logger(descriptor: -1))
        let endpoint = Keys().endpoint
        web = try WebServer(
            MessageEndpoints(reader, providers: ProviderTraits.samples).routes(endpoint)
                + SendEndpoint(
                    queue: queue, watch: watch, notifier: bell, routing: routing,
                    tickets: TicketSigner(FixedSecrets()), key: Self.key
                ).routes(endpoint)
                + CancelEndpoint(queue: queue, reader: reader).routes(endpoint))
    }

    deinit { watch.stop() }

    @Sendable static func key(_ sendRequest: SendRequestID, _ number: PhoneNumber) -> MessageID {
        .new(atMillisecondOf: sendRequest, digest: SHA256.digest(of: number.digits).bytes)
    }

    static func headers(
        key: String = Keys.send, _ more: [String: String] = [:]
    ) -> [String: String] {
        ["HTTP_AUTHORIZATION": "Bearer \(key)", "CONTENT_TYPE": "application/json"]
            .merging(more) { $1 }
    }

    func post(
        _ body: String, query: String = "", key: String = Keys.send,
        _ headers: [String: String] = [:]
    ) throws -> Answer {
        try web.send(
            "POST", "/v1/messages\(query)", headers: Self.headers(key: key, headers),
            body: Array(body.utf8))
    }
}

/// Secrets that are the same in every test.
struct FixedSecrets: SigningSecrets {
    var failure: StoreFailure?

    func secret(for purpose: SigningPurpose) throws(StoreFailure) -> [UInt8] {
        if let failure { throw failure }
        return Array(repeating: UInt8(purpose.rawValue.utf8.count), count: 32)
    }
}
