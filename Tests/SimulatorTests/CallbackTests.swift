import Domain
import Foundation
import JSON
import Security
import Testing

@testable import Simulator

@Suite("The simulator's callbacks", .timeLimit(.minutes(10)))
struct CallbackTests {
    private static func fixture(_ name: String) throws -> Data {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try Data(contentsOf: folder.appendingPathComponent(name))
    }

    @Test("A report of Infobip has the members of a real one, in its version", arguments: [2, 3])
    func infobipShape(version: Int) throws {
        let harness = try Harness()
        _ =
            version == 3
            ? try harness.infobip(
                "POST", "/sms/3/messages",
                [
                    "messages": [Harness.v3("447700900301", "m")],
                    "options": ["schedule": ["bulkId": "b"]],
                ])
            : try harness.infobip(
                "POST", "/sms/2/text/advanced",
                ["bulkId": "b", "messages": [Harness.v2("447700900301", "m")]])
        let request = try #require(harness.callbacks.wait(for: 1).first)
        #expect(request.method == "POST")
        #expect(request.url == Harness.url)
        let name = version == 3 ? "infobip-v3.json" : "infobip-delivered.json"
        let real = try #require(
            (try JSONSerialization.jsonObject(with: Self.fixture(name)) as? [String: Any])?[
                "results"] as? [[String: Any]])[0]
        let ours = try #require(request.results.first)
        let optional: Set = [
            "platform", "campaignReferenceId", "entityId", "applicationId",
        ]
        #expect(Set(ours.keys) == Set(real.keys).subtracting(optional))
        #expect(ours["status"] as? NSDictionary == real["status"] as? NSDictionary)
        // "Ok" in version 2 and "OK" in version 3, says Infobip's own example.
        var error = try #require(ours["error"] as? [String: Any])
        #expect(error["groupName"] as? String == (version == 3 ? "OK" : "Ok"))
        error["groupName"] = "OK"
        #expect(error as NSDictionary == real["error"] as? NSDictionary)
        #expect(ours["callbackData"] as? String == "ref=m")
        let doneAt = try #require(ours["doneAt"] as? String)
        #expect(doneAt.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000/) != nil)
    }

    @Test("Infobip's callbacks to the account's URL are authenticated by HMAC and by Basic")
    func infobipSecurity() throws {
        let harness = try Harness()
        var message = Harness.v3("447700900123", "m")
        message["webhooks"] = nil
        _ = try harness.infobip("POST", "/sms/3/messages", ["messages": [message]])
        let request = try #require(harness.callbacks.wait(for: 1).first)
        #expect(request.url == Harness.subscriptionURL)
        let key = try HMACKey(try #require(Secret(Harness.hmacSecret)))
        let signature = try #require(request.header("X-Hub-Signature"))
        #expect(signature == "sha256=" + Hexadecimal.encode(key.code(for: request.body)))
        #expect(
            request.header("Authorization") == "Basic " + Base64.encode(Array("user:password".utf8))
        )
    }

    @Test("A URL that came with a message is called without credentials", arguments: [2, 3])
    func infobipOwnURL(version: Int) throws {
        let harness = try Harness()
        if version == 3 {
            _ = try harness.sendV3("447700900123", "m")
        } else {
            _ = try harness.infobip(
                "POST", "/sms/2/text/advanced",
                ["messages": [Harness.v2("447700900123", "m")]])
        }
        let request = try #require(harness.callbacks.wait(for: 1).first)
        #expect(request.url == Harness.url)
        #expect(request.header("X-Hub-Signature") == nil)
        #expect(request.header("Authorization") == nil)
    }

    @Test(
        "A message without a report expires when its validity is over", arguments: [2, 3])
    func expiry(version: Int) throws {
        let harness = try Harness { $0.validity_scale = 0.00001 }
        if version == 3 {
            var message = Harness.v3("447700999918", "m")
            message["options"] = ["validityPeriod": ["amount": 1, "timeUnit": "HOURS"]]
            _ = try harness.infobip("POST", "/sms/3/messages", ["messages": [message]])
        } else {
            var message = Harness.v2("447700999918", "m")
            message["validityPeriod"] = Int.max
            _ = try harness.infobip("POST", "/sms/2/text/advanced", ["messages": [message]])
        }
        let requests = harness.callbacks.wait(for: 2)
        let names = requests.flatMap(\.results).map {
            ($0["status"] as? [String: Any])?["name"] as? String
        }
        #expect(names == ["DELIVERED_TO_OPERATOR", "EXPIRED_EXPIRED"])
        let log = try harness.infobip("GET", "/sms/3/logs?messageId=m").list("results")
        #expect((log.first?["status"] as? [String: Any])?["groupName"] as? String == "EXPIRED")
    }

    @Test("Plivo's message expires by its message_expiry")
    func plivoExpiry() throws {
        let harness = try Harness { $0.validity_scale = 0.0001 }
        var message = Harness.message("447700999918")
        message["message_expiry"] = 60
        _ = try harness.plivo("POST", "", message)
        let forms = harness.callbacks.wait(for: 3).map(\.form)
        #expect(forms.last?["Status"] == "failed")
        #expect(forms.last?["ErrorCode"] == "420")
        message["message_expiry"] = 4
        #expect(try harness.plivo("POST", "", message).status == 400)
    }

    @Test(
        "A message for later waits for its time; an invalid time is refused", arguments: [2, 3])
    func sendAt(version: Int) throws {
        let harness = try Harness()
        func send(_ id: String, at time: String) throws -> Answer {
            if version == 3 {
                return try harness.infobip(
                    "POST", "/sms/3/messages",
                    [
                        "messages": [Harness.v3("447700900123", id)],
                        "options": ["schedule": ["sendAt": time]],
                    ])
            }
            var message = Harness.v2("447700900123", id)
            message["sendAt"] = time
            return try harness.infobip("POST", "/sms/2/text/advanced", ["messages": [message]])
        }
        let later = Timestamp.now.advanced(by: .seconds(3_600))
        #expect(try send("later", at: later.infobip).statusIDs == [26])
        #expect(try send("past", at: "2020-01-01T00:00:00.000+0000").statusIDs == [26])
        #expect(try send("none", at: "tomorrow").status == 400)
        let far = Timestamp.now.advanced(by: .seconds(181 * 86_400))
        #expect(try send("far", at: far.infobip).status == 400)
        let result = try #require(harness.callbacks.wait(for: 1).first?.results.first)
        #expect(result["messageId"] as? String == "past")
        let log = try harness.infobip("GET", "/sms/3/logs?messageId=later").list("results")
        #expect((log.first?["status"] as? [String: Any])?["groupName"] as? String == "PENDING")
    }

    @Test(
        "Infobip's final statuses",
        arguments: [
            ("11", 9, "EC_UNKNOWN_SUBSCRIBER"), ("12", 9, "EC_ABSENT_SUBSCRIBER"),
            ("13", 15, "EC_VALIDITY_EXPIRED"), ("14", 19, "NO_ERROR"),
            ("15", 10, "EC_CONTENT_BLOCKED"), ("16", 12, "NO_ERROR"),
            ("17", 4, "EC_REJECTED_SPAM_BY_OPERATOR"), ("18", 2, "NO_ERROR"),
            ("19", 29, "NO_ERROR"),
        ])
    func infobipFates(digits: String, status: Int, error: String) throws {
        let harness = try Harness()
        _ = try harness.sendV3("4477009999\(digits)", "m")
        let result = try #require(harness.callbacks.wait(for: 1).first?.results.first)
        #expect((result["status"] as? [String: Any])?["id"] as? Int == status)
        #expect((result["error"] as? [String: Any])?["name"] as? String == error)
    }

    @Test("A callback of Plivo has the fields of a real one and is signed over its URL")
    func plivoShape() throws {
        let harness = try Harness()
        let answer = try harness.plivo("POST", "", Harness.message("447700900456"))
        let requests = harness.callbacks.wait(for: 3)
        let forms = requests.map(\.form).sorted { $0["Sequence"] ?? "" < $1["Sequence"] ?? "" }
        #expect(forms.map { $0["Status"] } == ["queued", "sent", "delivered"])
        #expect(forms.map { $0["Sequence"] } == ["1", "2", "3"])
        let text = String(decoding: try Self.fixture("plivo-delivered.form"), as: UTF8.self)
        let form = FormReader(lenient: Array(text.utf8))
        #expect(Set(forms[2].keys) == Set(form.pairs.map { form.text($0.name) }))
        #expect(forms[2]["MessageUUID"] == (answer.json["message_uuid"] as? [String])?.first)
        #expect(forms[2]["PartInfo"] == "1 of 1")
        #expect(
            forms[2]["DeliveryReportTime"]?
                .wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}/) != nil)
        let signer = PlivoSigner(Secret(Harness.token))
        for request in requests {
            let nonce = try #require(request.header("X-Plivo-Signature-V3-Nonce"))
            let signature = signer.signature(
                url: request.url, body: request.body, nonce: nonce)
            #expect(request.header("X-Plivo-Signature-V3") == signature)
            #expect(request.header("X-Plivo-Signature-Ma-V3") == signature)
        }
    }

    @Test("A callback by GET has its fields in the query, after what the URL had")
    func plivoGet() throws {
        let harness = try Harness()
        _ = try harness.plivo("POST", "", Harness.message("447700900456", method: "GET"))
        let request = try #require(harness.callbacks.wait(for: 1).first)
        #expect(request.method == "GET")
        #expect(request.body.isEmpty)
        #expect(request.url.hasPrefix(Harness.url + "/plivo/1?ref=a%2F1&"))
        #expect(request.form["To"] == "447700900456")
        let signature = PlivoSigner(Secret(Harness.token)).signature(
            url: request.url, body: [],
            nonce: try #require(request.header("X-Plivo-Signature-V3-Nonce")))
        #expect(request.header("X-Plivo-Signature-V3") == signature)
    }

    @Test(
        "Plivo's final statuses",
        arguments: [
            ("11", "undelivered", "50"), ("12", "undelivered", "80"), ("13", "failed", "420"),
            ("14", "failed", "450"), ("15", "failed", "200"), ("16", "failed", "900"),
            ("17", "undelivered", "30"), ("19", "undelivered", "1000"),
        ])
    func plivoFates(digits: String, status: String, code: String) throws {
        let harness = try Harness()
        _ = try harness.plivo("POST", "", Harness.message("4477009999\(digits)"))
        let count = ["14", "15", "16"].contains(digits) ? 2 : 3
        let final = harness.callbacks.wait(for: count).map(\.form)
            .first { $0["Status"] == status }
        #expect(final?["ErrorCode"] == code)
    }

    @Test("Each part is reported by itself, and they end differently")
    func parts() throws {
        let harness = try Harness()
        let text = String(repeating: "a", count: 400)
        _ = try harness.plivo("POST", "", Harness.message("447700999947", text: text))
        let forms = harness.callbacks.wait(for: 9).map(\.form)
        let finals = forms.filter { $0["Sequence"] == "3" }
            .sorted { $0["PartInfo"] ?? "" < $1["PartInfo"] ?? "" }
        #expect(finals.map { $0["PartInfo"] } == ["1 of 3", "2 of 3", "3 of 3"])
        #expect(finals.map { $0["Status"] } == ["delivered", "undelivered", "delivered"])
        #expect(Set(finals.map { $0["MessageUUID"] }).count == 3)
        #expect(Set(finals.map { $0["ParentMessageUUID"] }) == [finals[0]["MessageUUID"]])
    }

    @Test("Reports are collected in batches, for one URL and version each")
    func batches() throws {
        let harness = try Harness { $0.callback_batch = 40 }
        let messages = (0..<100).map { Harness.v3("447700900123", "m\($0)") }
        _ = try harness.infobip("POST", "/sms/3/messages", ["messages": messages])
        let requests = harness.callbacks.wait(for: 3)
        #expect(requests.map(\.results.count).reduce(0, +) == 100)
        #expect(requests.allSatisfy { $0.results.count <= 40 })
    }

    @Test("A batch that is not accepted is repeated whole")
    func retry() throws {
        let harness = try Harness(Callbacks([503, 401])) { $0.retry_scale = 0.000_1 }
        _ = try harness.infobip(
            "POST", "/sms/3/messages",
            ["messages": (0..<3).map { Harness.v3("447700900123", "m\($0)") }])
        let requests = harness.callbacks.wait(for: 3)
        #expect(requests.map(\.results.count) == [3, 3, 3])
    }

    @Test("The final report comes before the intermediate one if that is asked for")
    func reordered() throws {
        let harness = try Harness { $0.report_delay_ms = 30 }
        _ = try harness.sendV3("447700999941", "m", intermediate: true)
        let ids = harness.callbacks.wait(for: 2).flatMap(\.results).compactMap {
            ($0["status"] as? [String: Any])?["id"] as? Int
        }
        #expect(ids == [5, 3])
    }

    @Test("Every callback twice, or none although the end is known")
    func duplicatedAndLost() throws {
        let harness = try Harness()
        _ = try harness.sendV3("447700999943", "lost")
        _ = try harness.sendV3("447700999940", "twice")
        let results = harness.callbacks.wait(for: 1).flatMap(\.results)
        #expect(results.map { $0["messageId"] as? String } == ["twice", "twice"])
        let log = try harness.infobip("GET", "/sms/3/logs?messageId=lost").list("results").first
        #expect((log?["status"] as? [String: Any])?["id"] as? Int == 5)
        #expect(try harness.control("GET", "stats").json["reports_lost"] as? Int == 1)
    }

    @Test("The answer waits until the callbacks are acknowledged")
    func early() throws {
        let harness = try Harness { $0.report_delay_ms = 600_000 }
        let answer = try harness.sendV3("447700999942", "m")
        guard case .behind(let gate) = answer.reply.moment else {
            Issue.record("\(answer.reply.moment)")
            return
        }
        let isOpen = DispatchSemaphore(value: 0)
        gate.answer { isOpen.signal() }
        #expect(isOpen.wait(timeout: .now() + 10) == .success)
        let record = try harness.control("GET", "messages?id=m").list("messages").first
        #expect(record?["callbacks_acknowledged"] as? Int == 1)
    }

    @Test(
        "A relay gets callbacks to this machine by HTTPS, with host and path, and no others",
        arguments: [
            (
                "https://127.0.0.1:8443/callbacks/infobip?a=b",
                "http://127.0.0.1:2000/out/127.0.0.1:8443/callbacks/infobip?a=b"
            ),
            ("https://localhost:8443/x", "http://127.0.0.1:2000/out/localhost:8443/x"),
            ("https://example.com/x", "https://example.com/x"),
            ("https://127.0.0.1.example.com/x", "https://127.0.0.1.example.com/x"),
            ("http://localhost/x", "http://localhost/x"),
        ])
    func relay(url: String, target: String) {
        #expect(CallbackRelay(url: nil).target(of: url) == url)
        let relay = CallbackRelay(url: "http://127.0.0.1:2000/out")
        #expect(relay.target(of: url) == target)
    }
}
