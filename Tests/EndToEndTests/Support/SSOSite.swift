import Foundation
import TestSupport

/// `nginx/waybill-sso.conf` as it is shipped, in front of a responder of its own, which uses a demo's
/// database; and a small service that nginx asks who a user is.
///
/// The service believes the cookie `who`, as in `who=ann@example.com:staff,support`.
final class SSOSite: Sendable {
    let client: TestClient
    private let nginx: ChildProcess
    private let responder: ActivatedResponder
    private let sockets: ListeningSockets
    private let folder: TemporaryDirectory

    static let roles = "sms-admins=admin,support=operator,staff=viewer"

    init(before demo: RunningDemo) throws {
        let folder = try TemporaryDirectory()
        let manager = FileManager.default
        for name in ["waybill", "log", "temp"] {
            try manager.createDirectory(
                atPath: folder.path(of: name), withIntermediateDirectories: true)
        }
        let sockets = try ListeningSockets(in: folder.path)
        let responder = try ActivatedResponder(
            sockets,
            settings: [
                "DATABASE_URL": demo.document.database_url, "APP_BASE_URL": demo.document.url,
                "INFOBIP_WEBHOOK_USER": demo.document.infobip.user,
                "INFOBIP_WEBHOOK_PASSWORD": demo.document.infobip.password,
                "WAYBILL_SSO_HEADER": "SSO_USER", "WAYBILL_SSO_ROLES": Self.roles,
            ], log: folder.path(of: "log/responder"))
        let (port, plain, service) = (
            try FreePort.next(), try FreePort.next(), try FreePort.next()
        )
        let certificates = demo.directory + "/nginx"
        let shipped = Self.repository + "/nginx"
        for name in try manager.contentsOfDirectory(atPath: shipped) where name.hasSuffix(".conf") {
            var text = try String(contentsOfFile: "\(shipped)/\(name)", encoding: .utf8)
            for (old, new) in [
                ("listen 80", "listen 127.0.0.1:\(plain)"),
                ("listen 443", "listen 127.0.0.1:\(port)"),
                ("server_name people.sms.example.com;", "server_name localhost;"),
                ("server 127.0.0.1:4180;", "server 127.0.0.1:\(service);"),
                ("/run/waybill/", folder.path + "/"), ("/var/log/nginx/", folder.path(of: "log/")),
                (
                    "/etc/letsencrypt/live/people.sms.example.com/fullchain.pem",
                    certificates + "/certificate.pem"
                ),
                (
                    "/etc/letsencrypt/live/people.sms.example.com/privkey.pem",
                    certificates + "/key.pem"
                ),
                (
                    "/etc/letsencrypt/live/sms.example.com/fullchain.pem",
                    certificates + "/certificate.pem"
                ),
                ("/etc/letsencrypt/live/sms.example.com/privkey.pem", certificates + "/key.pem"),
            ] {
                text = text.replacingOccurrences(of: old, with: new)
            }
            text = text.replacing(/[ ]+listen \[.*\n/, with: "")
            try folder.write("waybill/\(name)", text, mode: 0o644)
        }
        try folder.write(
            "nginx.conf", Self.main(folder: folder.path, service: service), mode: 0o644)
        nginx = try ChildProcess(
            "nginx", ["-p", folder.path, "-c", folder.path(of: "nginx.conf")],
            environment: WaybillProgram.bareEnvironment, signalAtOurDeath: "TERM")
        self.folder = folder
        self.sockets = sockets
        self.responder = responder
        client = try TestClient(port: port, authority: demo.document.ca)
        let isUp = waitUntil(within: .seconds(30)) {
            responder.isReady && (try? SocketPeer(port: service)) != nil
        }
        guard isUp else {
            let log = try? String(contentsOfFile: responder.log, encoding: .utf8)
            throw ConnectionFailure("does not start: \(nginx.errors) \(log ?? "")")
        }
    }

    deinit {
        _ = try? nginx.stop(SIGTERM, within: .seconds(20))
        responder.send(signal: SIGTERM)
        _ = responder.waitForExit()
    }

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func main(folder: String, service: UInt16) -> String {
        """
        \(getuid() == 0 ? "user www-data;" : "")
        daemon off;
        pid \(folder)/nginx.pid;
        error_log \(folder)/log/error.log;
        worker_processes 1;
        events { worker_connections 512; }
        http {
            client_body_temp_path \(folder)/temp/body;
            fastcgi_temp_path \(folder)/temp/fastcgi;
            proxy_temp_path \(folder)/temp/proxy;
            scgi_temp_path \(folder)/temp/scgi;
            uwsgi_temp_path \(folder)/temp/uwsgi;
            include waybill/waybill.conf;
            include waybill/waybill-sso.conf;
            map $cookie_who $who { default ""; "~^(?<name>[^:]+):" $name; }
            map $cookie_who $what { default ""; "~^[^:]+:(?<list>.*)$" $list; }
            server {
                listen 127.0.0.1:\(service);
                location = /oauth2/auth {
                    if ($who = "") { return 401; }
                    add_header X-Auth-Request-Email $who always;
                    add_header X-Auth-Request-Groups $what always;
                    return 202;
                }
                location /oauth2/ { return 200 "the sign-in"; }
            }
        }
        """
    }
}
