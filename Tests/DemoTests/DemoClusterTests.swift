import Foundation
import TestSupport
import Testing

@testable import Demo

@Suite("The demo's cluster", .blocking)
struct DemoClusterTests {
    private let folder: TemporaryDirectory
    private let directory: DemoDirectory
    private let cluster: DemoCluster

    init() throws {
        folder = try TemporaryDirectory()
        directory = try DemoDirectory(folder.path(of: "demo"))
        cluster = DemoCluster(
            directory, try DemoPrograms(), try DemoSecrets.load(from: directory.secrets, for: []))
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Used instead of initdb: leaves a file behind, and fails if asked to.
    private func fakeInitdb(fails: Bool) -> (DemoChild.Plan) throws(DemoError) ->
        Void
    {
        { plan throws(DemoError) in
            guard let flag = plan.arguments.firstIndex(of: "--pgdata") else { return }
            let data = plan.arguments[flag + 1]
            #expect(!FileManager.default.fileExists(atPath: data), "a leftover")
            mkdir(data, 0o700)
            for name in ["PG_VERSION", "postgresql.conf"] {
                _ = PrivateFile.write(Data("# \(name)\n".utf8), to: "\(data)/\(name)")
            }
            if fails { throw DemoError("interrupted") }
        }
    }

    @Test("An initdb that does not end leaves no cluster, and the next one begins again")
    func interruptedInitdb() throws {
        #expect(throws: DemoError.self) {
            try cluster.initialize(run: fakeInitdb(fails: true))
        }
        #expect(!exists(directory.data))
        #expect(exists(directory.data + ".new/PG_VERSION"))
        try Data("old".utf8).write(to: URL(fileURLWithPath: directory.cluster + "/password"))
        try cluster.initialize(run: fakeInitdb(fails: false))
        #expect(exists(directory.data + "/PG_VERSION"))
        #expect(!exists(directory.data + ".new"))
        #expect(!exists(directory.cluster + "/password"))
    }

    @Test("All settings are in the cluster, included once, and written again for another port")
    func settings() throws {
        try cluster.initialize(run: fakeInitdb(fails: false))
        var secrets = try DemoSecrets.load(from: directory.secrets, for: [])
        secrets.databasePort = 12_345
        let later = DemoCluster(directory, try DemoPrograms(), secrets)
        try later.initialize(run: fakeInitdb(fails: true))
        let text = try String(contentsOfFile: directory.data + "/waybill.conf", encoding: .utf8)
        #expect(text.contains("port = 12345\n"))
        #expect(text.contains("listen_addresses = '127.0.0.1'"))
        let main = try String(contentsOfFile: directory.data + "/postgresql.conf", encoding: .utf8)
        #expect(main == "# postgresql.conf\n\ninclude 'waybill.conf'\n")
        #expect(later.server.arguments.suffix(2) == ["-D", directory.data])
    }

    @Test("A postmaster is found by its folder: another process or an ended one is not it")
    func postmaster() throws {
        let data = folder.path(of: "data")
        mkdir(data, 0o700)
        let postmaster = Postmaster(data: data)
        #expect(postmaster.successor == .none)
        try "\(getpid())\n\(data)\n".write(
            toFile: data + "/postmaster.pid", atomically: true, encoding: .utf8)
        #expect(postmaster.successor == .crashed)
        let server = try ChildProcess("sh", ["-c", "cd \(data) && exec sleep 300"])
        try "\(server.processID)\n".write(
            toFile: data + "/postmaster.pid", atomically: true, encoding: .utf8)
        #expect(
            waitUntil(within: .seconds(5)) { postmaster.successor == .running(server.processID) })
        postmaster.stop(within: .seconds(5))
        #expect(try server.waitForExit() == .signal(SIGINT))
        #expect(postmaster.successor == .crashed)
    }

    @Test("The sockets belong to the group, and are removed with the demo")
    func sockets() throws {
        var sockets: DemoSockets? = try DemoSockets(
            ["callbacks", "api", "events"], in: folder.path, for: nil)
        let paths = ["callbacks", "api", "events"].map { folder.path(of: "\($0).sock") }
        for path in paths {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o660)
        }
        // Over those that a killed demo has left.
        sockets = try DemoSockets(["callbacks", "api", "events"], in: folder.path, for: nil)
        sockets?.refuse()
        #expect(!paths.contains(where: exists))
        // A file of another process in their place stays.
        try Data().write(to: URL(fileURLWithPath: paths[0]))
        sockets?.remove()
        sockets = nil
        #expect(exists(paths[0]))
    }
}
