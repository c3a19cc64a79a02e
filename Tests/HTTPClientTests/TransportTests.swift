import Dispatch
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import HTTPClient

@Suite("URLSession transport", .blocking, .timeLimit(.minutes(10)))
struct TransportTests {
    private let transport = URLSessionTransport(.init(userAgent: "waybill/test"))

    /// The result, and how often the completion was called by then.
    private func send(
        _ method: String, _ url: String, body: String = "", within limit: Duration = .seconds(10),
        headers: [(name: String, value: String)] = []
    ) throws -> TransportResult {
        let box = Mutex<[TransportResult]>([])
        let done = DispatchSemaphore(value: 0)
        transport.send(
            ProviderRequest(method: method, url: url, headers: headers, body: Array(body.utf8)),
            within: limit
        ) { result in
            box.withLock { $0.append(result) }
            done.signal()
        }
        #expect(done.wait(timeout: .now() + 30) == .success)
        let results = box.withLock { $0 }
        #expect(results.count == 1)
        return try #require(results.first)
    }

    private func code(_ result: TransportResult) -> String {
        switch result {
        case .answered(let response): "\(response.status)"
        case .notSent(let problem): "not sent: \(problem.code)"
        case .unanswered(let problem): "unanswered: \(problem.code)"
        }
    }

    @Test("A request goes out as it is, and its answer comes back whole")
    func whole() throws {
        let server = try ScriptedServer { _ in .answer(ScriptedServer.ok("hello")) }
        defer { server.stop() }
        let result = try send(
            "POST", server.url + "a/b?c=d", body: "{\"x\":1}",
            headers: [("Authorization", "App key"), ("Content-Type", "application/json")])
        #expect(result == .answered(ProviderResponse(status: 200, body: Array("hello".utf8))))
        let request = try #require(server.requests.first)
        #expect(request.body == "{\"x\":1}")
        let lines = request.head.components(separatedBy: "\r\n")
        #expect(lines.first == "POST /a/b?c=d HTTP/1.1")
        for line in [
            "Authorization: App key", "Content-Type: application/json", "Connection: close",
            "User-Agent: waybill/test",
        ] {
            #expect(lines.contains(line), "\(line) in \(lines)")
        }
    }

    @Test(
        "Every status is an answer, and none has an effect",
        arguments: [204, 301, 302, 307, 400, 401, 403, 404, 407, 429, 500, 503])
    func statuses(status: Int) throws {
        let server = try ScriptedServer { _ in
            .answer(
                "HTTP/1.1 \(status) Word\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\n"
                    + "WWW-Authenticate: Basic realm=\"x\"\r\nProxy-Authenticate: Basic\r\n"
                    + "Content-Length: \(status == 204 ? 0 : 4)\r\n\r\n\(status == 204 ? "" : "body")"
            )
        }
        defer { server.stop() }
        #expect(code(try send("POST", server.url, body: "x")) == "\(status)")
        #expect(code(try send("GET", server.url)) == "\(status)")
        #expect(server.requests.count == 2)
        #expect(server.requests.allSatisfy { !$0.head.contains("Cookie") })
    }

