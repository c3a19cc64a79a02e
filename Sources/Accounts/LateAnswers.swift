import System

/// Gives answers not before their time, without a waiting thread for each.
///
/// A failed sign-in is answered after the same time whatever failed: a hash that another system
/// made takes longer or shorter than ours. Any thread.
final class LateAnswers: Sendable {
    private struct State {
        var answers: [(due: ContinuousClock.Instant, give: @Sendable () -> Void)] = []
        var isStopping = false
    }

    private let monitor = Monitor(State())
    private let thread = ServiceThread("late-answers")
    private let limit: Int

    /// Starts its thread.
    ///
    /// - Parameter limit: how many may wait; one more is given at once.
    init(limit: Int) {
        self.limit = limit
        thread.startOrAbort(interrupt: { [monitor] in
            monitor.withLock { $0.isStopping = true }
            monitor.wakeAll()
        }) { [monitor] in Self.work(monitor) }
    }

    deinit { stop() }

    /// Gives an answer at its time, or at once if that is past.
    func give(at due: ContinuousClock.Instant, _ answer: @escaping @Sendable () -> Void) {
        let isTaken = monitor.withLock { state in
            guard due > .now, !state.isStopping, state.answers.count < limit else { return false }
            state.answers.append((due, answer))
            return true
        }
        if isTaken { monitor.wakeAll() } else { answer() }
    }

    /// Gives all answers that wait, and ends the thread.
    func stop() { thread.stop() }

    private static func work(_ monitor: Monitor<State>) {
        while true {
            let next = monitor.withLock { $0.answers.map(\.due).min() }
            // Until the earliest is due, an earlier one comes, or the stop.
            let isStopping = monitor.wait(until: next ?? .now + .seconds(60)) { state in
                if state.isStopping { return true }
                let earliest = state.answers.map(\.due).min()
                return earliest == next ? nil : false
            }
            let due = monitor.withLock { state in
                let now = ContinuousClock.now
                let due = state.answers.filter { $0.due <= now || state.isStopping }
                state.answers.removeAll { $0.due <= now || state.isStopping }
                return due.map(\.give)
            }
            for give in due { give() }
            if isStopping == true { return }
        }
    }
}
