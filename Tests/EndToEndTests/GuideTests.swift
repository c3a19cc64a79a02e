import Foundation
import Testing

@Suite("What nginx answers itself, and the guides' paths", .timeLimit(.minutes(10)))
struct GuideTests {
    @Test(
        "The Infobip guides' paths take callbacks",
        arguments: [
            "/api/infobip/callback", "/infobip-dlr", "/infobip-webhook", "/webhooks/infobip",
        ])
    func infobip(path: String) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName("guide")
        #expect(try demo.infobip(InfobipBody.of(name), path: path).status == 200)
        #expect(try demo.status(name) == "delivered")
        expectProblem(
            try demo.infobip(InfobipBody.of(name), headers: [], path: path), 401,
            "missing_credentials")
        expectProblem(
            try demo.infobip([UInt8](repeating: 0x20, count: 13 << 20), path: path), 413,
            "body_too_large")
    }

    @Test(
        "The Plivo guide's path takes callbacks that are signed for it",
        arguments: [
            "/api/plivo/status", "/api/plivo/status?tenant=acme",
        ])
    func plivo(path: String) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName("guide")
        var request = try demo.plivoRequest("MessageUUID=\(name)&Status=delivered", path: path)
        #expect(try demo.client.send(request).status == 200)
        #expect(try demo.status(name, provider: "plivo") == "delivered")
        // The same signature does not hold for our own path.
        request.path = "/callbacks/plivo"
        expectProblem(try demo.client.send(request), 403, "wrong_signature")
    }

    @Test(
        "The guides' paths for sending accept the guides' names, whatever follows them",
        arguments: [
            "/send-sms", "/api/send-sms", "/api/infobip/send", "/api/plivo/send", "/send",
            "/sms/send", "/api/sms/send?to=x&wait=99",
        ])
    func sending(path: String) throws {
        let demo = try RunningDemo.shared
        // The problem shows who read it: first our query, then the members.
        let answer = try demo.client.send(
            HTTPRequest(
                method: "POST", path: path,
                headers: [
                    ("Authorization", "Bearer \(demo.document.api_key)"),
                    ("Content-Type", "application/json"),
                ], body: Array(#"{"recipient":"079 123 45 67","messageBody":"Hello"}"#.utf8)))
        expectProblem(answer, 422, "invalid_message")
        let errors = try JSON(answer)["errors"].array
        #expect(errors.map { $0["field"].string } == ["recipient"])
        #expect(errors.map { $0["code"].string } == ["no_country_code"])
    }

    @Test(
        "A path that is one provider's refuses another one's name, and 15 digits for Plivo",
        arguments: [
            ("/api/plivo/send", #""provider":"infobip""#, "contradicts_path"),
            ("/api/infobip/send", #""provider":"plivo""#, "contradicts_path"),
            ("/api/plivo/send", #""to":"+923456789012345""#, "too_long_for_plivo"),
        ])
    func pinned(path: String, member: String, code: String) throws {
        let demo = try RunningDemo.shared
        let body = member.contains("to") ? member : member + #","to":"+447700900123""#
        let answer = try demo.client.send(
            HTTPRequest(
                method: "POST", path: path + "?provider=infobip",
                headers: [
                    ("Authorization", "Bearer \(demo.document.api_key)"),
                    ("Content-Type", "application/json"),
                ], body: Array(#"{"text":"Hello",\#(body)}"#.utf8)))
        expectProblem(answer, 422, "invalid_message")
        #expect(try JSON(answer)["errors"].array.map { $0["code"].string } == [code])
    }

    @Test(
        "The guides' paths for sending take POST alone",
        arguments: ["/send-sms", "/api/sms/send", "/api/plivo/send", "/api/infobip/send"])
    func onlyPost(path: String) throws {
        let answer = try RunningDemo.shared.api(path)
        expectProblem(answer, 405, "method_not_allowed")
        #expect(answer["Allow"] == "POST")
    }

    @Test("The guides' /health reports readiness")
    func health() throws {
        let answer = try RunningDemo.shared.api("/health", key: .some(nil))
        #expect(answer.status == 200)
        #expect(try JSON(answer)["status"].string == "ready")
    }

    @Test(
        "A name that is not served gets no answer",
        arguments: [
            "evil.example", "127.0.0.2", "waybill.example:8443",
        ])
    func unknownHost(name: String) throws {
        let connection = try RunningDemo.shared.client.connect()
        let text = "GET /health/live HTTP/1.1\r\nHost: \(name)\r\n\r\n"
        try connection.send(Array(text.utf8))
        #expect(try connection.receive().isEmpty)
    }

    @Test(
        "A request that is not HTTP, or too large, gets a problem",
        arguments: [
            ("GARBAGE\r\n\r\n", 400, "bad_request"),
            ("GET /health/live HTTP/1.1\r\n\r\n", 400, "bad_request"),
            (
                "GET /health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400,
                "bad_request"
            ),
            (
                "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: "
                    + String(repeating: "x", count: 9000) + "\r\n\r\n", 431, "headers_too_large"
            ),
            (
                "GET /" + String(repeating: "x", count: 9000)
                    + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                414, "uri_too_long"
            ),
            (
                "GET /health/live HTTP/3.0\r\nHost: localhost\r\n\r\n", 505,
                "http_version_not_supported"
            ),
        ])
    func notHTTP(text: String, status: Int, code: String) throws {
        let connection = try RunningDemo.shared.client.connect()
        try connection.send(Array(text.utf8))
        let answer = try readAnswer(connection)
        #expect(answer.status == status)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(try JSON(answer)["code"].string == code)
        #expect(try JSON(answer)["request_id"].string == answer["x-request-id"])
    }

    private func readAnswer(_ connection: TLSConnection) throws -> HTTPAnswer {
        var reader = AnswerReader()
        while true {
            let bytes = try connection.receive()
            guard !bytes.isEmpty else { return try reader.finish() }
            if let answer = try reader.add(bytes) { return answer }
        }
    }
}
