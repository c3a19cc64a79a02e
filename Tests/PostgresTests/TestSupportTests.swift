import Glibc
import TestSupport
import Testing

@Suite("The temporary servers and processes that the tests use", .blocking)
struct TestSupportTests {
    @Test("a database of its own is empty and can be written to")
    func createsDatabases() throws {
        let server = try PostgresServer.shared
        let url = try server.createDatabase()
        #expect(url.hasPrefix("postgresql://postgres:"))
        let name = String(url.split(separator: "/").last ?? "")
        try server.run("create table thing (id int); insert into thing values (7)", in: name)
        #expect(try server.run("select id from thing", in: name) == "7")
        #expect(throws: TestSupportError.self) { try server.run("selec", in: name) }
    }

    @Test("a dedicated server keeps its data and its port over a stop, a restart and a crash")
    func survivesCrash() throws {
        let server = try PostgresServer.dedicated()
        try server.run("create table thing (id int); insert into thing values (7)")
        try server.stop()
        #expect(throws: TestSupportError.self) { try server.run("select 1") }
        try server.start()
        try server.restart()
        try server.kill()
        #expect(throws: TestSupportError.self) { try server.run("select 1") }
        try server.start()
        #expect(try server.run("select id from thing") == "7")
    }

    @Test("a child's output, errors, input and status are seen")
    func runsChildren() throws {
        let child = try ChildProcess("sh", ["-c", "cat; echo oops >&2; exit 3"], input: "hello")
        #expect(try child.waitForExit() == .status(3))
        #expect(child.output == "hello")
        #expect(child.errors == "oops\n")
        #expect(!child.isRunning)
    }

    @Test("a child that ignores the request to stop is killed")
    func killsStubbornChildren() throws {
        let child = try ChildProcess(
            "sh", ["-c", "trap '' TERM; echo up; while :; do sleep 9; done"])
        try child.waitForOutput("up")
        #expect(try child.stop(within: .milliseconds(50)) == .signal(SIGKILL))
    }

    @Test("waiting for a child that exits early fails at once and shows what it wrote")
    func noticesEarlyExits() throws {
        let child = try ChildProcess("sh", ["-c", "echo no licence >&2; exit 1"])
        let error = #expect(throws: TestSupportError.self) {
            try child.waitUntilReady { false }
        }
        #expect(error?.description.contains("no licence") == true)
    }

    @Test("a temporary folder has a short path and is removed afterwards")
    func removesFolders() throws {
        let path: String
        do {
            let folder = try TemporaryDirectory()
            path = folder.path
            try folder.write("file", "text")
            #expect(access(path, F_OK) == 0)
        }
        #expect(path.utf8.count < 40)
        #expect(access(path, F_OK) != 0)
    }
}
