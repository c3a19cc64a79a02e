import Foundation
import Synchronization
import System

/// Keeps one child alive as systemd would with `Restart=on-failure`.
///
/// An end with status 0 is taken as intended; any other is followed by a restart, at once the first
/// time, then after a pause that doubles up to eight seconds. A child that was killed did not fail
/// by itself: it is restarted after an eighth of a second at most. If the user started a process of
/// their own in the child's place, that one is watched as long as it lives.
final class Supervisor: Sendable {
    /// The process that has replaced the child.
    enum Successor: Equatable {
        /// None, or it has ended regularly.
        case none
        case running(pid_t)
        /// It has crashed.
        case crashed
    }

    private struct State {
        var child: DemoChild?
        var successor: pid_t?
        var isStopping = false
        /// Whether the next child is about to be started.
        var isRestarting = false
        var failuresInARow = 0
    }

    private let plan: DemoChild.Plan
    private let state: Mutex<State>
    private let thread: ServiceThread
    private let successor: (@Sendable () -> Successor)?
    private let tell: @Sendable (String) -> Void
    /// Called on a thread of the supervisor's whenever the child's pid has changed.
    private let onChange: @Sendable (pid_t?) -> Void

    /// Starts the child and watches it on a thread of its own.
    ///
    /// - Parameters:
    ///   - plan: how it is started.
    ///   - successor: looks for a process in the child's place; while there is one, called once a
    ///     second.
    ///   - tell: takes a line for the user.
    ///   - onChange: called with the new pid, nil after a final end; not while stopping.
    /// - Throws: `DemoError` if it cannot be started at all.
    init(
        _ plan: DemoChild.Plan, successor: (@Sendable () -> Successor)? = nil,
        tell: @escaping @Sendable (String) -> Void = { _ in },
        onChange: @escaping @Sendable (pid_t?) -> Void
    ) throws(DemoError) {
        self.plan = plan
        self.successor = successor
        self.tell = tell
        self.onChange = onChange
        thread = ServiceThread(plan.name)
        let child = try DemoChild(plan)
        state = Mutex(State(child: child))
        thread.startOrAbort { [self] in watch(child) }
    }

    /// Whether the child keeps failing: it has been restarted twice in a row.
    var hasGivenUp: Bool {
        state.withLock { state in
            let isGone = state.child == nil && !state.isRestarting
            return state.failuresInARow > 2 || (isGone && state.failuresInARow == 0)
        }
    }

    /// The pid of the child or of its successor, nil while there is none.
    var pid: pid_t? { state.withLock { $0.child?.pid ?? $0.successor } }

    /// Asks the child to end and waits until it has; a process in its place is left running.
    ///
    /// A child that has not ended by the deadline is killed.
    func stop(_ signal: Int32, deadline: Duration) {
        let child = beginStop()
        thread.stop()
        child?.send(signal)
        guard !thread.join(until: .now + deadline) else { return }
        kill()
        thread.join()
    }

    /// Sends the child a signal that does not end it.
    func tell(_ signal: Int32) {
        state.withLock { $0.child }?.send(signal)
    }

    /// Kills the child and its group at once, and waits for nothing.
    func kill() {
        // The whole group: nginx's workers outlive a killed master, and keep its port.
        beginStop()?.kill()
    }

    private func beginStop() -> DemoChild? {
        state.withLock { state in
            state.isStopping = true
            return state.child
        }
    }

    private func watch(_ first: DemoChild) {
        var child: DemoChild? = first
        while let running = child {
            let started = ContinuousClock.now
            let exit = running.wait()
            guard let pause = pause(after: exit, lasted: ContinuousClock.now - started) ?? follow()
            else { break }
            tell("\(plan.name) ended (\(exit)); starting it again")
            guard thread.pause(for: pause) else { break }
            child = restart()
        }
    }

    /// How long to wait before the next start, nil for none.
    private func pause(after exit: DemoChild.Exit, lasted: Duration) -> Duration? {
        let next = successor?() ?? .none
        return state.withLock { state in
            state.child = nil
            guard !state.isStopping, !exit.isClean else { return nil }
            // The user killed ours and started their own: another one could not start beside it.
            if case .running = next { return nil }
            // The user may be testing kill -9, perhaps many times in a row.
            state.isRestarting = true
            if case .signal(SIGKILL) = exit {
                return lasted > .seconds(1) ? .zero : .milliseconds(125)
            }
            state.failuresInARow = lasted > .seconds(30) ? 0 : state.failuresInARow + 1
            let exponent = min(max(state.failuresInARow - 1, 0), 6)
            return state.failuresInARow <= 1 ? .zero : .milliseconds(125 << exponent)
        }
    }

    /// Watches the process in the child's place, until it crashes or we are stopped.
    ///
    /// Returns the pause before a start of our own, nil for none.
    private func follow() -> Duration? {
        if !state.withLock({ $0.isStopping }) { onChange(nil) }
        guard let successor else { return nil }
        // It is not our child, so it must be polled: one small file a second.
        repeat {
            let next = successor()
            let pid: pid_t? = if case .running(let pid) = next { pid } else { nil }
            let isNews = state.withLock { state in
                defer { state.successor = pid }
                return state.successor != pid && !state.isStopping
            }
            if isNews { onChange(pid) }
            if next == .crashed { return .zero }
        } while thread.pause(for: .seconds(1))
        return nil
    }

    private func restart() -> DemoChild? {
        let child = try? DemoChild(plan)
        let keeps = state.withLock { state in
            state.child = child
            state.isRestarting = false
            return !state.isStopping
        }
        guard let child else {
            tell("\(plan.name) cannot be started again")
            if keeps { onChange(nil) }
            return nil
        }
        // Stopped between the pause and now: only this line ends the new child.
        if !keeps { child.send(SIGTERM) }
        onChange(child.pid)
        return child
    }
}
