import Dispatch
import Domain
import Foundation
import FoundationNetworking
import Synchronization

/// One session's current requests. Its callbacks run on one queue.
///
/// An exchange is in the table from its start until its result is known. Removing it calls the
/// completion, so that it is called once.
final class Exchanges: NSObject, Sendable {
    private typealias Completion = @Sendable (TransportResult) -> Void

    private struct Exchange {
        let task: URLSessionDataTask
        let deadline: ContinuousClock.Instant
        let completion: Completion
        /// Of the body; if some were sent, the provider may have accepted the request.
        var hasSentBytes = false
        var status: Int?
        var retryAfterSeconds: Int?
        var body: [UInt8] = []
    }

    private struct State {
        var exchanges: [Int: Exchange] = [:]
        var session: URLSession?
        var isClosed = false
        /// How many are about to make a task: the session must not end before, since it makes none
        /// afterwards.
        var makingCount = 0
        /// Whether the timer for the deadlines runs; it does only while there are some.
        var isTicking = false

        /// The session, for its last user: once it is closed and no task is being made.
        mutating func takeEnded() -> URLSession? {
            guard isClosed, makingCount == 0 else { return nil }
            defer { session = nil }
            return session
        }
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let answerLimit: Int

    /// The precision of the deadlines.
    private static let tick = DispatchTimeInterval.milliseconds(100)

    init(_ settings: URLSessionTransport.Settings, name: String) {
        answerLimit = settings.answerLimit
        queue = DispatchQueue(label: name)
        super.init()
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = settings.connectionsPerHost
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        let operations = OperationQueue()
        operations.name = name
        operations.maxConcurrentOperationCount = 1
        operations.underlyingQueue = queue
        let session = URLSession(
            configuration: configuration, delegate: self, delegateQueue: operations)
        state.withLock { $0.session = session }
    }

    /// Completes with a result that needs no exchange.
    func complete(
        _ result: TransportResult, _ completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        queue.async { completion(result) }
    }

    func start(
        _ request: URLRequest, deadline: ContinuousClock.Instant,
        _ completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        let session = state.withLock { state -> URLSession? in
            guard !state.isClosed else { return nil }
            state.makingCount += 1
            return state.session
        }
        guard let session else {
            let problem = ProviderProblem(code: "closed", text: "We are shutting down.")
            return complete(.notSent(problem), completion)
        }
        let task = session.dataTask(with: request)
        let (mustTick, ended) = state.withLock { state in
            state.exchanges[task.taskIdentifier] = Exchange(
                task: task, deadline: deadline, completion: completion)
            let mustTick = !state.isTicking
            state.isTicking = true
            state.makingCount -= 1
            return (mustTick, state.takeEnded())
        }
        if mustTick { tick() }
        task.resume()
        ended?.invalidateAndCancel()
    }

    func close() {
        let ended = state.withLock { state in
            state.isClosed = true
            return state.takeEnded()
        }
        ended?.invalidateAndCancel()
    }

    private func tick() {
        queue.asyncAfter(deadline: .now() + Self.tick) { [self] in
            endLate(at: .now)
            let goesOn = state.withLock { state in
                state.isTicking = !state.exchanges.isEmpty
                return state.isTicking
            }
            if goesOn { tick() }
        }
    }

    private func endLate(at now: ContinuousClock.Instant) {
        let late = state.withLock { state in
            state.exchanges.filter { $0.value.deadline <= now }.map(\.key)
        }
        for id in late {
            end(id, cancelling: true) { _ in .unanswered(.timeOut) }
        }
    }

    /// Removes an exchange and completes it.
    private func end(
        _ id: Int, cancelling: Bool = false, _ result: (Exchange) -> TransportResult
    ) {
        guard let exchange = state.withLock({ $0.exchanges.removeValue(forKey: id) }) else {
            return
        }
        if cancelling { exchange.task.cancel() }
        exchange.completion(result(exchange))
    }
}

extension Exchanges: URLSessionDataDelegate {
    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        if let response = response as? HTTPURLResponse {
            let wait = response.value(forHTTPHeaderField: "Retry-After").flatMap { text in
                RetryAfter.seconds(text, at: Date())
            }
            state.withLock { state in
                state.exchanges[dataTask.taskIdentifier]?.status = response.statusCode
                state.exchanges[dataTask.taskIdentifier]?.retryAfterSeconds = wait
            }
        }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let id = dataTask.taskIdentifier
        let isTooLarge = state.withLock { state in
            guard let count = state.exchanges[id]?.body.count else { return false }
            guard count + data.count <= answerLimit else { return true }
            state.exchanges[id]?.body.append(contentsOf: data)
            return false
        }
        guard isTooLarge else { return }
        end(id, cancelling: true) { _ in .unanswered(.tooLarge(limit: answerLimit)) }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64,
        totalBytesSent: Int64, totalBytesExpectedToSend: Int64
    ) {
        state.withLock { $0.exchanges[task.taskIdentifier]?.hasSentBytes = true }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    /// Delivers a 401 as any other status; otherwise Foundation would wait for credentials for
    /// ever.
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        completionHandler(.rejectProtectionSpace, nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        end(task.taskIdentifier) { exchange in
            let told = (task.response as? HTTPURLResponse)?.statusCode
            if told == 401 || (error as? URLError)?.code == .userAuthenticationRequired {
                // Foundation reports this when there are no credentials for a challenge.
                return .answered(ProviderResponse(status: 401, body: exchange.body))
            }
            if let error {
                let hasSentBytes = exchange.hasSentBytes || exchange.status != nil
                return TransportResult(error, hasSentBytes: hasSentBytes)
            }
            // A redirection that is not followed appears only here.
            let response = task.response as? HTTPURLResponse
            guard let status = exchange.status ?? response?.statusCode else {
                return .unanswered(
                    ProviderProblem(code: "no_answer", text: "The answer was no HTTP answer."))
            }
            return .answered(
                ProviderResponse(
                    status: status, retryAfterSeconds: exchange.retryAfterSeconds,
                    body: exchange.body))
        }
    }
}
