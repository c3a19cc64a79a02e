import FastCGI
import Foundation
import System
import TestSupport
import Testing

@testable import waybill

/// The responder as systemd starts it: sockets passed, readiness reported, watchdog notified. The
/// database is unreachable, which must stop none of it.
@Suite("Serve", .blocking)
struct ServeTests {
    private let folder: TemporaryDirectory
    private let environment: [String: String]

    init() throws {
        folder = try TemporaryDirectory()
        environment = [
            "DATABASE_URL": "postgresql://waybill@127.0.0.1:\(try FreePort.next())/waybill",
            "INFOBIP_WEBHOOK_SECRET": "s", "NOTIFY_SOCKET": folder.path(of: "notify"),
            "PATH": "/usr/bin:/bin",
        ]
    }

    private func path(_ name: Listener.Name) -> String { folder.path(of: "\(name.rawValue).sock") }

    /// Sockets as waybill.socket makes them, in an order of its own.
    private func listen(_ names: [Listener.Name]) throws -> [Int32] {
        try names.map { name in
            try ListeningSocket.bind(path(name), backlog: 16).descriptor
        }
    }

    /// Starts `waybill serve` with descriptors from 3 on, as systemd does.
    private func start(
        sockets: [Int32], _ more: [String: String] = [:]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let log = folder.path(of: "log")
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // By a detour, so that none is overwritten before it has been passed on.
        for (index, descriptor) in sockets.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, 200 + Int32(index))
        }
        for index in sockets.indices {
            posix_spawn_file_actions_adddup2(&actions, 200 + Int32(index), 3 + Int32(index))
            posix_spawn_file_actions_addclose(&actions, 200 + Int32(index))
        }
        // LISTEN_PID is the process's own, which only a shell that becomes it can know.
        let script =
            sockets.isEmpty
            ? "exec \(Executable.path) serve"
            : "LISTEN_PID=$$ LISTEN_FDS=\(sockets.count) exec \(Executable.path) serve"
        let command = ["/bin/sh", "-c", script]
        let words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        let variables: [UnsafeMutablePointer<CChar>?] =
            environment.merging(more) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, "/bin/sh", &actions, nil, words, variables)
        try #require(status == 0)
        return pid
    }

    private func status(of pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
    }

    private var log: String {
        (try? String(contentsOfFile: folder.path(of: "log"), encoding: .utf8)) ?? ""
    }

    @Test(
        "It takes systemd's sockets, reports readiness, notifies the watchdog, and stops with 0")
    func inherited() throws {
        let notify = try #require(DatagramSocket(folder.path(of: "notify")))
        let sockets = try listen([.events, .callbacks, .api])
        defer { sockets.forEach { close($0) } }
        let pid = try start(sockets: sockets, ["WATCHDOG_USEC": "60000000"])
        var hasEnded = false
        defer { if !hasEnded { kill(pid, SIGKILL) } }

        #expect(notify.receive() == "READY=1", "\(log)")
        #expect(notify.receive() == "WATCHDOG=1", "\(log)")
        for name in Listener.Name.allCases {
            #expect(SelfCheck.answers(path: path(name), within: .seconds(5)), "\(name)")
        }
        kill(pid, SIGTERM)
        #expect(notify.receive() == "STOPPING=1")
        #expect(status(of: pid) == 0, "\(log)")
        hasEnded = true
        // systemd's sockets stay for the next start.
        for name in Listener.Name.allCases {
            #expect(FileManager.default.fileExists(atPath: path(name)))
        }
    }

    @Test("It binds sockets of its own if there are none, and removes them again")
    func ownSockets() throws {
        let notify = try #require(DatagramSocket(folder.path(of: "notify")))
        let pid = try start(sockets: [], ["WAYBILL_SOCKET_DIRECTORY": folder.path])
        var hasEnded = false
        defer { if !hasEnded { kill(pid, SIGKILL) } }
        #expect(notify.receive() == "READY=1", "\(log)")
        for name in Listener.Name.allCases {
            #expect(SelfCheck.answers(path: path(name), within: .seconds(5)), "\(name)")
            var information = stat()
            #expect(stat(path(name), &information) == 0)
            #expect(information.st_mode & 0o777 == 0o660)
        }
        kill(pid, SIGINT)
        #expect(status(of: pid) == 0, "\(log)")
        hasEnded = true
        #expect(!FileManager.default.fileExists(atPath: path(.callbacks)))
    }

    @Test("SIGUSR1, which ends all waiting, does not end it")
    func hurry() throws {
        let notify = try #require(DatagramSocket(folder.path(of: "notify")))
        let pid = try start(sockets: [], ["WAYBILL_SOCKET_DIRECTORY": folder.path])
        var hasEnded = false
        defer { if !hasEnded { kill(pid, SIGKILL) } }
        #expect(notify.receive() == "READY=1", "\(log)")
        kill(pid, SIGUSR1)
        kill(pid, SIGUSR1)
        let isHeard = waitUntil(within: .seconds(20)) {
            log.contains("nobody is kept waiting any more")
        }
        #expect(isHeard, "\(log)")
        #expect(SelfCheck.answers(path: path(.api), within: .seconds(5)))
        kill(pid, SIGTERM)
        #expect(status(of: pid) == 0, "\(log)")
        hasEnded = true
    }

    @Test("A socket that systemd did not pass is named")
    func incomplete() throws {
        let sockets = try listen([.callbacks, .api])
        defer { sockets.forEach { close($0) } }
        let pid = try start(sockets: sockets)
        #expect(status(of: pid) == 1)
        #expect(log.contains("systemd handed over no socket named events"))
    }

    @Test("A standard error that nobody reads stops neither the service nor its end")
    func blockedLog() throws {
        let notify = try #require(DatagramSocket(folder.path(of: "notify")))
        let path = folder.path(of: "log")
        try #require(mkfifo(path, 0o600) == 0)
        let pipe = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(pipe >= 0)
        defer { close(pipe) }
        let page = [UInt8](repeating: 0, count: 4096)
        while write(pipe, page, page.count) > 0 {}
        // The missing database is worth a line before it is ready.
        let pid = try start(sockets: [], ["WAYBILL_SOCKET_DIRECTORY": folder.path])
        var hasEnded = false
        defer { if !hasEnded { kill(pid, SIGKILL) } }
        #expect(notify.receive() == "READY=1")
        for name in Listener.Name.allCases {
            #expect(SelfCheck.answers(path: self.path(name), within: .seconds(5)), "\(name)")
        }
        kill(pid, SIGTERM)
        #expect(notify.receive() == "STOPPING=1")
        #expect(status(of: pid) == 0)
        hasEnded = true
    }

    @Test("A second signal ends it at once, whatever is still being answered")
    func secondSignal() throws {
        let notify = try #require(DatagramSocket(folder.path(of: "notify")))
        let pid = try start(sockets: [], ["WAYBILL_SOCKET_DIRECTORY": folder.path])
        var hasEnded = false
        defer { if !hasEnded { kill(pid, SIGKILL) } }
        #expect(notify.receive() == "READY=1", "\(log)")
        // A callback whose body does not come: the drain waits for it.
        let request = try #require(HalfRequest(path(.callbacks)))
        #expect(request.isTaken())
        let start = ContinuousClock.now
        kill(pid, SIGTERM)
        #expect(notify.receive() == "STOPPING=1")
        kill(pid, SIGTERM)
        #expect(status(of: pid) == 128 + SIGTERM, "\(log)")
        hasEnded = true
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}

