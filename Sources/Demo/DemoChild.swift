import Foundation
import System

/// A program that the demo started, in a session of its own: Ctrl-C reaches only the demo, which
/// then stops its children in order.
final class DemoChild: Sendable {
    /// How a child is started.
    struct Plan: Sendable {
        let name: String
        let program: String
        let arguments: [String]
        var environment: [String: String] = ProcessInfo.processInfo.environment
        /// Takes standard output and standard error.
        let log: String
        /// Listening sockets that it gets from descriptor 3 on, announced as systemd does it.
        var sockets: [Int32] = []

        /// The command and its arguments. LISTEN_PID must be the child's own pid, which is not
        /// known before the start, so a shell sets it and then executes the program.
        fileprivate var words: [String] {
            let command = [program] + arguments
            guard !sockets.isEmpty else { return command }
            let script = #"export LISTEN_PID=$$ LISTEN_FDS=\#(sockets.count); exec "$0" "$@""#
            return ["/bin/sh", "-c", script] + command
        }
    }

    private struct Living {
        /// All children of this process that are not yet reaped, with the number of threads that
        /// are about to signal each. A child is not reaped while a thread signals it, so that its
        /// pid cannot belong to another process.
        var signallers: [pid_t: Int] = [:]
        /// Children that are being started.
        var startingCount = 0
        var isClosed = false

        /// Whether a child may be started.
        mutating func begin() -> Bool {
            if !isClosed { startingCount += 1 }
            return !isClosed
        }

        mutating func started(_ pid: pid_t?) {
            startingCount -= 1
            if let pid { signallers[pid] = 0 }
        }

        /// Whether a child may be signalled; if so, `leave` it afterwards.
        mutating func enter(_ pid: pid_t) -> Bool {
            guard let count = signallers[pid] else { return false }
            signallers[pid] = count + 1
            return true
        }

        mutating func leave(_ pid: pid_t) { signallers[pid]? -= 1 }
    }

    private static let living = Monitor(Living())

    let plan: Plan
    let pid: pid_t

    /// glibc's POSIX_SPAWN_SETSID, which its header hides without GNU extensions.
    private static let spawnInNewSession: Int32 = 0x80

    /// Starts the program.
    ///
    /// - Throws: `DemoError` naming the program and the system's reason.
    init(_ plan: Plan) throws(DemoError) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, plan.log, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for (index, descriptor) in plan.sockets.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
        }
        // The demo blocks the signals that it waits for; its children must not inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(Self.spawnInNewSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let program = plan.words[0]
        let words = plan.words.map { strdup($0) } + [nil]
        let variables = plan.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        var status = ECANCELED
        if Self.living.withLock({ $0.begin() }) {
            status = posix_spawn(&pid, program, &actions, &attributes, words, variables)
            Self.living.withLock { $0.started(status == 0 ? pid : nil) }
            Self.living.wakeAll()
        }
        guard status == 0 else {
            throw DemoError(
                "cannot start \(plan.name) (\(plan.program)): \(String(cString: strerror(status)))")
        }
        self.plan = plan
        self.pid = pid
    }

    /// How a child ended.
    enum Exit: Sendable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        /// An end that was asked for: no restart is needed.
        var isClean: Bool {
            if case .status(0) = self { true } else { false }
        }

        var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    /// Waits until the child ends, and kills the rest of its group. Call it once.
    func wait() -> Exit {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        // nginx's workers outlive a killed master and keep its port. Before the child is reaped, no
        // other process can have its group.
        Foundation.kill(-pid, SIGKILL)
        Self.living.wait { living -> Void? in
            guard living.signallers[pid] == 0 else { return nil }
            living.signallers[pid] = nil
            return ()
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    /// Sends a signal, if the child has not been reaped.
    func send(_ signal: Int32) { Self.send(signal, to: pid, of: pid) }

    /// Kills the child and those of its group, and waits for nothing.
    func kill() { Self.send(SIGKILL, to: -pid, of: pid) }

    /// Kills all children; no other can be started afterwards.
    static func killAll() {
        living.withLock { $0.isClosed = true }
        // Waits for children that are being started, so that none is missed.
        let pids = living.wait { $0.startingCount == 0 ? Array($0.signallers.keys) : nil }
        for pid in pids { send(SIGKILL, to: -pid, of: pid) }
    }

    private static func send(_ signal: Int32, to target: pid_t, of pid: pid_t) {
        guard living.withLock({ $0.enter(pid) }) else { return }
        Foundation.kill(target, signal)
        living.withLock { $0.leave(pid) }
        living.wakeAll()
    }
}
