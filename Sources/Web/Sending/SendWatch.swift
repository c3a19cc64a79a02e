package import Domain
private import Synchronization
import System
package import Telemetry

/// Lets callers wait for what providers answer, without a thread for each.
///
/// One thread asks the queue for all of them at once: whenever somebody rings, and every quarter of
/// a second in case a ring was lost. Answers that are to be repeated are kept, for all who leave at
/// that moment in one commit. Any thread.
package final class SendWatch: Sendable {
    /// Somebody who waits. Nothing here blocks for long.
    struct Caller: Sendable {
        /// Where the answer is kept for repetitions; it holds the one that is there now.
        let idempotency: Idempotency?
        /// The answer by what is known.
        let compose: @Sendable ([MessageID: SendState]) -> StoredAnswer
        /// Gives the answer; called once.
        let give: @Sendable (StoredAnswer) -> Void
    }

    private struct State {
        var list = WatchList()
        var callers: [UInt64: Caller] = [:]

        /// Takes out who is done, with their answers.
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

    /// Something may be known now. Never blocks.
    package func wake() { thread.wake() }

    /// Answers all who wait with what is known, takes in nobody from now on, and ends the thread.
    ///
    /// - Parameter limit: how long to wait for the thread, which may be asking a database that
    ///   hangs; those whom it is about to answer are answered when that comes to its end.
    package func stop(within limit: Duration = .seconds(1)) {
        let left = state.withLock { state in
            state.list.close()
            return state.settle([:])
        }
        // Not kept for repetitions: those tell less, but nothing wrong.
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
        // The answer may have come before anybody waited for it.
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
            // Before they are given, or a repetition may still get the other one. A database that
            // did not answer just now is not asked again.
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

    /// Keeps the answers that say more than those that are there. If it fails, repetitions tell
    /// less, but nothing wrong; the others are not tried then, since callers wait.
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
