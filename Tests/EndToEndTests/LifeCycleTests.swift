import Foundation
import TestSupport
import Testing

@Suite("The demo's life", .timeLimit(.minutes(10)))
struct LifeCycleTests {
    @Test("Data and secrets survive a stop and a kill -9, and no process does")
    func lives() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: "demo")
        let port = try FreePort.next()
        let name = uniqueName()

        let first = try RunningDemo(directory: directory, port: port)
        #expect(try first.infobip(InfobipBody.of(name)).status == 200)
        let permissions = try FileManager.default.attributesOfItem(atPath: directory + "/demo.json")
        #expect((permissions[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try first.stop() == .status(0))
        #expect(Self.processes(of: directory) == [])
        #expect(!FileManager.default.fileExists(atPath: directory + "/demo.json"))

        let second = try RunningDemo(directory: directory, port: port)
        #expect(second.document.secrets == first.document.secrets)
        #expect(try second.status(name) == "delivered")
        let guardian = try Guardian(of: Self.processes(of: directory))
        second.process.send(signal: SIGKILL)
        try second.process.waitForExit()
        #expect(!Self.processes(of: directory).isEmpty, "they go on without the demo")

        let third = try RunningDemo(directory: directory, port: port)
        #expect(third.document.secrets == first.document.secrets)
        #expect(try third.status(name) == "delivered")
        #expect(try third.infobip(InfobipBody.of(uniqueName())).status == 200)
        for pid in [second.document.pids.nginx, second.document.pids.responder] {
            #expect(!Self.runs(pid), "the earlier run's process \(pid)")
        }
        // The second signal does not wait for anything.
        third.process.send(signal: SIGTERM)
        third.process.send(signal: SIGTERM)
        try third.process.waitForExit()
        #expect(waitUntil(within: .seconds(10)) { Self.processes(of: directory) == [] })
        withExtendedLifetime(guardian) {}
    }

    @Test("A second demo in the same folder is refused, and the first goes on")
    func sameFolder() throws {
        let demo = try RunningDemo.shared
        let before = try demo.currentDocument.pids
        let second = try WaybillProgram.run(
            ["demo", "--directory", demo.directory, "--port", String(FreePort.next())])
        #expect(second.exit == .status(1))
        #expect(second.errors.contains("another demo runs in this folder"))
        #expect(second.errors.split(separator: "\n").count == 1)
        #expect(try demo.currentDocument.pids == before)
        #expect(try demo.api("/health/ready", key: .some(nil)).status == 200)
    }

    @Test("A port in use is named")
    func portInUse() throws {
        let demo = try RunningDemo.shared
        let folder = try TemporaryDirectory()
        let second = try WaybillProgram.run(
            ["demo", "--directory", folder.path(of: "demo"), "--port", String(demo.port)])
        #expect(second.exit == .status(1))
        #expect(second.errors.contains("port \(demo.port) is in use"))
        #expect(Self.processes(of: folder.path) == [])
    }

    @Test(
        "As root it works in a folder that PostgreSQL's user cannot reach",
        .enabled(if: getuid() == 0))
    func unreachableFolder() throws {
        let folder = try TemporaryDirectory()
        let parent = folder.path(of: "private")
        try #require(mkdir(parent, 0o700) == 0)
        let demo = try RunningDemo(directory: parent + "/demo")
        let state = URL(fileURLWithPath: parent + "/demo/state").resolvingSymlinksInPath().path
        defer {
            if state.contains("waybill-demo") { try? FileManager.default.removeItem(atPath: state) }
        }
        let name = uniqueName()
        #expect(try demo.infobip(InfobipBody.of(name)).status == 200)
        #expect(try demo.status(name) == "delivered")
        // The terminal is closed.
        #expect(try demo.process.stop(SIGHUP, within: .seconds(60)) == .status(0))
        #expect(Self.processes(of: state) == [])
        #expect(Self.processes(of: parent) == [])
    }

    @Test("It stops all that it has started although nobody reads its output")
    func unread() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: "demo")
        // head(1) ends after the first line; from then on the output has no reader.
        let script = #"("$0" demo --directory "$1" --port "$2" & echo $! >"$3"; wait) | head -n 1"#
        let shell = try ChildProcess(
            "sh",
            [
                "-c", script, WaybillProgram.path, directory, String(FreePort.next()),
                folder.path(of: "pid"),
            ], environment: WaybillProgram.bareEnvironment)
        try #require(
            waitUntil(within: .seconds(60)) {
                FileManager.default.fileExists(atPath: directory + "/demo.json")
            })
        let text = try String(contentsOfFile: folder.path(of: "pid"), encoding: .utf8)
        let pid = try #require(pid_t(text.trimmingCharacters(in: .newlines)))
        kill(pid, SIGTERM)
        #expect(waitUntil(within: .seconds(60)) { Self.processes(of: directory) == [] })
        try shell.waitForExit()
    }

    @Test("It works in a folder whose path is too long for a socket")
    func longPath() throws {
        let folder = try TemporaryDirectory()
        let directory = folder.path(of: String(repeating: "long", count: 20))
        let demo = try RunningDemo(directory: directory)
        let state = URL(fileURLWithPath: directory + "/state").resolvingSymlinksInPath().path
        defer {
            if state.contains("waybill-demo") { try? FileManager.default.removeItem(atPath: state) }
        }
        #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
        // Ctrl-C is SIGINT.
        #expect(try demo.process.stop(SIGINT, within: .seconds(60)) == .status(0))
        #expect(Self.processes(of: state) == [])
    }

    @Test("The summary's two commands work as they are printed")
    func summary() throws {
        let demo = try RunningDemo.shared
        let commands = demo.process.output.components(separatedBy: "\n\n").compactMap { paragraph in
            paragraph.range(of: "  curl ").map { String(paragraph[$0.lowerBound...]) }
        }
        #expect(commands.count == 2)
        #expect(demo.process.output.contains(demo.document.url))
        #expect(demo.process.output.contains(demo.document.api_key))
        guard Self.isInstalled("curl") else { return }
        let answer = try run(commands[0])
        let id = try #require(answer.firstMatch(of: /"id":"([0-9a-f-]{36})"/)).1
        let read = commands[1].replacing("ID_OF_THE_ANSWER", with: id)
        #expect(read != commands[1])
        // On its way through the dispatcher and the simulator.
        #expect(
            waitUntil(within: .seconds(20)) {
                (try? run(read).contains(#""status":"delivered""#)) == true
            })
    }

    private func run(_ command: String) throws -> String {
        let shell = try ChildProcess(
            "sh", ["-c", command], environment: WaybillProgram.bareEnvironment)
        #expect(try shell.waitForExit() == .status(0), "\(shell.errors)")
        return shell.output
    }

    @Test("A part that is killed is started again, and demo.json follows")
    func killedParts() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        for part in [\DemoDocument.Processes.nginx, \.responder, \.postgres] {
            let old = try demo.currentDocument.pids[keyPath: part]
            #expect(kill(old, SIGKILL) == 0)
            #expect(
                waitUntil(within: .seconds(20)) {
                    guard let new = try? demo.currentDocument.pids[keyPath: part] else {
                        return false
                    }
                    return new != old && new > 0 && kill(new, 0) == 0
                })
            demo.client.disconnect()
            #expect(
                waitUntil(within: .seconds(20)) {
                    (try? demo.infobip(InfobipBody.of(uniqueName())).status) == 200
                })
        }
        let old = try #require(try demo.currentDocument.pids.simulator)
        #expect(kill(old, SIGKILL) == 0)
        #expect(
            waitUntil(within: .seconds(20)) {
                guard let new = try? demo.currentDocument.pids.simulator else { return false }
                return new != old && new > 0 && kill(new, 0) == 0
            })
        #expect(try demo.stop() == .status(0))
        #expect(Self.processes(of: demo.directory) == [])
    }

    private static func isInstalled(_ program: String) -> Bool {
        ["/usr/bin/", "/bin/"].contains { access($0 + program, X_OK) == 0 }
    }

    /// Whether a process lives; one that nobody has reaped yet does not.
    private static func runs(_ pid: pid_t) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.first.map { $0 != "Z" && $0 != "X" } ?? false
    }

    /// The processes that have something of a folder open, or name it, but for the demo itself.
    static func processes(of folder: String) -> Set<pid_t> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let others = names.compactMap { pid_t($0) }.filter { $0 != getpid() }
        return Set(
            others.filter { pid in
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
                if String(decoding: line, as: UTF8.self).contains(folder) { return true }
                let handles = "/proc/\(pid)/fd"
                let open = (try? FileManager.default.contentsOfDirectory(atPath: handles)) ?? []
                return open.contains { name in
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "\(handles)/\(name)")
                    return target?.hasPrefix(folder) == true
                }
            })
    }
}

/// Ends processes that are nobody's children when the test process dies.
private final class Guardian: Sendable {
    private let shell: ChildProcess

    init(of processes: Set<pid_t>) throws {
        let list = processes.map(String.init).joined(separator: " ")
        shell = try ChildProcess(
            "sh", ["-c", "trap 'kill -9 \(list); kill $!' TERM; sleep 600 & wait"],
            environment: WaybillProgram.bareEnvironment, signalAtOurDeath: "TERM")
    }

    deinit {
        // Without its trap; the sleep is in its group.
        kill(-shell.processID, SIGKILL)
    }
}
