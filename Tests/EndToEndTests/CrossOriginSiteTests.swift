import TestSupport
import Testing

@Suite("Pages of other origins, behind nginx", .timeLimit(.minutes(10)))
struct CrossOriginSiteTests {
    private static let path = "/v1/messages"

    private func send(
        _ method: String, _ path: String = path, origin: String? = RunningDemo.namedOrigin,
        headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) throws -> HTTPAnswer {
        let origin = origin.map { [("Origin", $0)] } ?? []
        return try RunningDemo.shared.client.send(
            HTTPRequest(method: method, path: path, headers: origin + headers, body: body))
    }

    @Test("A page sends with a key after a preflight, by the guides' paths, too")
    func sends() throws {
        let demo = try RunningDemo.shared
        for path in [Self.path, "/send-sms", "/api/plivo/send"] {
            let preflight = try send(
                "OPTIONS", path,
                headers: [
                    ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", "authorization,content-type"),
                ])
            #expect(preflight.status == 204)
            #expect(preflight["access-control-allow-origin"] == RunningDemo.namedOrigin)
            #expect(preflight["access-control-allow-methods"]?.contains("POST") == true)
            #expect(preflight["access-control-allow-headers"]?.contains("Authorization") == true)
            #expect(preflight["access-control-allow-credentials"] == nil)
        }
        let answer = try send(
            "POST",
            headers: [
                ("Authorization", "Bearer \(demo.document.api_key)"),
                ("Content-Type", "application/json"),
            ], body: Array(#"{"to":"+447700900123","text":"from a page"}"#.utf8))
        #expect(answer.status == 202)
        #expect(answer["access-control-allow-origin"] == RunningDemo.namedOrigin)
        #expect(answer["access-control-expose-headers"]?.contains("X-Request-Id") == true)
        #expect(answer["vary"] == "Origin")
    }

    @Test("It sees the responder's errors, and nginx's own")
    func errors() throws {
        let large = [UInt8](repeating: 0x20, count: 2_000_000)
        for (answer, status) in [
            (try send("GET"), 401), (try send("POST", body: large), 413),
            (try send("PATCH", "/v1/messages"), 405),
        ] {
            #expect(answer.status == status)
            #expect(answer.all("access-control-allow-origin") == [RunningDemo.namedOrigin])
            #expect(answer.all("vary") == ["Origin"])
        }
    }

    @Test("Pages of other origins see nothing, and routes for people alone are not opened")
    func others() throws {
        let large = [UInt8](repeating: 0x20, count: 2_000_000)
        for origin in ["https://evil.example", "null", RunningDemo.namedOrigin + ".evil.example"] {
            for answer in [
                try send("GET", origin: origin), try send("POST", origin: origin, body: large),
                try send(
                    "OPTIONS", origin: origin, headers: [("Access-Control-Request-Method", "GET")]),
            ] {
                #expect(!answer.headers.contains { $0.name.hasPrefix("access-control") })
            }
        }
        for path in ["/v1/session", "/v1/password", "/v1/openapi.json", "/callbacks/infobip"] {
            let answer = try send(
                "OPTIONS", path, headers: [("Access-Control-Request-Method", "GET")])
            #expect(answer.status != 204)
            #expect(!answer.headers.contains { $0.name.hasPrefix("access-control") })
        }
        let own = try send("POST", "/v1/session", body: large)
        #expect(own.status == 413)
        #expect(own["access-control-allow-origin"] == nil)
    }
}
