import Foundation
import Testing

/// Signed forms that are no report, or none at all: the answer, and what quarantine says of them.
@Suite("Bad input in Plivo's forms", .timeLimit(.minutes(10)))
struct PlivoBadInputTests {
    /// A form of Plivo's that is signed but not a report.
    static let forms: [(form: String, reason: String, place: String)] = [
        ("MessageUUID=a%00b&Status=sent", "bad_message_id", "MessageUUID"),
        ("MessageUUID=a&MessageUUID=b&Status=sent", "duplicate_key", "MessageUUID"),
        ("MessageUUID=a&Status=sent&Status=delivered", "duplicate_key", "Status"),
        ("MessageUUID=a", "not_a_report", "body"),
        ("MessageUUID=a&MessageUUID=b&From=15550100&Text=Hi", "inbound_message", "body"),
    ]

    @Test("A signed form that is no report goes to quarantine", arguments: forms)
    func form(form: String, reason: String, place: String) throws {
        let demo = try RunningDemo.shared
        let marked = form + "&Marker=" + uniqueName("form")
        #expect(try demo.client.send(demo.plivoRequest(marked)).status == 200)
        let hex = marked.utf8.map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql(
            "select reason, place from quarantine where excerpt = '\\x\(hex)'")
        #expect(kept == "\(reason)|\(place)")
    }

    @Test(
        "A signed report with something odd in it is stored, and quarantine says what",
        arguments: [
            ("Units=1.5", "bad_number", "Units"), ("SentTime=None", "bad_time", "SentTime"),
            ("Units=99999999999&TotalAmount=free", "bad_number", "Units, TotalAmount"),
            ("To=447700900456&To=447700900457", "duplicate_key", "To"),
        ])
    func oddity(parameters: String, reason: String, place: String) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let form = "MessageUUID=\(name)&Status=Delivered+&\(parameters)"
        #expect(try demo.client.send(demo.plivoRequest(form)).status == 200)
        #expect(try demo.message(name, provider: "plivo")?["status"].string == "delivered")
        let hex = form.utf8.map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql("select reason, place from quarantine where excerpt = '\\x\(hex)'")
        #expect(kept == "\(reason)|\(place)")
    }

    @Test("A UUID in capitals is the same message, and found in either case")
    func capitals() throws {
        let demo = try RunningDemo.shared
        let name = UUID().uuidString
        for (uuid, status) in [(name.lowercased(), "sent"), (name, "delivered")] {
            let form = "MessageUUID=\(uuid)&Status=\(status)&PartInfo=1+of+2"
            #expect(try demo.client.send(demo.plivoRequest(form)).status == 200)
        }
        let messages = try [name, name.lowercased()].map {
            try #require(try demo.message($0, provider: "plivo"))
        }
        #expect(messages[0]["id"].string == messages[1]["id"].string)
        // The other part of a message that others sent is not queried.
        #expect(messages.map { $0["status"].string } == ["delivered", "delivered"])
    }

    @Test("A signed request to the path with a slash at its end is a callback")
    func slash() throws {
        let demo = try RunningDemo.shared
        let id = "0193a5b2-7c41-7e02-8d35-" + String(UUID().uuidString.lowercased().suffix(12))
        for path in [
            "/callbacks/plivo/", "/callbacks/plivo/\(id)/", "/api/plivo/status/",
            "/callbacks/plivo/?tenant=acme",
        ] {
            let name = uniqueName()
            let request = try demo.plivoRequest("MessageUUID=\(name)&Status=sent", path: path)
            #expect(try demo.client.send(request).status == 200, "\(path)")
            #expect(try demo.message(name, provider: "plivo")?["status"].string == "sent")
        }
        for path in ["/callbacks/infobip/", "/api/infobip/callback/", "/infobip-webhook/"] {
            let name = uniqueName()
            #expect(try demo.infobip(InfobipBody.of(name), path: path).status == 200, "\(path)")
            #expect(try demo.status(name) == "delivered")
        }
    }

    @Test("Signature headers whose lines came twice are authenticated")
    func linesTwice() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let request = try demo.plivoRequest("MessageUUID=\(name)&Status=sent")
        let isSignature = { (header: (name: String, value: String)) in
            header.name.lowercased() == "x-plivo-signature-v3"
        }
        // The right one second, then all of them twice.
        var second = request
        second.headers = [("X-Plivo-Signature-V3", "AAAA")] + request.headers
        #expect(request.headers.contains(where: isSignature))
        #expect(try demo.client.send(second).status == 200)
        var twice = request
        twice.headers += request.headers.filter { $0.name.lowercased().hasPrefix("x-plivo") }
        #expect(try demo.client.send(twice).status == 200)
        #expect(try demo.message(name, provider: "plivo")?["status"].string == "sent")
        var wrong = request
        wrong.headers.removeAll(where: isSignature)
        wrong.headers += [("X-Plivo-Signature-V3", "AAAA"), ("X-Plivo-Signature-V3", "AAAB")]
        expectProblem(try demo.client.send(wrong), 403, "wrong_signature")
    }

    @Test(
        "A signed form that is no status callback is refused with its place, and kept",
        arguments: [
            ("Status=delivered", "MessageUUID"), ("MessageUUID=a&Status=", "Status"),
        ])
    func otherForm(form: String, place: String) throws {
        let demo = try RunningDemo.shared
        let marked = form + "&Marker=" + uniqueName("form")
        let answer = try demo.client.send(demo.plivoRequest(marked))
        expectProblem(answer, 400, "wrong_shape")
        #expect(try JSON(answer)["place"].string == place)
        let hex = marked.utf8.map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql("select reason, place from quarantine where excerpt = '\\x\(hex)'")
        #expect(kept == "wrong_shape|\(place)")
    }

    @Test(
        "Plivo's callbacks with another content type or a thousand parameters too many are refused")
    func strangeForms() throws {
        let demo = try RunningDemo.shared
        var request = try demo.plivoRequest("MessageUUID=\(uniqueName())&Status=sent")
        request.headers.removeAll { $0.name == "Content-Type" }
        request.headers.append(("Content-Type", "application/json"))
        expectProblem(try demo.client.send(request), 415, "unsupported_media_type")
        // More parameters than are read cannot be verified.
        let many = (0...1000).map { "a\($0)=1" }.joined(separator: "&")
        expectProblem(try demo.client.send(demo.plivoRequest(many)), 403, "wrong_signature")
    }
}
