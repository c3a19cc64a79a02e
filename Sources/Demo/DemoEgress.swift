import Foundation

/// The demo's egress proxy: nginx with the repository's own `egress.conf`, in a folder of its own that
/// nobody else may enter.
struct DemoEgress {
    private let folder: String
    private let log: String

    init(_ directory: DemoDirectory) {
        folder = directory.state + "/egress"
        log = directory.logs + "/egress.log"
    }

    var socket: String { folder + "/egress.sock" }

    /// Writes its configuration.
    ///
    /// - Parameter site: the folder of the site's files.
    /// - Throws: `DemoError` naming the folder that cannot be written.
    func configure(site: String) throws(DemoError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            chmod(folder, 0o700)
            let text = try String(contentsOfFile: "\(site)/egress.conf", encoding: .utf8)
                .replacingOccurrences(of: "/run/waybill-egress", with: folder)
            // As root, its workers must enter the folder, too.
            try (getuid() == 0 ? "user root;\n" + text : text)
                .write(toFile: folder + "/egress.conf", atomically: true, encoding: .utf8)
        } catch {
            throw DemoError("cannot configure the egress proxy in \(folder): \(error)")
        }
        // nginx does not bind over a socket that a killed one left.
        unlink(socket)
    }

    /// How it is started, in the foreground.
    func server(_ programs: DemoPrograms) -> DemoChild.Plan {
        DemoChild.Plan(
            name: "egress", program: programs.nginx,
            arguments: ["-e", "stderr", "-p", folder, "-c", folder + "/egress.conf"], log: log)
    }
}
