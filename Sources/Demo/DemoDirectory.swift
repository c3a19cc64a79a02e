import Foundation

/// The demo's folders, in part readable by other users.
struct DemoDirectory {
    /// The folder that the user chose: `demo.json`, secrets, certificates, logs.
    let root: String
    /// The PostgreSQL cluster and nginx's folder with the sockets. The same as `root`, unless the
    /// users of PostgreSQL and nginx's workers could not reach it, or the path is too long for a
    /// Unix socket (107 bytes).
    let state: String

    var demoJSON: String { root + "/demo.json" }
    var secrets: String { root + "/secrets.json" }
    var processes: String { root + "/processes.json" }
    var lock: String { root + "/lock" }
    var tls: String { root + "/tls" }
    var logs: String { root + "/logs" }
    /// The responder's spool; it makes the folder itself.
    var spool: String { root + "/spool" }
    var cluster: String { state + "/postgres" }
    /// PostgreSQL's data directory.
    var data: String { cluster + "/data" }
    /// nginx's configuration and temporary files, and the responder's sockets.
    var nginx: String { state + "/nginx" }

    /// Makes the folders that are missing.
    ///
    /// - Throws: `DemoError` naming the folder that cannot be made.
    init(_ path: String) throws(DemoError) {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        root = absolute
        try Self.make(absolute, mode: 0o755)
        let name = String(Self.stableHash(absolute), radix: 16)
        // As root, PostgreSQL runs as `postgres` and nginx's workers as `www-data`.
        if getuid() == 0, !Self.isReachableByOthers(absolute) {
            state = "/var/lib/waybill-demo/\(name)"
        } else if absolute.utf8.count > 80 {
            state = "/tmp/waybill-demo-\(name)"
        } else {
            state = absolute
        }
        if state != absolute {
            try Self.make(state, mode: 0o755)
            try Self.checkOwner(state)
            try Self.link(absolute + "/state", to: state)
        }
        try Self.make(nginx, mode: 0o755)
        try Self.make(tls, mode: 0o700)
        try Self.make(logs, mode: 0o755)
    }

    private static func make(_ path: String, mode: mode_t) throws(DemoError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw DemoError(
                "cannot make the folder \(path); choose another with --directory")
        }
        chmod(path, mode)
    }

    /// /tmp is writable by others: a user who made the folder there first could change it.
    private static func checkOwner(_ path: String) throws(DemoError) {
        var information = stat()
        guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR,
            information.st_uid == getuid()
        else {
            throw DemoError(
                "\(path) belongs to somebody else; choose a shorter --directory")
        }
    }

    private static func link(_ path: String, to target: String) throws(DemoError) {
        unlink(path)
        guard symlink(target, path) == 0 else {
            throw DemoError("cannot make the link \(path) to \(target)")
        }
    }

    /// Whether every folder on the path can be entered by everybody.
    private static func isReachableByOthers(_ path: String) -> Bool {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            var information = stat()
            guard stat(current, &information) == 0, information.st_mode & S_IXOTH != 0 else {
                return false
            }
        }
        return true
    }

    /// FNV-1a: the same folder gets the same state in every run; `Hasher` differs in each.
    private static func stableHash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
