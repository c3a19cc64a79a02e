import Foundation
import Glibc
import Synchronization
import System

/// The responder's three sockets, bound by us as systemd would do it, and kept open.
final class ListeningSockets: Sendable {
    fileprivate let descriptors: [Int32]
    private let paths: [String]

    /// Binds `callbacks.sock`, `api.sock` and `events.sock` in a folder.
    ///
    /// - Throws: when a file is in the way.
    init(in directory: String) throws(ConnectionFailure) {
        var descriptors: [Int32] = []
        paths = ["callbacks", "api", "events"].map { "\(directory)/\($0).sock" }
        for path in paths {
            let socket: ListeningSocket
            do throws(SystemError) {
                socket = try ListeningSocket.bind(path, backlog: 1024)
            } catch {
                throw ConnectionFailure("cannot listen at \(path)")
            }
            // nginx's workers are another user when we are root.
            chmod(path, 0o666)
            // Out of the way of the numbers that the child will have.
            descriptors.append(fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 200))
            close(socket.descriptor)
        }
        self.descriptors = descriptors
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
        for path in paths { unlink(path) }
    }
}

/// `waybill serve` with inherited sockets, as systemd starts it. It dies with the test process.
final class ActivatedResponder: Sendable {
    let log: String
    private let state = Mutex<(pid: pid_t, status: Int32?)>((-1, nil))
    private let exited = DispatchGroup()

    /// Starts it; `isReady` tells when it answers.
    ///
    /// - Parameters:
    ///   - sockets: what it inherits as descriptors 3 to 5.
    ///   - settings: its environment.
    ///   - log: the file that takes its output.
    /// - Throws: when the program cannot be started.
    init(_ sockets: ListeningSockets, settings: [String: String], log: String) throws {
        self.log = log
        let started = DispatchSemaphore(value: 0)
        exited.enter()
        // The kernel sends the signal at our death when the thread ends that made the child.
        Thread.detachNewThread { [self] in
            let pid = Self.spawn(sockets, settings, log)
            state.withLock { $0.pid = pid }
            started.signal()
            var status: Int32 = 0
            while pid > 0, waitpid(pid, &status, 0) < 0, errno == EINTR {}
            state.withLock { $0.status = status }
            exited.leave()
        }
        started.wait()
        guard state.withLock({ $0.pid }) > 0 else { throw ConnectionFailure("cannot spawn") }
    }

    deinit {
        state.withLock { state in
            if state.status == nil { _ = kill(state.pid, SIGKILL) }
        }
    }

    /// Whether it has reported that it is ready.
    var isReady: Bool {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.contains(#""message":"ready""#)
    }

    func send(signal: Int32) {
        state.withLock { state in
            if state.status == nil { _ = kill(state.pid, signal) }
        }
    }

    /// The exit status once it has ended; nil if a signal ended it, or it still runs in 40 s.
    func waitForExit() -> Int32? {
        guard exited.wait(timeout: .now() + 40) == .success,
            let status = state.withLock({ $0.status }), status & 0x7F == 0
        else { return nil }
        return status >> 8 & 0xFF
    }

    private static func spawn(
        _ sockets: ListeningSockets, _ settings: [String: String], _ log: String
    ) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for (index, descriptor) in sockets.descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
        }
        // LISTEN_PID must be the program's own, so the shell becomes it.
        let script = #"LISTEN_PID=$$ LISTEN_FDS=3 exec "$0" serve"#
        let words = [
            "setpriv", "--pdeathsig", "TERM", "--", "sh", "-c", script, WaybillProgram.path,
        ]
        let variables = WaybillProgram.bareEnvironment.merging(settings) { $1 }
        let arguments = words.map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (arguments + environment).forEach { free($0) } }
        var pid: pid_t = -1
        let status = posix_spawnp(&pid, "setpriv", &actions, nil, arguments, environment)
        return status == 0 ? pid : -1
    }
}
