import Domain
import Foundation
import System
import TestSupport
import Testing

@testable import Webhooks

/// The egress proxy as it is shipped, with an authority of our own, and receivers of three
/// certificates.
private final class EgressSite: Sendable {
    let folder: TemporaryDirectory
    let client: EgressClient
    /// Of receivers: by an authority that is trusted, and by one that nobody knows.
    let trusted: UInt16
    let unknown: UInt16
    private let nginx: ChildProcess

    init() throws {
        let folder = try TemporaryDirectory()
        let ports = (try FreePort.next(), try FreePort.next())
        self.folder = folder
        (trusted, unknown) = ports
        for name in ["good", "bad"] {
            let openssl = try ChildProcess(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=receiver.example", "-addext",
                    "subjectAltName=DNS:receiver.example", "-keyout",
                    folder.path(of: "\(name).key"),
                    "-out", folder.path(of: "\(name).pem"),
                ])
            guard try openssl.waitForExit() == .status(0) else {
                throw EgressSiteFailure("openssl: \(openssl.errors)")
            }
        }
        let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("nginx/egress.conf")
        let receivers = [(ports.0, "good"), (ports.1, "bad")].map { port, name in
            """
            server {
                listen 127.0.0.1:\(port) ssl;
                ssl_certificate \(folder.path(of: "\(name).pem"));
                ssl_certificate_key \(folder.path(of: "\(name).key"));
                return 200 "$ssl_server_name $http_host $http_webhook_id $http_waybill_address";
            }
            """
        }.joined(separator: "\n")
        let text = try String(contentsOf: shipped, encoding: .utf8)
            .replacingOccurrences(of: "/run/waybill-egress", with: folder.path(of: ""))
            .replacingOccurrences(
                of: "/etc/ssl/certs/ca-certificates.crt", with: folder.path(of: "good.pem")
            )
            .replacingOccurrences(of: "http {\n", with: "http {\n\(receivers)\n")
        let file = try folder.write(
            "egress.conf", getuid() == 0 ? "user root;\n" + text : text)
        let socket = folder.path(of: "egress.sock")
        nginx = try ChildProcess("nginx", ["-e", "stderr", "-c", file])
        try nginx.waitUntilReady { FileManager.default.fileExists(atPath: socket) }
        client = try EgressClient(path: socket)
    }

    deinit {
        client.stop()
        _ = try? nginx.stop(SIGTERM, within: .seconds(10))
    }

    func answer(_ name: String, _ port: UInt16, address: String = "127.0.0.1") throws
        -> EgressAnswer
    {
        let request = EgressRequest(
            url: try WebhookURL("https://\(name):\(port)/hook", allowsHTTP: false),
            address: address, event: .new(at: .now), timestamp: 1, signatures: ["v1,a"],
            headers: [], userAgent: "test", body: Array("{}".utf8))
        let outcome = Monitor<EgressOutcome?>(nil)
        client.send(request, within: .seconds(10)) { result in
            outcome.withLock { $0 = result }
            outcome.wakeAll()
        }
        let result = try #require(outcome.wait(until: .now + .seconds(15)) { $0 })
        guard case .answer(let answer) = result else {
            throw EgressSiteFailure("\(result)\n\(nginx.errors)")
        }
        return answer
    }
}

private struct EgressSiteFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

@Suite("TLS to receivers, through the egress proxy", .blocking, .timeLimit(.minutes(5)))
struct EgressTLSTests {
    @Test("only a certificate of a known authority, for the receiver's name, is accepted")
    func certificates() throws {
        let site = try EgressSite()
        let good = try site.answer("receiver.example", site.trusted)
        #expect(good.status == 200 && good.isReceivers && good.wasConnected)
        let words = good.body.split(separator: " ")
        #expect(words.count == 3, "\(good.body)")
        #expect(words.first == "receiver.example")
        #expect(words.dropFirst().first == "receiver.example:\(site.trusted)")

        // Its certificate is for another name; nobody vouches for the other receiver's.
        for (name, port) in [
            ("other.example", site.trusted), ("receiver.example", site.unknown),
        ] {
            let refused = try site.answer(name, port)
            #expect(refused.status == 502)
            #expect(!refused.isReceivers && !refused.wasConnected, "\(name): \(refused)")
        }
    }

    @Test("the proxy looks no name up, and connects to addresses alone")
    func names() throws {
        let site = try EgressSite()
        let answer = try site.answer("receiver.example", site.trusted, address: "localhost")
        #expect(answer.status >= 500 && !answer.wasConnected && !answer.isReceivers, "\(answer)")
    }
}
