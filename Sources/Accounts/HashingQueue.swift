import System

/// Runs what hashes a password, on threads of its own: each hash takes 64 MiB and a core for about
/// 60 ms, so few run at once and few may wait.
///
/// Never on Swift's cooperative pool, which has a thread a core. Any thread may submit.
final class HashingQueue: Sendable {
    /// What to do, and what to do instead if it does not get its turn in time.
    private struct Job: Sendable {
        let deadline: ContinuousClock.Instant
        let run: @Sendable () -> Void
        let refuse: @Sendable () -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var isStopping = false
    }

    private enum Turn {
        case job(Job)
        case end
    }

    private let monitor = Monitor(State())
    private let threads: [ServiceThread]
    private let limit: Int
    private let patience: Duration

    /// Starts its threads.
    ///
    /// - Parameters:
    ///   - width: how many jobs run at once.
    ///   - limit: how many may wait.
    ///   - patience: how long each may wait.
    init(width: Int, limit: Int, patience: Duration) {
        self.limit = limit
        self.patience = patience
        threads = (0..<width).map { ServiceThread("password-\($0)") }
        for thread in threads {
            thread.startOrAbort(interrupt: { [monitor] in
                monitor.withLock { $0.isStopping = true }
                monitor.wakeAll()
            }) { [monitor] in Self.work(monitor) }
        }
    }

    deinit { stop() }

    /// Takes a job, or refuses it at once if too many wait.
    ///
    /// - Parameters:
    ///   - run: what hashes; on a thread of this queue.
    ///   - refuse: called instead, from this or another thread.
    func submit(run: @escaping @Sendable () -> Void, refuse: @escaping @Sendable () -> Void) {
        let job = Job(deadline: .now + patience, run: run, refuse: refuse)
        let isTaken = monitor.withLock { state in
            guard !state.isStopping, state.jobs.count < limit else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken { monitor.wakeAll() } else { refuse() }
    }

    /// Ends the threads after their present jobs and refuses those that wait.
    func stop() {
        for thread in threads { thread.stop() }
        let jobs = monitor.withLock { state in
            defer { state.jobs = [] }
            state.isStopping = true
            return state.jobs
        }
        for job in jobs { job.refuse() }
    }

    private static func work(_ monitor: Monitor<State>) {
        while case .job(let job) = next(monitor) {
            if job.deadline < .now { job.refuse() } else { job.run() }
        }
    }

    private static func next(_ monitor: Monitor<State>) -> Turn {
        monitor.wait { state in
            if state.isStopping { return .end }
            return state.jobs.isEmpty ? nil : .job(state.jobs.removeFirst())
        }
    }
}
