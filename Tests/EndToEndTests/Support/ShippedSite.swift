import Foundation
import Synchronization
import TestSupport

/// nginx with `nginx/waybill.conf` as it is shipped, in front of a running demo's responder: only
/// the ports, the paths and the certificate are others.
final class ShippedSite: Sendable {
    /// Of HTTPS.
    let client: TestClient
    /// Of plain HTTP.
    let plainPort: UInt16
    /// Of local.conf.
    let localPort: UInt16
    /// Answers with what `$waybill_client` and `$waybill_key` hold, at `/client` and `/key`.
    let echoPort: UInt16
    let folder: TemporaryDirectory
    private let process: ChildProcess

    /// - Throws: when nginx does not take the files, with its message.
    init(before demo: RunningDemo) throws {
        let folder = try TemporaryDirectory()
        let manager = FileManager.default
        for name in ["waybill", "log", "temp", "www/.well-known/acme-challenge"] {
            try manager.createDirectory(
                atPath: folder.path(of: name), withIntermediateDirectories: true)
        }
        try folder.write("www/.well-known/acme-challenge/token-1", "proof", mode: 0o644)
        let (port, plain, local, echo) = (
            try FreePort.next(), try FreePort.next(), try FreePort.next(), try FreePort.next()
        )
        let sockets = demo.directory + "/nginx"
        let shipped = Self.repository + "/nginx"
        for name in try manager.contentsOfDirectory(atPath: shipped) where name.hasSuffix(".conf") {
            var text = try String(contentsOfFile: "\(shipped)/\(name)", encoding: .utf8)
            for (old, new) in [
                ("listen 80", "listen 127.0.0.1:\(plain)"),
                ("listen 443", "listen 127.0.0.1:\(port)"),
                ("listen 127.0.0.1:9180", "listen 127.0.0.1:\(local)"),
                ("server_name sms.example.com;", "server_name sms.example.com localhost;"),
                ("#include waybill/local.conf", "include waybill/local.conf"),
                ("/run/waybill/", sockets + "/"), ("/var/log/nginx/", folder.path(of: "log/")),
                ("/var/www/html", folder.path(of: "www")),
                (
                    "/etc/letsencrypt/live/sms.example.com/fullchain.pem",
                    sockets + "/certificate.pem"
                ),
                ("/etc/letsencrypt/live/sms.example.com/privkey.pem", sockets + "/key.pem"),
            ] {
                text = text.replacingOccurrences(of: old, with: new)
            }
            // A machine for tests may have no IPv6.
            text = text.replacing(/[ ]+listen \[.*\n/, with: "")
            try folder.write("waybill/\(name)", text, mode: 0o644)
        }
        try folder.write(
            "nginx.conf", Self.main(folder: folder.path(of: ""), echo: echo), mode: 0o644)
        process = try ChildProcess(
            "nginx", ["-p", folder.path(of: ""), "-c", folder.path(of: "nginx.conf")],
            environment: WaybillProgram.bareEnvironment, signalAtOurDeath: "TERM")
        self.folder = folder
        (plainPort, localPort, echoPort) = (plain, local, echo)
        client = try TestClient(port: port, authority: demo.document.ca)
        let isUp = waitUntil(within: .seconds(20)) { (try? SocketPeer(port: echo)) != nil }
        guard isUp else {
            throw ConnectionFailure("nginx does not start: \(process.errors)")
        }
    }

    deinit {
        _ = try? process.stop(SIGTERM, within: .seconds(20))
    }

    /// The one that most tests share.
    static var shared: ShippedSite {
        get throws { try sharedResult.get() }
    }

    /// The one whose limits for large bodies are used up, by one test at a time.
    static var crowded: ShippedSite {
        get throws { try crowdedResult.get() }
    }

    private static let sharedResult = Result { try removedAtExit() }
    private static let crowdedResult = Result { try removedAtExit() }
    private static let running = Mutex<[ShippedSite]>([])

    private static func removedAtExit() throws -> ShippedSite {
        let site = try ShippedSite(before: try RunningDemo.shared)
        running.withLock { $0.append(site) }
        // A constant is never released.
        atexit { for site in ShippedSite.running.withLock({ $0 }) { site.remove() } }
        return site
    }

    private func remove() {
        _ = try? process.stop(SIGTERM, within: .seconds(20))
        try? FileManager.default.removeItem(atPath: folder.path(of: ""))
    }

    /// Sends bytes to a port without TLS and reads one answer, which ends with the connection.
    func plain(
        _ lines: String..., port: UInt16? = nil, patience: Duration = .seconds(15)
    ) throws -> HTTPAnswer {
        let peer = try SocketPeer(port: port ?? plainPort, patience: patience)
        peer.send(Array((lines + ["Connection: close", "", ""]).joined(separator: "\r\n").utf8))
        var reader = AnswerReader()
        guard let bytes = peer.readToEnd(), !bytes.isEmpty else {
            throw ConnectionFailure("no answer")
        }
        return try reader.add(bytes) ?? reader.finish()
    }

    /// The files in which nginx keeps bodies now.
    var bodyFiles: [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: folder.path(of: "temp/body"))) ?? [])
            .filter { !$0.isEmpty }
    }

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// Debian's nginx.conf, as far as it matters, with the two numbers that README.md raises.
    private static func main(folder: String, echo: UInt16) -> String {
        """
        \(getuid() == 0 ? "user www-data;" : "")
        daemon off;
        pid \(folder)/nginx.pid;
        error_log \(folder)/log/error.log;
        worker_processes 1;
        worker_rlimit_nofile 4096;
        events { worker_connections 2048; }
        http {
            client_body_temp_path \(folder)/temp/body;
            fastcgi_temp_path \(folder)/temp/fastcgi;
            proxy_temp_path \(folder)/temp/proxy;
            scgi_temp_path \(folder)/temp/scgi;
            uwsgi_temp_path \(folder)/temp/uwsgi;
            sendfile on;
            tcp_nopush on;
            types_hash_max_size 2048;
            default_type application/octet-stream;
            ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
            ssl_prefer_server_ciphers on;
            access_log \(folder)/log/access.log;
            gzip on;
            include waybill/waybill.conf;
            server {
                listen 127.0.0.1:\(echo);
                set_real_ip_from 127.0.0.1;
                real_ip_header X-Forwarded-For;
                location = /client { return 200 $waybill_client; }
                location = /key { return 200 $waybill_key; }
            }
        }
        """
    }
}
