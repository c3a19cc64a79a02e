import Domain
import FastCGI
import TestSupport
import Testing

@testable import Web

@Suite("Pages of other origins", .blocking)
struct CrossOriginTests {
    private static let known = "https://app.example.com"

    private func server(_ origins: [String] = [known]) throws -> WebServer {
        let endpoint = Keys().endpoint
        let openAPI = OpenAPIEndpoint(version: "1", providers: ProviderTraits.samples, routes: [])
        return try WebServer(
            MessageEndpoints(Reader(), providers: ProviderTraits.samples).routes(endpoint)
                + openAPI.routes(endpoint), crossOrigins: CrossOrigins(origins))
    }

    private func send(
        _ method: String, _ path: String, origin: String?, asks: String? = nil,
        _ server: WebServer
    ) throws -> Answer {
        var headers: [String: String] = [:]
        headers["HTTP_ORIGIN"] = origin
        headers["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] = asks
        return try server.send(method, path, headers: headers)
    }

    @Test("A preflight of a named origin is told what it may send, without a key")
    func preflight() throws {
        let server = try server()
        for path in ["/v1/messages", "/v1/messages/01234567-89ab-8def-8123-456789abcdef"] {
            let answer = try send("OPTIONS", path, origin: Self.known, asks: "GET", server)
            #expect(answer.status == 204)
            #expect(answer.header("Access-Control-Allow-Origin") == Self.known)
            #expect(answer.header("Vary") == "Origin")
            #expect(answer.header("Access-Control-Allow-Methods") == "GET, HEAD")
            #expect(
                answer.header("Access-Control-Allow-Headers")
                    == "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
            #expect(answer.header("Access-Control-Max-Age") == "3600")
            #expect(answer.header("Access-Control-Allow-Credentials") == nil)
        }
    }

    @Test("Answers of any status are shown to a named origin, and to no other")
    func answers() throws {
        let server = try server()
        for (method, path, status) in [
            ("GET", "/v1/messages", 401), ("PUT", "/v1/messages", 405),
        ] {
            let shown = try send(method, path, origin: Self.known, server)
            #expect(shown.status == status)
            #expect(shown.header("Access-Control-Allow-Origin") == Self.known)
            #expect(
                shown.header("Access-Control-Expose-Headers")?.contains("Retry-After") == true)
            for other in [nil, "https://evil.example", "null", Self.known + ".evil.example"] {
                let hidden = try send(method, path, origin: other, server)
                #expect(hidden.status == status)
                #expect(hidden.header("Vary") == "Origin")
                #expect(!hidden.headers.contains { $0.name.hasPrefix("Access-Control") })
            }
        }
    }

    @Test("A preflight of another origin, or of a route without keys, gets nothing")
    func refusals() throws {
        let server = try server()
        for (path, origin, asks) in [
            ("/v1/messages", "https://evil.example", "GET"), ("/v1/messages", Self.known, nil),
            ("/v1/openapi.json", Self.known, "GET"),
        ] {
            let answer = try send("OPTIONS", path, origin: origin, asks: asks, server)
            #expect(answer.status == 405)
            #expect(answer.header("Access-Control-Allow-Methods") == nil)
        }
        #expect(
            try send("OPTIONS", "/v1/nothing", origin: Self.known, asks: "GET", server).status
                == 404)
    }

    @Test("Unless an origin is named, no answer has a header of it")
    func off() throws {
        let answer = try send("GET", "/v1/messages", origin: Self.known, server([]))
        #expect(answer.header("Vary") == nil)
        #expect(answer.header("Access-Control-Allow-Origin") == nil)
    }
}
