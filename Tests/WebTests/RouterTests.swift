import FastCGI
import Foundation
import Testing

import TestSupport
@testable import Web

@Suite("Router", .blocking)
struct RouterTests {
    private static func route(_ method: String, _ path: String) -> Router.Route {
        Router.Route(method, path) { exchange, captures in
            let text = "\(method) \(path) \(captures.joined(separator: "|"))"
            exchange.respond(Response(.ok, headers: [.plainText], body: Array(text.utf8)))
        }
    }

    private let server: WebServer

    init() throws {
        server = try WebServer([
            Self.route("GET", "/a"), Self.route("POST", "/a"), Self.route("GET", "/a/{x}"),
            Self.route("GET", "/a/{x}/b/{y}"), Self.route("GET", "/a/known"),
            Self.route("POST", "/only-post"),
        ])
    }

    @Test(
        "A path and a method find their route, with the captured segments",
        arguments: [
            ("GET", "/a", "GET /a "), ("POST", "/a", "POST /a "), ("GET", "/a?x=1", "GET /a "),
            ("GET", "/a/1", "GET /a/{x} 1"), ("GET", "/a/1/b/two", "GET /a/{x}/b/{y} 1|two"),
            ("GET", "/a/known", "GET /a/known "), ("HEAD", "/a", "GET /a "),
        ])
    func match(method: String, target: String, expected: String) throws {
        let answer = try server.send(method, target)
        #expect(answer.status == 200)
        #expect(answer.body == expected)
    }

    @Test(
        "A path without a route is a 404",
        arguments: ["/", "/b", "/a/", "/a/1/", "/a//b/2", "/a/1/b", "/A", "//a", "/a/1/b/2/3"])
    func unknownPath(target: String) throws {
        let answer = try server.send("GET", target)
        #expect(answer.status == 404)
        #expect(answer.code == "not_found")
    }

    @Test(
        "A known path with another method is a 405 that names the allowed ones",
        arguments: [
            ("DELETE", "/a", "GET, HEAD, POST"), ("PUT", "/a/1", "GET, HEAD"),
            ("GET", "/only-post", "POST"), ("HEAD", "/only-post", "POST"),
            ("get", "/a/1", "GET, HEAD"),
        ])
    func wrongMethod(method: String, target: String, allow: String) throws {
        let answer = try server.send(method, target)
        #expect(answer.status == 405)
        #expect(answer.code == "method_not_allowed")
        #expect(answer.header("Allow") == allow)
    }

    @Test("A problem has the members of RFC 9457, a code and the request id")
    func problemShape() throws {
        let answer = try server.send("GET", "/nowhere", requestID: "0123456789abcdef")
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(
            answer.body == #"{"type":"about:blank","title":"Not Found","status":404,"#
                + #""detail":"There is nothing at this path.","code":"not_found","#
                + #""request_id":"0123456789abcdef"}"#)
    }

    @Test("nginx sets the headers for caching and security, so that none comes twice")
    func noDoubledHeaders() throws {
        for target in ["/nowhere", "/a"] {
            let names = try server.send("GET", target).headers.map { $0.name.lowercased() }
            let nginx = [
                "cache-control", "x-request-id", "strict-transport-security",
                "x-content-type-options", "content-security-policy", "referrer-policy",
            ]
            #expect(Set(names).isDisjoint(with: nginx))
        }
    }
}
