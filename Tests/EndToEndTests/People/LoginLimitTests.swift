import Foundation
import TestSupport
import Testing

@Suite("nginx's limits of people", .timeLimit(.minutes(10)))
struct LoginLimitTests {
    private func send(
        _ method: String, _ path: String, _ body: String = ""
    ) throws -> HTTPAnswer {
        try ShippedSite.shared.client.send(
            HTTPRequest(
                method: method, path: path, host: "localhost",
                headers: body.isEmpty ? [] : [("Content-Type", "application/json")],
                body: Array(body.utf8)))
    }

    @Test(
        "Passwords are tried at a low rate from one address, and asking who one is is not limited")
    func login() throws {
        var answers: [HTTPAnswer] = []
        for path in ["/v1/session", "/v1/password", "/v1/totp"] {
            for _ in 0..<12 { answers.append(try send("POST", path, "{}")) }
        }
        let limited = answers.filter { $0.status == 429 }
        // The burst is 20, and a second or two pass.
        #expect((5...16).contains(limited.count), "\(limited.count)")
        let first = try #require(limited.first)
        expectProblem(first, 429, "rate_limited")
        #expect(first["retry-after"] == "1")
        #expect(Set(answers.map(\.status)).subtracting([429]) == [401, 422])
        for _ in 0..<40 {
            #expect(try send("GET", "/v1/session").status == 401)
        }
    }

    @Test("A password's body is small")
    func body() throws {
        let large = #"{"email":"\#(String(repeating: "a", count: 17_000))"}"#
        expectProblem(try send("POST", "/v1/session", large), 413, "body_too_large")
    }

    @Test("Requests with a session are counted by it, whatever other cookies there are")
    func sessions() throws {
        let site = try ShippedSite.shared
        func key(_ headers: String...) throws -> String {
            let peer = try SocketPeer(port: site.echoPort)
            let lines = ["GET /key HTTP/1.1", "Host: localhost"] + headers
            peer.send(
                Array((lines + ["Connection: close", "", ""]).joined(separator: "\r\n").utf8))
            var reader = AnswerReader()
            let bytes = try #require(peer.readToEnd())
            return try (reader.add(bytes) ?? reader.finish()).text
        }
        let token = String(repeating: "Ab1-_", count: 9).prefix(43)
        #expect(try key("Cookie: __Host-waybill=\(token)") == token)
        #expect(try key("Cookie: a=b; __Host-waybill=\(token); c=d") == token)
        #expect(try key("Cookie: a__Host-waybill=\(token)") == "")
        #expect(try key("Cookie: __Host-waybill=\(token)x") == "")
        #expect(try key("Cookie: __Host-waybill=\(token)", "Authorization: Bearer k") == "k")
    }
}
