package import Domain
private import Synchronization
import System

/// Finds the addresses of names with the system's resolver, on threads of its own.
///
/// A name whose last question failed is asked by other threads than the rest: name servers that do
/// not answer take ten seconds a question, and must not delay receivers that work. An answer is used
/// for half a minute, since whoever asks connects to exactly the addresses that it holds.
package final class HostResolver: NameResolver {
    /// Asks once, and blocks meanwhile.
    package typealias LookUp = @Sendable (_ host: String) -> Result<[String], ResolveFailure>
    private typealias Completion = @Sendable (Result<[String], ResolveFailure>) -> Void

    private struct State {
        var answers:
            [String: (result: Result<[String], ResolveFailure>, until: ContinuousClock.Instant)] =
                [:]
        /// Who waits for a name that is asked for now, or will be.
        var waiting: [String: [Completion]] = [:]
        var queues: [[String]] = [[], []]
        var isStopping = false
    }

    private enum Next {
        case host(String)
        case end
    }

    private let lookUp: LookUp
    private let goodFor: Duration
    private let badFor: Duration
    private let state = Monitor(State())
    private let threads: [ServiceThread]

    /// The most answers that are remembered.
    private static let answerLimit = 50_000

    /// Starts its threads.
    ///
    /// - Parameters:
    ///   - count: threads for each of the two queues.
    ///   - goodFor: how long addresses are used.
    ///   - badFor: how long a failure is.
    ///   - lookUp: asks; the system's resolver unless given.
    package init(
        threads count: Int = 8, goodFor: Duration = .seconds(30), badFor: Duration = .seconds(5),
        lookUp: @escaping LookUp = HostResolver.askSystem
    ) {
        self.lookUp = lookUp
        self.goodFor = goodFor
        self.badFor = badFor
        threads = (0..<2 * count).map { _ in ServiceThread("resolver") }
        for (index, thread) in threads.enumerated() {
            thread.startOrAbort { [self] in run(queue: index % 2) }
        }
    }

    package func resolve(
        _ host: String, _ completion: @escaping @Sendable (Result<[String], ResolveFailure>) -> Void
    ) {
        if IPNetwork(host) != nil, !host.contains("/") { return completion(.success([host])) }
        let now = ContinuousClock.now
        let answer: Result<[String], ResolveFailure>? = state.withLock { state in
            if state.isStopping { return .failure(ResolveFailure("the process stops")) }
            let known = state.answers[host]
            if let known, known.until > now { return known.result }
            if state.waiting[host]?.append(completion) != nil { return nil }
            state.waiting[host] = [completion]
            let hasFailed = if case .failure = known?.result { true } else { false }
            state.queues[hasFailed ? 1 : 0].append(host)
            return nil
        }
        guard let answer else { return state.wakeAll() }
        completion(answer)
    }

    /// The same, waited for.
    ///
    /// - Returns: a failure if there is no answer in time.
    package func resolve(
        _ host: String, within limit: Duration
    ) -> Result<[String], ResolveFailure> {
        let answer = Monitor<Result<[String], ResolveFailure>?>(nil)
        resolve(host) { result in
            answer.withLock { $0 = result }
            answer.wakeAll()
        }
        return answer.wait(until: .now + limit) { $0 }
            ?? .failure(ResolveFailure("name servers do not answer for \(host)"))
    }

    /// Ends the threads; whoever waits gets a failure. A thread that waits for a name server ends with
    /// the process.
    package func stop() {
        for thread in threads { thread.stop() }
        let waiting = state.withLock { state in
            state.isStopping = true
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap { $0 }
        }
        state.wakeAll()
        for completion in waiting { completion(.failure(ResolveFailure("the process stops"))) }
    }

    private func run(queue: Int) {
        while true {
            let next: Next = state.wait { state in
                if state.isStopping { return .end }
                guard !state.queues[queue].isEmpty else { return nil }
                return .host(state.queues[queue].removeFirst())
            }
            guard case .host(let host) = next else { return }
            let result = lookUp(host)
            let isGood = if case .success = result { true } else { false }
            let waiting: [Completion] = state.withLock { state in
                if state.answers.count >= Self.answerLimit { state.answers = [:] }
                state.answers[host] = (result, .now + (isGood ? goodFor : badFor))
                return state.waiting.removeValue(forKey: host) ?? []
            }
            for completion in waiting { completion(result) }
        }
    }
}
