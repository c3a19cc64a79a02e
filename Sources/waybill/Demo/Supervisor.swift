import Foundation
import Synchronization

/// Keeps one child alive as systemd would with `Restart=on-failure`.
///
/// An end with status 0 is somebody's wish and stays; any other is followed by a restart, at once
/// the first time, then after a wait that doubles up to eight seconds.
final class Supervisor: Sendable {
    private struct State {
        var child: ChildProcess?
        var isStopping = false
        var failuresInARow = 0
    }

    private let plan: ChildProcess.Plan
    private let state: Mutex<State>
    private let ended = DispatchSemaphore(value: 0)
    private let stopRequested = DispatchSemaphore(value: 0)
    /// Called on a thread of the supervisor's whenever the child's pid has changed.
    private let onRestart: @Sendable () -> Void

    /// Starts the child and watches it on a thread of its own.
    ///
    /// - Throws: `CommandFailure` if it cannot be started at all.
    init(
        _ plan: ChildProcess.Plan, onRestart: @escaping @Sendable () -> Void
    ) throws(CommandFailure) {
        self.plan = plan
        self.onRestart = onRestart
        let child = try ChildProcess(plan)
        state = Mutex(State(child: child))
        Thread.detachNewThread { [self] in watch(child) }
    }

    /// Whether the child keeps failing: it has been started again twice in a row.
    var hasGivenUp: Bool {
        state.withLock { $0.failuresInARow > 2 || ($0.child == nil && $0.failuresInARow == 0) }
    }

    /// The child's pid, nil while there is none.
    var pid: pid_t? { state.withLock { $0.child?.pid } }

    /// Asks the child to end and waits until it has.
    ///
    /// A child that has not ended by the deadline is killed.
    func stop(_ signal: Int32, deadline: Duration) {
        let pid = state.withLock { state -> pid_t? in
            state.isStopping = true
            return state.child?.pid
        }
        stopRequested.signal()
        if let pid { Foundation.kill(pid, signal) }
        let limit = DispatchTime.now() + deadline / .seconds(1)
        guard ended.wait(timeout: limit) == .timedOut else { return }
        kill()
        ended.wait()
    }

    /// Kills the child and those that it made, at once, and waits for nothing.
    func kill() {
        let pid = state.withLock { state -> pid_t? in
            state.isStopping = true
            return state.child?.pid
        }
        // The whole group: nginx's workers outlive a master that was killed, and keep its port.
        if let pid { Foundation.kill(-pid, SIGKILL) }
    }

    private func watch(_ first: ChildProcess) {
        var child: ChildProcess? = first
        while let running = child {
            let started = ContinuousClock.now
            let exit = running.wait()
            let lasted = ContinuousClock.now - started
            let pause = state.withLock { state -> Duration? in
                state.child = nil
                guard !state.isStopping, !exit.isClean else { return nil }
                state.failuresInARow = lasted > .seconds(30) ? 0 : state.failuresInARow + 1
                let exponent = min(max(state.failuresInARow - 1, 0), 6)
                return state.failuresInARow <= 1 ? .zero : .milliseconds(125 << exponent)
            }
            guard let pause else { break }
            Output.line("waybill demo: \(plan.name) ended (\(exit)); starting it again")
            if stopRequested.wait(timeout: .now() + pause / .seconds(1)) == .success { break }
            child = restart()
        }
        ended.signal()
    }

    private func restart() -> ChildProcess? {
        let child = try? ChildProcess(plan)
        let keeps = state.withLock { state in
            state.child = child
            return !state.isStopping
        }
        guard let child else {
            Output.line("waybill demo: \(plan.name) cannot be started again")
            return nil
        }
        // Stopped between the pause and now: nobody else will end this child.
        if !keeps { Foundation.kill(child.pid, SIGTERM) }
        onRestart()
        return child
    }
}
