import Foundation
import Testing

/// Requests that no endpoint accepts: too large, cut off, or for an unknown path or method.
@Suite("Bad requests", .timeLimit(.minutes(10)))
struct BadRequestTests {
    @Test(
        "Bodies beyond the bounds are refused before they are read",
        arguments: [
            ("/callbacks/infobip", 13 << 20), ("/callbacks/plivo", (64 << 10) + 1),
            ("/callbacks/plivo/0193a5b2-7c41-7e02-8d35-0123456789ab", 70_000),
        ])
    func tooLarge(path: String, size: Int) throws {
        let demo = try RunningDemo.shared
        let body = [UInt8](repeating: 0x20, count: size)
        expectProblem(try demo.infobip(body, path: path), 413, "body_too_large")
        // The announcement alone suffices.
        let connection = try demo.client.connect()
        let head = HTTPRequest(
            method: "POST", path: path, headers: [("Content-Length", String(size))])
        try connection.send(head.head(port: demo.port))
        var reader = AnswerReader()
        var answer: HTTPAnswer?
        while answer == nil {
            let bytes = try connection.receive()
            guard !bytes.isEmpty else { break }
            answer = try reader.add(bytes)
        }
        #expect(answer?.status == 413)
    }

    @Test("A body of almost twelve mebibytes is accepted")
    func large() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let filler = String(repeating: "x", count: 16_000)
        let results = (0..<740).map {
            InfobipBody.result("\(name)-\($0)", extra: #","callbackData":"\#(filler)""#)
        }
        let body = InfobipBody.of(results)
        #expect(body.count > 11 << 20 && body.count < 12 << 20)
        #expect(try demo.infobip(body).status == 200)
        let rows = try demo.count(
            "select count(*) from message where provider_message_id like '\(name)-%'")
        #expect(rows == 740)
    }

    @Test("A body that ends early is never read as a complete one")
    func aborted() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let body = InfobipBody.of(name)
        let credentials = Signing.basic(demo.document.infobip.user, demo.document.infobip.password)
        do {
            let connection = try demo.client.connect()
            let request = HTTPRequest(
                method: "POST", path: "/callbacks/infobip",
                headers: [
                    credentials, ("Content-Type", "application/json"),
                    ("Content-Length", String(body.count + 10)),
                ])
            try connection.send(request.head(port: demo.port) + body)
        }
        // Its successor on a connection of its own is answered, so the first has been handled.
        #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
        #expect(try demo.message(name) == nil)
    }

    @Test(
        "Unknown paths",
        arguments: [
            "/nothing", "/index.html", "/page", "/page/", "/page/nothing.js", "/callbacks",
            "/callbacks/", "/callbacks/infobip//x",
            "/callbacks/twilio",
            "/v1/", "/v1/nothing", "/v1/messages/a/b/c", "/health/", "/callbacks/plivo/x", "/.env",
            "/waybill-problem", "/callbacks/infobip/../infobip/x",
        ])
    func unknownPath(path: String) throws {
        for method in ["GET", "POST"] {
            let answer = try RunningDemo.shared.api(path, method: method)
            // A path with a variable part knows its method before its part is looked at.
            if path == "/callbacks/plivo/x", method == "GET" { continue }
            expectProblem(answer, 404, "not_found")
        }
    }

    @Test(
        "Wrong methods",
        arguments: [
            ("/callbacks/infobip", "GET", "POST"), ("/callbacks/plivo", "PUT", "POST"),
            ("/callbacks/plivo/0193a5b2-7c41-7e02-8d35-0123456789ab", "DELETE", "POST"),
            ("/v1/messages", "PUT", "POST"), ("/v1/status", "DELETE", "GET"),
            ("/v1/messages/0193a5b2-7c41-7e02-8d35-0123456789ab/reports", "PATCH", "GET"),
            ("/health/live", "POST", "GET"), ("/metrics", "OPTIONS", "GET"),
            ("/", "POST", "GET"), ("/set-password", "POST", "GET"),
        ])
    func wrongMethod(path: String, method: String, allowed: String) throws {
        let answer = try RunningDemo.shared.api(path, method: method)
        expectProblem(answer, 405, "method_not_allowed")
        let methods = answer["allow"]?.split(separator: ", ").map(String.init) ?? []
        #expect(methods.contains(allowed))
        #expect(!methods.contains(method))
    }

    @Test(
        "Message ids that are invalid, unknown, or asked for wrongly",
        arguments: [
            ("/v1/messages/abc", 400, "bad_message_id"),
            ("/v1/messages/0193A5B2-7C41-7E02-8D35-0123456789AB", 404, "unknown_message"),
            ("/v1/messages/0193a5b2-7c41-7e02-8d35-ffffffffffff", 404, "unknown_message"),
            ("/v1/messages/0193a5b2-7c41-7e02-8d35-ffffffffffff/reports", 404, "unknown_message"),
            (
                "/v1/messages?provider=infobip&provider_message_id=unheard-of", 404,
                "unknown_message"
            ),
            ("/v1/messages?provider=twilio&provider_message_id=x", 400, "bad_query"),
            ("/v1/messages?provider_message_id=x", 400, "bad_query"),
            (
                "/v1/messages?provider=infobip&provider=plivo&provider_message_id=x", 400,
                "bad_query"
            ),
            ("/v1/messages?provider=infobip&provider_message_id=x&limit=1", 400, "bad_query"),
            ("/v1/messages?provider=infobip&provider_message_id=a%00b", 400, "bad_query"),
            ("/v1/messages?provider=infobip&provider_message_id=%ff", 400, "bad_query"),
        ])
    func messageIDs(path: String, status: Int, code: String) throws {
        expectProblem(try RunningDemo.shared.api(path), status, code)
    }
}
