import Dispatch
import Foundation
import Glibc
import Synchronization

/// The two threads that start, read and reap one child, and what they learn about it.
final class ChildLife: Sendable {
    struct State {
        var processID: pid_t = -1
        var exit: ChildProcess.Exit?
        var output: [UInt8] = []
        var errors: [UInt8] = []
    }

    let state = Mutex(State())
    /// Left when the process has been reaped.
    let exited = DispatchGroup()
    /// Left at the end of both outputs.
    let drained = DispatchGroup()

    var processID: pid_t { state.withLock { $0.processID } }

    init(_ command: [String], _ environment: [String], input: String) throws(TestSupportError) {
        let pipes = try SpawnPipes(input: input)
        let started = DispatchSemaphore(value: 0)
        let failure = Atomic<Int32>(0)
        exited.enter()
        // The signal at our death comes when the *thread* that made the child ends, and the threads
        // that run tests come and go. So the thread that waits for the child also makes it.
        Thread.detachNewThread { [self] in
            let outcome = pipes.spawn(command, environment)
            state.withLock { $0.processID = outcome.pid }
            failure.store(outcome.error, ordering: .releasing)
            started.signal()
            if outcome.error == 0 { reap(outcome.pid) }
            exited.leave()
        }
        started.wait()
        let error = failure.load(ordering: .acquiring)
        guard error == 0 else {
            pipes.closeAll()
            throw TestSupportError(
                "cannot start \(command): \(String(cString: strerror(error)))")
        }
        pipes.closeChildEnds()
        drained.enter()
        Thread.detachNewThread { [self] in
            drain(pipes)
            drained.leave()
        }
    }

    private func reap(_ processID: pid_t) {
        // WNOWAIT keeps the zombie, and so the id, until the lock is held that signals are sent
        // under.
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {
        }
        state.withLock { state in
            var status: Int32 = 0
            waitpid(processID, &status, 0)
            let signal = status & 0x7F
            state.exit = signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
        }
    }

    private func drain(_ pipes: SpawnPipes) {
        pipes.readAll { isError, bytes in
            state.withLock { state in
                let target = isError ? \State.errors : \State.output
                state[keyPath: target] += bytes
                let excess = state[keyPath: target].count - 1_048_576
                if excess > 0 { state[keyPath: target].removeFirst(excess) }
            }
        }
        pipes.closeOurEnds()
    }
}