    @Test("A request that cannot have reached the host was not sent")
    func notSent() throws {
        let port = try FreePort.next()
        #expect(
            code(try send("POST", "http://127.0.0.1:\(port)/", body: "x"))
                == "not sent: cannot_connect")
        #expect(
            code(try send("POST", "https://127.0.0.1:\(port)/", body: "x"))
                == "not sent: cannot_connect")
        #expect(
            code(try send("POST", "http://no-such-host.invalid/", body: "x"))
                == "not sent: no_such_host")
        for url in ["", "nonsense", "file:///etc/passwd", "http://", "ftp://127.0.0.1/"] {
            #expect(code(try send("POST", url, body: "x")) == "not sent: bad_url")
        }
    }

    @Test("A host without TLS has received nothing")
    func noTLS() throws {
        let server = try ScriptedServer { _ in .answer(ScriptedServer.ok("")) }
        defer { server.stop() }
        let result = try send(
            "POST", "https://127.0.0.1:\(server.port)/", body: "x", within: .seconds(3))
        // Which of the two depends on how the host takes a handshake; never an answer.
        #expect(["not sent: no_tls", "unanswered: time_out"].contains(code(result)))
        #expect(server.requests.isEmpty)
    }

    @Test("An answer that breaks off does not count")
    func half() throws {
        let server = try ScriptedServer { _ in
            .close(after: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        }
        defer { server.stop() }
        #expect(
            code(try send("POST", server.url, body: "x")) == "unanswered: connection_lost")
    }

    @Test(
        "A connection that ends without an answer is no failure to connect, and nothing is repeated"
    )
    func closed() throws {
        let server = try ScriptedServer { _ in .close(after: "") }
        defer { server.stop() }
        #expect(
            code(try send("POST", server.url, body: "x")) == "unanswered: connection_lost")
        #expect(server.requests.count == 1)
    }

    @Test("A POST asks for a connection of its own, and gets one where the host listens")
    func single() throws {
        let server = try ScriptedServer { _ in
            .close(after: ScriptedServer.ok("ok", "Connection: close\r\n"))
        }
        defer { server.stop() }
        for number in 1...5 {
            #expect(code(try send("POST", server.url, body: "\(number)")) == "200")
        }
        #expect(server.requests.map(\.body) == ["1", "2", "3", "4", "5"])
        #expect(Set(server.requests.map(\.connection)).count == 5)
    }

    @Test("Where a host closes a kept connection, no body arrives twice")
    func kept() throws {
        let seen = Mutex<[Int: Int]>([:])
        // Each connection answers once with keep-alive, and closes at its second request.
        let server = try ScriptedServer { request in
            let count = seen.withLock { seen in
                seen[request.connection, default: 0] += 1
                return seen[request.connection, default: 0]
            }
            return count == 1
                ? .answer(ScriptedServer.ok("ok", "Connection: keep-alive\r\n")) : .close(after: "")
        }
        defer { server.stop() }
        var results: [String] = []
        for number in 1...4 {
            results.append(
                code(try send("POST", server.url, body: "\(number)", within: .seconds(1))))
        }
        #expect(results.first == "200")
        #expect(results.allSatisfy { $0 == "200" || $0.hasPrefix("unanswered") }, "\(results)")
        // libcurl repeats the head, whose body never comes.
        let bodies = server.requests.map(\.body).filter { !$0.isEmpty }
        #expect(bodies.count == Set(bodies).count)
        #expect(Set(bodies) == ["1", "2", "3", "4"])
    }

    @Test("A connection that is reset after the request was written is no failure to connect")
    func reset() throws {
        let large = String(repeating: "x", count: 800_000)
        for isDeaf in [false, true] {
            let server = try ScriptedServer(isDeaf: isDeaf) { _ in .reset(isLast: false) }
            defer { server.stop() }
            for body in ["x", large] {
                #expect(
                    code(try send("POST", server.url, body: body))
                        == "unanswered: connection_lost")
            }
        }
    }

    @Test("A refusal of libcurl's second connection does not hide that the first had the request")
    func resetAndGone() throws {
        let count = Mutex(0)
        let server = try ScriptedServer { _ in
            let count = count.withLock { count in
                count += 1
                return count
            }
            return count == 1
                ? .answer(ScriptedServer.ok("ok", "Connection: keep-alive\r\n"))
                : .reset(isLast: true)
        }
        defer { server.stop() }
        #expect(code(try send("POST", server.url, body: "1")) == "200")
        let second = code(try send("POST", server.url, body: "2", within: .seconds(3)))
        #expect(second.hasPrefix("unanswered"), "\(second)")
        #expect(server.requests.map(\.body) == ["1", "2"])
        #expect(code(try send("POST", server.url, body: "3")) == "not sent: cannot_connect")
    }

    @Test("A header of more than one line is not sent")
    func injection() throws {
        let server = try ScriptedServer { _ in .answer(ScriptedServer.ok("")) }
        defer { server.stop() }
        for (name, value) in [
            ("Authorization", "App key\r\nX-Injected: 1"), ("Authorization", "App key\n"),
            ("A\r\nB", "x"), ("A: B", "x"), ("", "x"), ("A", "\0"),
        ] {
            #expect(
                code(try send("POST", server.url, body: "x", headers: [(name, value)]))
                    == "not sent: bad_header")
        }
        #expect(server.requests.isEmpty)
        let tab = try send("POST", server.url, body: "x", headers: [("A", "b\tc é")])
        #expect(code(tab) == "200")
    }

    @Test("An answer over the limit does not count, and is not read to its end")
    func tooLarge() throws {
        let server = try ScriptedServer { request in
            let body = String(
                repeating: "x", count: request.head.contains("/fits") ? 1 << 20 : 5 << 20)
            return .answer(ScriptedServer.ok(body))
        }
        defer { server.stop() }
        #expect(
            code(try send("POST", server.url, body: "x")) == "unanswered: answer_too_large")
        #expect(code(try send("POST", server.url + "fits", body: "x")) == "200")
    }

    @Test("A silent host costs no more than the time limit")
    func slow() throws {
        let server = try ScriptedServer { _ in .silence }
        defer { server.stop() }
        let start = ContinuousClock.now
        #expect(
            code(try send("POST", server.url, body: "x", within: .milliseconds(300)))
                == "unanswered: time_out")
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("Retry-After comes along")
    func retryAfter() throws {
        let server = try ScriptedServer { _ in
            .answer("HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        #expect(
            try send("POST", server.url, body: "x")
                == .answered(ProviderResponse(status: 429, retryAfterSeconds: 17, body: [])))
    }

    @Test(
        "Retry-After is seconds or a date",
        arguments: [
            ("0", 0), ("120", 120), (" 5 ", 5), ("-1", nil), ("soon", nil), ("", nil), ("1.5", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
        ])
    func retryAfterText(text: String, seconds: Int?) throws {
        // 1994-11-06 08:49:00
        let now = Date(timeIntervalSince1970: 784_111_740)
        #expect(RetryAfter.seconds(text, at: now) == seconds)
    }

    @Test("2,000 requests, 16 at a time, are all answered, each with its own answer")
    func many() throws {
        let server = try ScriptedServer { request in
            .close(after: ScriptedServer.ok(request.body, "Connection: close\r\n"))
        }
        defer { server.stop() }
        let slots = DispatchSemaphore(value: 16)
        let group = DispatchGroup()
        let right = Mutex(0)
        for number in 0..<2000 {
            slots.wait()
            group.enter()
            let body = Array("\(number)".utf8)
            transport.send(
                ProviderRequest(method: "POST", url: server.url, headers: [], body: body),
                within: .seconds(20)
            ) { result in
                if result == .answered(ProviderResponse(status: 200, body: body)) {
                    right.withLock { $0 += 1 }
                }
                slots.signal()
                group.leave()
            }
        }
        #expect(group.wait(timeout: .now() + 60) == .success)
        #expect(right.withLock { $0 } == 2000)
        #expect(Set(server.requests.map(\.body)).count == 2000)
        #expect(server.requests.count == 2000)
    }
}
