package import Domain
private import Synchronization
import System
package import Telemetry

/// Lets callers wait for the providers' results, without a thread for each.
///
/// One thread queries the queue for all of them: at each wake-up, and every quarter of a second in
/// case a notification was lost. Answers that may be repeated are stored in one commit for all
/// callers that leave at that moment. Any thread.
package final class SendWatch: Sendable {
    /// A waiting caller. Nothing here blocks for long.
    struct Caller: Sendable {
        /// Where the answer is stored for repetitions; it holds the answer so far.
        let idempotency: Idempotency?
        /// Makes the answer from the known states.
        let compose: @Sendable ([MessageID: SendState]) -> StoredAnswer
        /// Gives the answer; called once.
        let give: @Sendable (StoredAnswer) -> Void
    }

    private struct State {
        var list = WatchList()
        var callers: [UInt64: Caller] = [:]

        /// Removes the callers that are done, and returns their answers.
        mutating func settle(
            _ states: [MessageID: SendState]
        ) -> [(caller: Caller, states: [MessageID: SendState])] {
            list.settle(states, at: .now).compactMap { leaver in
                callers.removeValue(forKey: leaver.id).map { ($0, leaver.states) }
            }
        }
    }

    private let queue: any MessageQueue
    private let logger: Logger
    private let fallback: Duration
    private let state = Mutex(State())
    private let thread = ServiceThread("send-watch")

    /// The most bytes of answers in one commit.
    private static let batchBytes = 4 << 20

    /// Starts the thread, which lives until `stop`.
    package init(
        _ queue: any MessageQueue, fallback: Duration = .milliseconds(250), logger: Logger
    ) {
        self.queue = queue
        self.fallback = fallback
        self.logger = logger
        thread.startOrAbort { [self] in run() }
    }

    /// How many send requests wait now.
    package var waiting: Int { state.withLock { $0.list.count } }

    /// States may have changed. Never blocks.
    package func wake() { thread.wake() }

    /// Answers all waiting callers with what is known, accepts no more, and ends the thread.
    ///
    /// - Parameter limit: how long to wait for the thread. If it is waiting for a database that
    ///   hangs, the callers that it has taken are answered when that wait ends.
    package func stop(within limit: Duration = .seconds(1)) {
        let left = state.withLock { state in
            state.list.close()
            return state.settle([:])
        }
        // Not stored for repetitions: those then get an older answer, but not a wrong one.
        for (caller, states) in left { caller.give(caller.compose(states)) }
        thread.stop()
        _ = thread.join(until: .now + limit)
    }

    /// Waits for messages on behalf of a caller.
    ///
    /// - Returns: false if there is no room; then the caller gets no answer from here.
    func watch(
        _ messages: [MessageID], until deadline: ContinuousClock.Instant, for caller: Caller
    ) -> Bool {
        let isTaken = state.withLock { state in
            guard let id = state.list.add(messages, until: deadline) else { return false }
            state.callers[id] = caller
            return true
        }
        // The result may have come before the caller waited for it.
        if isTaken { wake() }
        return isTaken
    }

    private func run() {
        while true {
            if let deadline = state.withLock({ $0.list.deadline }) {
                thread.wait(until: min(.now + fallback, deadline))
            } else {
                thread.wait()
            }
            let (pending, isClosed) = state.withLock { ($0.list.pending, $0.list.isClosed) }
            if isClosed { return }
            let states = pending.isEmpty ? [:] : ask(pending)
            let done = state.withLock { $0.settle(states ?? [:]) }
            let answers = done.map { caller, states in (caller, caller.compose(states)) }
            // Stored before they are given, or a repetition could get the older answer. A database
            // that has just failed to answer is not asked again.
            if states != nil { keep(answers) }
            for (caller, answer) in answers { caller.give(answer) }
        }
    }

    private func ask(_ messages: [MessageID]) -> [MessageID: SendState]? {
        do {
            return try queue.states(of: messages)
        } catch {
            logger.log(
                .warning, "cannot look at what callers wait for", ["failure": "\(error)"])
            return nil
        }
    }

    /// Stores the answers that are newer than the stored ones. If it fails, repetitions get an
    /// older answer, but not a wrong one; the remaining ones are not tried, because callers wait.
    private func keep(_ answers: [(caller: Caller, answer: StoredAnswer)]) {
        var rest = answers.compactMap { caller, answer -> KeptAnswer? in
            guard let idempotency = caller.idempotency, answer != idempotency.answer else {
                return nil
            }
            return KeptAnswer(answer, for: idempotency)
        }[...]
        while !rest.isEmpty {
            var bytes = 0
            let batch = rest.prefix { kept in
                defer { bytes += kept.answer.body.count }
                return bytes < Self.batchBytes
            }
            do {
                try queue.keep(Array(batch))
            } catch {
                logger.log(
                    .warning, "cannot keep answers for repetitions", ["failure": "\(error)"])
                return
            }
            rest = rest.dropFirst(batch.count)
        }
    }
}
