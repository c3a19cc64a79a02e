import Foundation
import Glibc

/// Where Debian keeps PostgreSQL's programs, and as whom they run.
enum PostgresBinaries {
    /// PostgreSQL refuses to run as root.
    static let user = "postgres"

    static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]

    /// The path of a program of the newest version that is installed.
    static func path(of program: String) throws(TestSupportError) -> String {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newestFirst = versions.compactMap { Int($0) }.sorted(by: >)
        for version in newestFirst {
            let path = "\(root)/\(version)/bin/\(program)"
            if access(path, X_OK) == 0 { return path }
        }
        throw TestSupportError(
            "no \(program) in \(root)/*/bin: these tests need PostgreSQL, "
                + "install it with `apt-get install postgresql`")
    }
}

/// A cluster made by `initdb` and never started: copying it takes a tenth of the time.
struct PristineCluster: Sendable {
    let password: String
    private let folder: TemporaryDirectory

    static let shared = Result { try PristineCluster() }

    private init() throws {
        let initdb = try PostgresBinaries.path(of: "initdb")
        let folder = try TemporaryDirectory()
        AtExit.run { folder.remove() }
        password = String(UInt64.random(in: .min ... .max), radix: 36)
        self.folder = folder
        let passwordFile = try folder.write("password", password + "\n")
        try Self.giveAway(passwordFile)
        try Self.makeDirectory(folder.path(of: "data"), mode: 0o700)
        try Self.finish(
            ChildProcess(
                initdb,
                [
                    "-D", folder.path(of: "data"), "-U", "postgres", "-A", "scram-sha-256",
                    "--pwfile", passwordFile, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                    "--no-instructions", "--wal-segsize=1",
                ],
                environment: PostgresBinaries.environment, user: PostgresBinaries.user))
    }

    /// Copies the cluster to a path that does not exist yet.
    func copy(to path: String) throws {
        try Self.finish(ChildProcess("cp", ["-a", folder.path(of: "data"), path]))
    }

    /// Makes a folder that the server's user owns.
    static func makeDirectory(_ path: String, mode: mode_t) throws(TestSupportError) {
        guard mkdir(path, mode) == 0, chmod(path, mode) == 0 else {
            throw TestSupportError("cannot make \(path): \(String(cString: strerror(errno)))")
        }
        try giveAway(path)
    }

    private static func giveAway(_ path: String) throws(TestSupportError) {
        guard getuid() == 0 else { return }
        guard let entry = getpwnam(PostgresBinaries.user) else {
            throw TestSupportError(
                "PostgreSQL does not run as root, and there is no user postgres: "
                    + "`apt-get install postgresql` makes it")
        }
        guard chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw TestSupportError("cannot give \(path) to \(PostgresBinaries.user)")
        }
    }

    private static func finish(_ process: ChildProcess) throws {
        guard try process.waitForExit(within: .seconds(60)) == .status(0) else {
            throw TestSupportError(process.output + process.errors)
        }
    }
}
