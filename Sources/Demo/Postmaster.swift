import Foundation

/// The server that runs on a data directory, whoever started it, as its postmaster.pid tells.
///
/// `pg_ctl restart` puts a postmaster in our child's place that is nobody's child of ours.
struct Postmaster: Sendable {
    let data: String

    /// What postmaster.pid says now.
    var successor: Supervisor.Successor {
        guard let pid = notedPID else { return .none }
        if isOurs(pid) { return .running(pid) }
        // An orderly end between the two looks has removed the file; a crash has left it.
        return notedPID == pid ? .crashed : .none
    }

    /// Shuts the server down, and kills it at the deadline.
    ///
    /// - Parameters:
    ///   - limit: how long the shutdown may take.
    ///   - isInterrupted: ends the wait without a kill.
    func stop(within limit: Duration, isInterrupted: () -> Bool = { false }) {
        guard case .running(let pid) = successor else { return }
        // The fast shutdown.
        Foundation.kill(pid, SIGINT)
        let deadline = ContinuousClock.now + limit
        // Nobody tells us of the end of a process that is not our child.
        while isOurs(pid), ContinuousClock.now < deadline {
            if isInterrupted() { return }
            usleep(20_000)
        }
        if isOurs(pid) { Foundation.kill(pid, SIGKILL) }
        for _ in 0..<100 where isOurs(pid) { usleep(20_000) }
    }

    /// Kills the server; its processes notice and end themselves.
    func kill() {
        if case .running(let pid) = successor { Foundation.kill(pid, SIGKILL) }
    }

    private var notedPID: pid_t? {
        let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)
        // A standalone server, which we never start, notes its pid negated.
        return text?.split(separator: "\n").first.flatMap { pid_t($0) }.flatMap {
            $0 > 0 ? $0 : nil
        }
    }

    /// Whether it lives and works in our data directory, as a stranger with the same pid would not.
    private func isOurs(_ pid: pid_t) -> Bool {
        var folder = stat()
        var workingDirectory = stat()
        return stat(data, &folder) == 0 && stat("/proc/\(pid)/cwd", &workingDirectory) == 0
            && folder.st_dev == workingDirectory.st_dev && folder.st_ino == workingDirectory.st_ino
    }
}
