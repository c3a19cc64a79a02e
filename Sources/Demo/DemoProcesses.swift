import Foundation
import JSON

/// A record of the demo's running processes, so that the next run can clean up after a kill -9.
struct DemoProcesses {
    /// A process; the start time tells it from a later one with the same pid.
    struct Entry {
        let name: String
        let pid: pid_t
        /// Field 22 of /proc/PID/stat, in clock ticks since the boot.
        let startTime: UInt64

        /// Nil if there is no such process.
        init?(name: String, pid: pid_t) {
            guard let startTime = Self.startTime(of: pid) else { return nil }
            self.name = name
            self.pid = pid
            self.startTime = startTime
        }

        /// Nil for what `write(to:)` has not written.
        fileprivate init?(_ json: JSONValue) {
            guard let name = json["name"]?.text, let pid = json["pid"]?.int32,
                let startTime = json["startTime"]?.integer.flatMap({ UInt64(exactly: $0) })
            else { return nil }
            self.name = name
            self.pid = pid
            self.startTime = startTime
        }

        var isAlive: Bool { Self.startTime(of: pid) == startTime }

        private static func startTime(of pid: pid_t) -> UInt64? {
            guard
                let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
                // The name in field 2 may hold anything, blanks and parentheses too.
                let end = data.lastIndex(of: UInt8(ascii: ")"))
            else { return nil }
            let fields = String(decoding: data[data.index(after: end)...], as: UTF8.self)
                .split(separator: " ")
            guard fields.count > 19, fields[0] != "Z" else { return nil }
            return UInt64(fields[19])
        }
    }

    var entries: [Entry] = []

    /// Ends what an earlier run left running, in the order of a stop: PostgreSQL last.
    ///
    /// - Parameters:
    ///   - file: what was running.
    ///   - tell: takes a line for the user.
    ///   - isInterrupted: ends the waits; then the file stays for the next time.
    static func cleanUp(
        file: String, tell: (String) -> Void = { _ in }, isInterrupted: () -> Bool = { false }
    ) {
        guard let data = FileManager.default.contents(atPath: file),
            let entries = try? JSONValue(strict: [UInt8](data))["entries"]?.elements
        else { return }
        let living = entries.compactMap { Entry($0) }.filter(\.isAlive)
        for name in DemoSystem.stopOrder + [DemoCluster.initdb] {
            for entry in living where entry.name == name {
                tell("ending \(name) (pid \(entry.pid)) of an earlier run")
                end(entry, isInterrupted)
            }
        }
        if !isInterrupted() { unlink(file) }
    }

    func write(to file: String) {
        let json = JSONWriter.document { json in
            json.array("entries") { list in
                for entry in entries {
                    list.object { object in
                        object.member("name", entry.name)
                        object.member("pid", entry.pid)
                        object.member("startTime", entry.startTime)
                    }
                }
            }
        }
        _ = PrivateFile.write(Data(json), to: file)
    }

    /// SIGINT is PostgreSQL's fast shutdown and a quick end for the others.
    private static func end(_ entry: Entry, _ isInterrupted: () -> Bool) {
        // An unfinished initdb is discarded, and its own children would not get a SIGINT.
        if entry.name == DemoCluster.initdb { kill(-entry.pid, SIGKILL) }
        kill(entry.pid, SIGINT)
        // The process is not our child, so its end must be polled.
        for _ in 0..<200 where entry.isAlive && !isInterrupted() { usleep(50_000) }
        if isInterrupted() { return }
        // Each was started in a session, and so in a group, of its own.
        if entry.isAlive { kill(-entry.pid, SIGKILL) }
        for _ in 0..<100 where entry.isAlive { usleep(50_000) }
    }
}
