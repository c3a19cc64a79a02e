import Foundation
import TestSupport
import Testing

@Suite("The site's files as they are shipped", .timeLimit(.minutes(10)))
struct SiteTests {
    private func get(
        _ path: String, host: String = "localhost", headers: [(name: String, value: String)] = []
    ) throws -> HTTPAnswer {
        try ShippedSite.shared.client.send(
            HTTPRequest(path: path, host: "localhost", headers: [("Host", host)] + headers))
    }

    /// A problem where there is no TLS: as everywhere, but without Strict-Transport-Security, which
    /// must not be sent there.
    private func expectPlainProblem(
        _ answer: HTTPAnswer, _ status: Int, _ code: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
        #expect(
            answer["content-type"] == "application/problem+json", sourceLocation: sourceLocation)
        let problem = try JSON(answer)
        #expect(problem["code"].string == code, sourceLocation: sourceLocation)
        #expect(problem["status"].int == status, sourceLocation: sourceLocation)
        #expect(
            problem["request_id"].string == answer["x-request-id"], sourceLocation: sourceLocation)
        #expect(answer["strict-transport-security"] == nil, sourceLocation: sourceLocation)
        #expect(answer["x-content-type-options"] == "nosniff", sourceLocation: sourceLocation)
    }

    @Test("Plain HTTP leads to HTTPS with method and body, in JSON as all answers")
    func redirect() throws {
        let site = try ShippedSite.shared
        for method in ["GET", "POST", "DELETE"] {
            let answer = try site.plain(
                "\(method) /callbacks/infobip?a=%20b HTTP/1.1", "Host: sms.example.com",
                "Content-Length: 0")
            try expectPlainProblem(answer, 308, "https_only")
            #expect(answer["location"] == "https://sms.example.com/callbacks/infobip?a=%20b")
        }
    }

    @Test("The proof for a certificate is served over plain HTTP, and nothing else")
    func acme() throws {
        let site = try ShippedSite.shared
        func get(_ path: String) throws -> HTTPAnswer {
            try site.plain("GET /.well-known/acme-challenge/\(path) HTTP/1.1", "Host: localhost")
        }
        #expect(try get("token-1").text == "proof")
        try expectPlainProblem(try get("token-2"), 404, "not_found")
        #expect(try get("").status == 308)
        #expect(try get("../x").status == 308)
    }

    @Test("What nginx refuses before it knows the host is JSON, too")
    func early() throws {
        let site = try ShippedSite.shared
        let long = String(repeating: "a", count: 9_000)
        try expectPlainProblem(try site.plain("NONSENSE"), 400, "bad_request")
        try expectPlainProblem(
            try site.plain("GET / HTTP/1.1", "Host: a b"), 400, "bad_request")
        try expectPlainProblem(try site.plain("GET /\(long) HTTP/1.1"), 414, "uri_too_long")
        try expectPlainProblem(
            try site.plain("GET / HTTP/1.1", "X-Long: \(long)"), 431, "headers_too_large")
        try expectPlainProblem(
            try site.plain("GET / HTTP/3.0", "Host: localhost"), 505, "http_version_not_supported")
        // Plain HTTP to the port of HTTPS.
        try expectPlainProblem(
            try site.plain("GET / HTTP/1.1", "Host: localhost", port: site.client.port), 400,
            "bad_request")
        expectProblem(try get("/\(long)"), 414, "uri_too_long")
        expectProblem(try get("/", headers: [("X-Long", long)]), 431, "headers_too_large")
    }

    @Test("Headers have ten seconds, also before nginx knows whose they are")
    func slowHeaders() async throws {
        let site = try ShippedSite.shared
        let trust = site.client.trust
        let port = site.client.port
        // nginx's own limit would be 60 s: each peer gives up before.
        // Nothing at all, half of a header without and with a host, and half of one within TLS.
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for text in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX"] {
                group.addTask {
                    try await onThread {
                        let peer = try SocketPeer(port: site.plainPort, patience: .seconds(50))
                        peer.send(Array(text.utf8))
                        return peer.readToEnd() != nil
                    }
                }
            }
            group.addTask {
                try await onThread {
                    let connection = try TLSConnection(
                        port: port, host: "localhost", trust: trust, patience: .seconds(50))
                    try connection.send(Array("GET / HTTP/1.1\r\nHost: localhost\r\nX".utf8))
                    return try connection.receive().isEmpty
                }
            }
            for try await isClosed in group { #expect(isClosed) }
        }
    }

    @Test("An address at the API's limit still has its health checked")
    func watching() throws {
        let demo = try RunningDemo.shared
        let answers = try (0..<400).map { _ in try get("/v1/messages") }
        // A slow machine may let the bucket leak again right behind one.
        expectProblem(
            try #require(answers.first { $0.status == 429 }), 429, "rate_limited")
        for path in ["/health/live", "/health/ready", "/health"] {
            #expect(try get(path).status == 200)
        }
        let key = [("Authorization", "Bearer \(demo.document.api_key)")]
        #expect(try get("/metrics", headers: key).status == 200)
    }

    @Test("Callers from outside need a key for the metrics, even if a tunnel ends on this machine")
    func metrics() throws {
        let site = try ShippedSite.shared
        let demo = try RunningDemo.shared
        #expect(try get("/metrics", host: "sms.example.com").status == 401)
        for (name, value) in [
            ("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=192.0.2.7"),
            ("Via", "1.1 proxy"), ("X-Real-IP", "192.0.2.7"), ("CF-Connecting-IP", "192.0.2.7"),
            ("X-Forwarded-For", ""), ("X-Forwarded-Host", "sms.example.com"),
        ] {
            let answer = try demo.client.send(
                HTTPRequest(path: "/metrics", headers: [(name, value)]))
            #expect(answer.status == 401, "\(name)")
            #expect(
                try site.plain(
                    "GET /metrics HTTP/1.1", "Host: localhost", "\(name): \(value)",
                    port: site.localPort
                ).status == 401, "\(name)")
        }
        #expect(try demo.api("/metrics", key: .some(nil)).status == 200)
        #expect(
            try site.plain("GET /metrics HTTP/1.1", "Host: localhost:1", port: site.localPort)
                .status == 200)
        #expect(
            try site.plain("GET /v1/status HTTP/1.1", "Host: localhost", port: site.localPort)
                .status == 404)
        #expect(
            try site.plain(
                "GET /metrics HTTP/1.1", "Host: sms.example.com", port: site.localPort
            ).status == 401)
        // nginx uses the request line's host, whatever the header says.
        #expect(
            try site.plain(
                "GET http://sms.example.com/metrics HTTP/1.1", "Host: localhost",
                port: site.localPort
            ).status == 401)
    }

    @Test("IPv6 clients are counted by their /64, IPv4 ones by address, however they are written")
    func clients() throws {
        let site = try ShippedSite.shared
        func client(_ address: String) throws -> [UInt8] {
            let answer = try site.plain(
                "GET /client HTTP/1.1", "Host: x", "X-Forwarded-For: \(address)",
                port: site.echoPort)
            return answer.body
        }
        #expect(try client("192.0.2.7") == [192, 0, 2, 7])
        #expect(try client("::ffff:192.0.2.7") == [192, 0, 2, 7])
        #expect(try client("::ffff:c000:207") == [192, 0, 2, 7])
        #expect(try client("0:0:0:0:0:FFFF:192.0.2.7") == [192, 0, 2, 7])
        #expect(try client("64:ff9b::192.0.2.7") == [192, 0, 2, 7])
        #expect(try client("10.13.10.13") == [10, 13, 10, 13])
        let network: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0]
        for address in [
            "2001:db8:1::", "2001:db8:1::1", "2001:DB8:1:0:ffff:ffff:ffff:ffff",
            "2001:0db8:0001:0000:0000:0000:0000:0042", "2001:db8:1:0:a0a:d0d::",
            "[2001:db8:1::9]:443",
            "2001:db8:1::10.10.13.13",
        ] {
            #expect(try client(address) == network, "\(address)")
        }
        #expect(try client("2001:db8:1:1::1") != network)
        #expect(try client("::1") == [UInt8](repeating: 0, count: 8))
        #expect(try client("0a0a:0a0d:0a00::1") == [10, 10, 10, 13, 10, 0, 0, 0])
    }

    @Test(
        "A key is the same key however `Bearer` is spelled",
        arguments: [
            "Bearer wb_key", "bearer wb_key", "BEARER   wb_key", "Bearer \t wb_key",
            "Bearer wb_key  ",
        ])
    func keys(header: String) throws {
        let site = try ShippedSite.shared
        let answer = try site.plain(
            "GET /key HTTP/1.1", "Host: x", "Authorization: \(header)", port: site.echoPort)
        #expect(answer.text == "wb_key")
    }

    @Test("Leaving subdomains out of transport security is documented")
    func transportSecurity() throws {
        expectCommonHeaders(try get("/health/live"))
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        for name in ["Sources/waybill/Documentation.docc/Deployment.md", "nginx/http.conf"] {
            let text = try String(
                contentsOf: repository.appendingPathComponent(name), encoding: .utf8)
            #expect(text.contains("includeSubDomains"))
        }
    }
}

/// Runs what blocks on a thread of its own.
private func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
