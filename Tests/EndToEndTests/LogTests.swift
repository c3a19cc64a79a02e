import Foundation
import TestSupport
import Testing

@Suite("The logs", .timeLimit(.minutes(10)))
struct LogTests {
    @Test("The responder's log is JSON by lines and holds no secret, no body, no phone number")
    func responder() throws {
        let demo = try RunningDemo.shared
        let marker = uniqueName("in-a-body")
        let credentials = Signing.basic(demo.document.infobip.user, "wrong-\(marker)")
        _ = try demo.infobip(InfobipBody.of(marker), headers: [credentials])
        let key = "wb_" + String(repeating: "A", count: 43)
        _ = try demo.api("/v1/messages?provider=infobip&provider_message_id=\(marker)", key: key)
        _ = try demo.infobip(Array("{\"results\":[{\"to\":\"447700900123\",\(marker)".utf8))
        _ = try demo.infobip(
            InfobipBody.of([InfobipBody.result(marker, doneAt: "447700900123")]))
        let form = "MessageUUID=\(marker)&Status=sent&To=447700900123&Units=\(marker)"
        _ = try demo.client.send(demo.plivoRequest(form, path: "/callbacks/plivo?secret=\(marker)"))
        let answer = try demo.infobip(Array("x".utf8))
        let id = try #require(answer["x-request-id"])

        // The answer is sent before its line.
        #expect(waitUntil(within: .seconds(5)) { demo.responderLog.contains(id) })
        let log = demo.responderLog
        expectCleanLog(log, hiding: demo.document)
        #expect(!log.contains(marker))
        #expect(!log.contains(key))
        let line = try #require(log.split(separator: "\n").last { $0.contains(id) })
        let fields = try JSON(line: line)
        #expect(fields["request_id"].string == id)
        #expect(fields["code"].string == "not_json")
        #expect(fields["level"].string == "warning")
    }

    @Test("nginx's access log is JSON by lines and holds neither queries nor headers")
    func proxy() throws {
        let demo = try RunningDemo.shared
        let path = demo.directory + "/nginx/nginx.access.log"
        let marker = uniqueName("path")
        for rest in ["%FF%FE", "%C3%A9", "\u{e9}", "%22%5C%0A", "a%20b", "%E2%82"] {
            _ = try demo.api("/\(marker)/\(rest)?secret=\(marker)-query", key: .some(nil))
        }
        let raw = try demo.client.connect()
        // Bytes that are not UTF-8, as they are.
        try raw.send(
            Array("GET /\(marker)/".utf8) + [0xFF, 0xC3]
                + Array(" HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        _ = try raw.receive()
        func text() throws -> String {
            let data = try #require(FileManager.default.contents(atPath: path))
            return try #require(String(validating: data, as: UTF8.self))
        }
        // Written within a second.
        #expect(
            try waitUntil(within: .seconds(20)) {
                try text().components(separatedBy: marker).count > 5
                    && text().contains("(not ASCII)")
            })
        let text = try text()
        for shown in ["%FF%FE", "%C3%A9", "a b", "%E2%82"] {
            #expect(text.contains("\"uri\":\"/\(marker)/\(shown)\""), "\(shown)")
        }
        #expect(!text.contains("\(marker)-query"))
        // The last line may be half written.
        for line in text.split(separator: "\n").dropLast() {
            let fields = try JSON(line: line)
            #expect(fields["request_id"].string?.count == 32)
            #expect(fields["status"].int != nil)
            #expect(fields["uri"].string?.contains("?") == false)
        }
        for secret in demo.document.secrets { #expect(!text.contains(secret)) }
    }
}

/// Checks that each line is one JSON object, and that nothing is in it which must not be.
func expectCleanLog(
    _ log: String, hiding document: DemoDocument, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(!log.isEmpty, sourceLocation: sourceLocation)
    for line in log.split(separator: "\n") {
        guard let fields = try? JSON(line: line), fields.isObject else {
            Issue.record("not a JSON object: \(line.prefix(200))", sourceLocation: sourceLocation)
            continue
        }
        #expect(
            fields["time"].string?.hasSuffix("Z") == true, "\(line)", sourceLocation: sourceLocation
        )
        #expect(
            ["debug", "info", "warning", "error"].contains(fields["level"].string ?? ""),
            sourceLocation: sourceLocation)
        #expect(fields["message"].string?.isEmpty == false, sourceLocation: sourceLocation)
    }
    for secret in document.secrets + ["447700900", "12025550", #"\"messageId"#, "MessageUUID="] {
        #expect(!log.contains(secret), "\(secret)", sourceLocation: sourceLocation)
    }
    let basic = Signing.basic(document.infobip.user, document.infobip.password).value
    #expect(!log.contains(basic.dropFirst(6)), sourceLocation: sourceLocation)
}
