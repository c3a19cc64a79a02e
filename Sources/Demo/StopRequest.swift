import Foundation
import Synchronization
import System

/// The user's request to stop; signals count from the demo's first moment on.
///
/// Every wait during the start checks for the first signal; the second one ends the process at
/// once.
final class StopRequest: Sendable {
    private struct State {
        var signal: Int32?
        var tool: DemoChild?
    }

    private let state = Mutex(State())
    private let requested = Wakeup()
    private let onSecond: @Sendable (Int32) -> Void

    /// - Parameter onSecond: called with the second signal; it should not return.
    init(onSecond: @escaping @Sendable (Int32) -> Void) {
        self.onSecond = onSecond
    }

    /// A signal has come.
    func take(_ signal: Int32) {
        let (isFirst, tool) = state.withLock { state in
            defer { state.signal = state.signal ?? signal }
            return (state.signal == nil, state.tool)
        }
        guard isFirst else { return onSecond(signal) }
        tool?.kill()
        requested.signal()
    }

    /// Whether the first signal has come.
    var isMade: Bool { state.withLock { $0.signal != nil } }

    /// Waits for the first signal. Call it once.
    func wait() { requested.wait() }

    /// - Throws: `DemoError` with the exit status of the signal, if it has come.
    func check() throws(DemoError) {
        guard let signal = state.withLock({ $0.signal }) else { return }
        throw DemoError(
            "stopped by signal \(signal) before all was up", exitStatus: 128 + signal)
    }

    /// Runs a program to its end, or to the first signal.
    ///
    /// - Parameters:
    ///   - plan: what is run; the signal kills it, so what it makes must be disposable.
    ///   - onStart: called with its pid.
    /// - Throws: `DemoError` with the last lines of its output, if it fails; as `check` does.
    func run(
        _ plan: DemoChild.Plan, onStart: (pid_t) -> Void = { _ in }
    ) throws(DemoError) {
        try check()
        let child = try DemoChild(plan)
        let isTooLate = state.withLock { state in
            state.tool = child
            return state.signal != nil
        }
        if isTooLate { child.kill() }
        onStart(child.pid)
        let exit = child.wait()
        state.withLock { $0.tool = nil }
        try check()
        guard exit.isClean else {
            let output = (try? String(contentsOfFile: plan.log, encoding: .utf8)) ?? ""
            let last = output.split(separator: "\n").suffix(5).joined(separator: "\n  ")
            throw DemoError("\(plan.name) failed (\(exit)):\n  \(last)")
        }
    }
}
