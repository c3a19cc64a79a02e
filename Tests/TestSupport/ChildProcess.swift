import Dispatch
import Foundation
import Glibc
import Synchronization

/// A program started by a test: its output is kept, and it never outlives the test process.
///
/// It runs in a process group of its own, inherits no descriptor but the standard three, and is
/// killed when the last reference goes. Safe to use from any thread.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Exit: Equatable, Sendable {
        /// It called `exit` with this status.
        case status(Int32)
        /// This signal killed it.
        case signal(Int32)
    }

    /// The process id; another process may have it once this one has exited.
    package let processID: Int32

    private let name: String
    private let life: ChildLife

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - executable: a path, or a name looked for in `PATH`.
    ///   - arguments: without the program's name.
    ///   - environment: all of it; nil inherits ours.
    ///   - user: a system user to run as, when we are root; ignored otherwise.
    ///   - input: what it reads on its standard input before the end; at most 64 KiB.
    ///   - signalAtOurDeath: what the kernel sends it when this process dies, however it dies; a
    ///     name without `SIG`.
    /// - Throws: when the process cannot be made. A program that is missing exits with 127.
    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        user: String? = nil, input: String = "", signalAtOurDeath: String = "KILL"
    ) throws(TestSupportError) {
        var command = ["setpriv", "--pdeathsig", signalAtOurDeath]
        if let user, getuid() == 0 {
            command += ["--reuid", user, "--regid", user, "--init-groups"]
        }
        let variables = environment ?? ProcessInfo.processInfo.environment
        name = executable
        life = try ChildLife(
            command + ["--", executable] + arguments, variables.map { "\($0)=\($1)" }, input: input)
        processID = life.processID
    }

    deinit {
        send(signal: SIGKILL)
    }

    /// Sends a signal, if the process still runs.
    ///
    /// - Parameter number: for example `SIGTERM`.
    package func send(signal number: Int32) {
        // Under the lock in which it is reaped, so that the id cannot be another process's.
        life.state.withLock { if $0.exit == nil { kill(processID, number) } }
    }

    /// Whether it has not exited.
    package var isRunning: Bool { life.state.withLock { $0.exit == nil } }

    /// Waits for the exit, and for the end of the output.
    ///
    /// - Parameter limit: how long to wait.
    /// - Returns: how it ended.
    /// - Throws: when the process still runs then; it is left running.
    @discardableResult
    package func waitForExit(
        within limit: Duration = .seconds(30)
    ) throws(TestSupportError) -> Exit {
        guard life.exited.wait(timeout: .now() + limit.seconds) == .success,
            let exit = life.state.withLock({ $0.exit })
        else {
            throw TestSupportError("\(name) did not exit within \(limit)\n\(lastLines)")
        }
        // A grandchild may hold the pipe open; what the process itself wrote is there by now.
        _ = life.drained.wait(timeout: .now() + 0.5)
        return exit
    }

    /// Asks the process to stop, kills it when it does not, and waits for its exit.
    ///
    /// - Parameters:
    ///   - signal: how to ask; by default `SIGTERM`.
    ///   - limit: how long it may take before it is killed.
    /// - Returns: how it ended.
    /// - Throws: when even the kill did not end it.
    @discardableResult
    package func stop(
        _ signal: Int32 = 15, within limit: Duration = .seconds(10)
    ) throws(TestSupportError) -> Exit {
        send(signal: signal)
        do {
            return try waitForExit(within: limit)
        } catch {
            send(signal: SIGKILL)
            return try waitForExit(within: .seconds(10))
        }
    }

    /// Waits until the program is ready, or fails as soon as it has exited.
    ///
    /// - Parameters:
    ///   - limit: how long to wait.
    ///   - probe: true when it is ready, for example when a connect succeeds.
    /// - Throws: when it exited or the time is up, with its last output.
    package func waitUntilReady(
        within limit: Duration = .seconds(30), _ probe: () throws -> Bool
    ) throws {
        let ready = try waitUntil(within: limit) { try !isRunning || probe() }
        guard ready, isRunning else {
            // For its last output.
            if !isRunning { _ = try? waitForExit(within: .seconds(1)) }
            throw TestSupportError(
                "\(name) \(ready ? "exited early" : "was not ready within \(limit)")\n\(lastLines)")
        }
    }

    /// Waits until a text stands in the output or the errors.
    ///
    /// - Parameters:
    ///   - text: what to look for.
    ///   - limit: how long to wait.
    /// - Throws: when it exited without it or the time is up, with its last output.
    package func waitForOutput(_ text: String, within limit: Duration = .seconds(30)) throws {
        let found = { self.output.contains(text) || self.errors.contains(text) }
        _ = waitUntil(within: limit) { found() || !isRunning }
        if !isRunning { _ = try? waitForExit(within: .seconds(1)) }
        guard found() else { throw TestSupportError("\(name) never wrote \(text)\n\(lastLines)") }
    }

    /// What it has written to its standard output; the last mebibyte.
    package var output: String {
        String(decoding: life.state.withLock { $0.output }, as: UTF8.self)
    }

    /// What it has written to its standard error; the last mebibyte.
    package var errors: String {
        String(decoding: life.state.withLock { $0.errors }, as: UTF8.self)
    }

    private var lastLines: String { String((output + errors).suffix(2000)) }
}

extension Duration {
    /// For Dispatch and the C functions that count in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