/// A connection with a request that announces a body and sends none.
private final class HalfRequest {
    private let descriptor: Int32

    init?(_ path: String) {
        guard let socket = try? UnixSocket(.stream), let address = try? UnixAddress(path: path),
            (try? socket.connect(to: address)) != nil
        else { return nil }
        descriptor = socket.take()
        var pairs: [UInt8] = []
        for (name, value) in [
            ("REQUEST_METHOD", "POST"), ("DOCUMENT_URI", "/callbacks/infobip"),
            ("REQUEST_URI", "/callbacks/infobip"), ("CONTENT_LENGTH", "10"),
        ] {
            pairs += [UInt8(name.utf8.count), UInt8(value.utf8.count)]
            pairs += Array(name.utf8) + Array(value.utf8)
        }
        let bytes: [UInt8] =
            [1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
            + [1, 4, 0, 1, 0, UInt8(pairs.count), 0, 0] + pairs + [1, 4, 0, 1, 0, 0, 0, 0]
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            return nil
        }
    }

    deinit {
        close(descriptor)
    }

    /// Waits until the responder has read all that was sent.
    func isTaken() -> Bool {
        waitUntil(within: .seconds(10)) {
            var unread: Int32 = 0
            return ioctl(descriptor, UInt(TIOCOUTQ), &unread) == 0 && unread == 0
        }
    }
}
