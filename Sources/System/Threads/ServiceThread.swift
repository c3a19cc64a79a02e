internal import Glibc
private import Synchronization

/// A thread of our own for work that blocks, outside Swift's cooperative pool.
///
/// There is one way to stop it: `stop` asks it to end, and ends any wait of this type in its body.
/// `join` waits until it has ended. A body that waits elsewhere, such as in poll(2), passes at its
/// start how to end that wait. Signals are blocked in it.
///
/// The thread holds its body, and what that holds, until the body returns; so whoever starts a
/// thread must stop it. `wake`, `stop`, `join` and `hasEnded` may be called from any thread, the
/// waits only from the thread's own body.
package final class ServiceThread: Sendable {
    private struct State {
        var isStopping = false
        var isWoken = false
        var isRunning = false
        /// Ends a wait that is not of this type.
        var interrupt: (@Sendable () -> Void)?

        mutating func takeWake() -> Bool {
            defer { isWoken = false }
            return isWoken
        }
    }

    private let name: String
    private let stackBytes: Int
    private let monitor = Monitor(State())
    /// A copy of the state's flag that is read without the lock.
    private let stopFlag = Atomic<Bool>(false)

    /// A thread that has not been started.
    ///
    /// - Parameters:
    ///   - name: What ps(1) and perf(1) show; cut to 15 bytes.
    ///   - stackBytes: Of its stack; small, so that a pool of threads stays small.
    package init(_ name: String, stackBytes: Int = 512 << 10) {
        self.name = name
        self.stackBytes = stackBytes
    }

    /// Starts it. Call it once.
    ///
    /// - Parameters:
    ///   - interrupt: Ends all waits of the body that are not of this type; called by each `stop`,
    ///     must not block.
    ///   - body: Runs on the thread, which ends with it.
    /// - Throws: `system` when no thread can be created; then it counts as ended.
    package func start(
        interrupt: (@Sendable () -> Void)? = nil, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let isStopping = monitor.withLock { state in
            precondition(!state.isRunning, "a thread is started once")
            state.isRunning = true
            state.interrupt = interrupt
            return state.isStopping
        }
        do throws(SystemError) {
            try PosixThread.start(name, stackBytes: stackBytes, body) { [self] in ended() }
        } catch {
            ended()
            throw error
        }
        if isStopping { interrupt?() }
    }

    /// As `start`, for a thread that the process cannot work without: it aborts on failure.
    package func startOrAbort(
        interrupt: (@Sendable () -> Void)? = nil, _ body: @escaping @Sendable () -> Void
    ) {
        do {
            try start(interrupt: interrupt, body)
        } catch {
            fatalError("\(error.debugDescription)")
        }
    }

    private func ended() {
        let interrupt = monitor.withLock { state in
            state.isRunning = false
            defer { state.interrupt = nil }
            return state.interrupt
        }
        // It may hold the last reference to an object, which must not be freed under the lock.
        _ = consume interrupt
        monitor.wakeAll()
    }

    // MARK: From outside

    /// Asks the body to end, and returns at once. May be called repeatedly.
    package func stop() {
        stopFlag.store(true, ordering: .releasing)
        let interrupt = monitor.withLock { state in
            state.isStopping = true
            return state.interrupt
        }
        monitor.wakeAll()
        interrupt?()
    }

    /// Waits until the body has returned; returns at once for a thread that was never started.
    package func join() {
        monitor.wait { $0.isRunning ? nil : () }
    }

    /// Waits until the body has returned, or until the deadline.
    ///
    /// - Returns: Whether it has.
    package func join(until deadline: ContinuousClock.Instant) -> Bool {
        monitor.wait(until: deadline) { $0.isRunning ? nil : () } != nil
    }

    /// Whether the body does not run: it has returned, or was never started.
    package var hasEnded: Bool { monitor.withLock { !$0.isRunning } }

    /// Ends the body's `wait`, or its next one. Several before a wait count as one.
    package func wake() {
        let isNews = monitor.withLock { state in
            defer { state.isWoken = true }
            return !state.isWoken
        }
        if isNews { monitor.wakeAll() }
    }

    // MARK: From the body

    /// Whether `stop` has been called. Cheap; any thread.
    package var isStopping: Bool { stopFlag.load(ordering: .acquiring) }

    /// Waits for a wake-up or the stop.
    package func wait() {
        monitor.wait { $0.takeWake() || $0.isStopping ? () : nil }
    }

    /// Waits for a wake-up, the stop or the deadline.
    package func wait(until deadline: ContinuousClock.Instant) {
        _ = monitor.wait(until: deadline) { $0.takeWake() || $0.isStopping ? () : nil }
    }

    /// Waits for a wake-up, the stop or the time.
    package func wait(for limit: Duration) { wait(until: .now + limit) }

    /// Waits for a wake-up or the time, also after the stop: for work that must be done before the
    /// end but cannot be done yet.
    package func waitForWake(for limit: Duration) {
        _ = monitor.wait(until: .now + limit) { $0.takeWake() ? () : nil }
    }

    /// Waits for so long; only the stop ends it earlier.
    ///
    /// - Returns: False once the thread is to end.
    @discardableResult
    package func pause(for duration: Duration) -> Bool {
        monitor.wait(until: .now + duration) { $0.isStopping ? () : nil } == nil
    }

    /// Blocks the calling thread, of whatever kind, for so long.
    package static func sleep(for duration: Duration) {
        let parts = max(.zero, duration).components
        var left = timespec(
            tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
    }
}
