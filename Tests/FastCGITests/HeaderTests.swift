import Foundation
import Testing

@testable import FastCGI

@Suite("Headers and responses")
struct HeaderTests {
    @Test(
        "a header that could inject another cannot be made",
        arguments: [
            ("X-A", "a\r\nSet-Cookie: b"), ("X-A", "a\nb"), ("X-A", "a\rb"), ("X-A", "a\u{0}b"),
            ("X-A", "a\tb"), ("X-A", "a\u{7F}"), ("X-A\r\nX-B", "a"), ("X A", "a"), ("X:A", "a"),
            ("", "a"), ("Ä", "a"), ("Status", "200 OK"), ("STATUS", "200"),
            ("X-A", String(repeating: "a", count: 8_193)),
            (String(repeating: "a", count: 257), "a"),
        ])
    func refused(name: String, value: String) {
        #expect(HeaderField(name: name, value: value) == nil)
    }

    @Test(
        "an ordinary header is kept as it is",
        arguments: [
            ("Location", "/m/1?a=b"), ("ETag", "\"é\""), ("X-Empty", ""), ("Retry-After", "1"),
        ])
    func taken(name: String, value: String) {
        let header = HeaderField(name: name, value: value)
        #expect(header?.name == name)
        #expect(header?.value == value)
    }

    @Test("a status is 200 to 599", arguments: [-1, 0, 100, 199, 600, 1_000])
    func status(code: Int) {
        #expect(HTTPStatus(code: code) == nil)
        #expect(HTTPStatus(code: 200) == .ok)
        #expect(HTTPStatus(code: 599)?.code == 599)
    }

    @Test("Content-Length is added unless it is given or not allowed")
    func contentLength() throws {
        func text(_ response: Response) -> String {
            String(decoding: PreparedResponse(response).bytes, as: UTF8.self)
        }
        #expect(
            text(Response(.ok, headers: [.json], body: Array("{}".utf8)))
                == "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        )
        let own = try #require(HeaderField(name: "content-length", value: "7"))
        #expect(
            text(Response(.ok, headers: [own])) == "Status: 200 OK\r\ncontent-length: 7\r\n\r\n")
        #expect(
            text(Response(.noContent, body: [1])) == "Status: 204 No Content\r\n\r\n")
        let teapot = try #require(HTTPStatus(code: 418))
        #expect(text(Response(teapot)) == "Status: 418 Status\r\nContent-Length: 0\r\n\r\n")
    }
}
