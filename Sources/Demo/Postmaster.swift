import Foundation

/// The server that runs on a data directory, whoever started it, found by its postmaster.pid.
///
/// `pg_ctl restart` replaces our child by a postmaster that is not our child.
struct Postmaster: Sendable {
    let data: String

    /// The server that postmaster.pid names now.
    var successor: Supervisor.Successor {
        guard let pid = notedPID else { return .none }
        if isOurs(pid) { return .running(pid) }
        // A regular end removes the file in between; a crash leaves it.
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
        // The process is not our child, so its end must be polled.
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
        // A standalone server, which we never start, writes its pid negated.
        return text?.split(separator: "\n").first.flatMap { pid_t($0) }.flatMap {
            $0 > 0 ? $0 : nil
        }
    }

    /// Whether it is alive and runs in our data directory; another process could have the same pid.
    private func isOurs(_ pid: pid_t) -> Bool {
        var folder = stat()
        var workingDirectory = stat()
        return stat(data, &folder) == 0 && stat("/proc/\(pid)/cwd", &workingDirectory) == 0
            && folder.st_dev == workingDirectory.st_dev && folder.st_ino == workingDirectory.st_ino
    }
}
