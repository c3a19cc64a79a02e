import Foundation
import Glibc
import Security
import TestSupport
import Testing

/// Outgoing webhooks through the whole demo: the API, the database, the deliverer and its egress proxy.
@Suite("Webhooks of the whole system", .serialized, .blocking, .timeLimit(.minutes(10)))
struct WebhookSystemTests {
    private let demo: RunningDemo

    init() throws {
        demo = try RunningDemo.webhooks
    }

    private func call(
        _ method: String, _ path: String, _ body: String? = nil
    ) throws -> (status: Int, json: JSON) {
        var headers = [("Authorization", "Bearer \(demo.document.api_key)")]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        let answer = try demo.client.send(
            HTTPRequest(
                method: method, path: path, headers: headers, body: Array((body ?? "").utf8)))
        return (answer.status, answer.body.isEmpty ? try JSON(line: "{}") : try JSON(answer))
    }

    private func webhook(
        _ receiver: WebhookReceiver, _ more: String = ""
    ) throws -> (id: String, secret: String) {
        let (status, json) = try call(
            "POST", "/v1/webhooks",
            #"""
            {"url":"http://127.0.0.1:\#(receiver.port)/hook?a=b","events":["message.status_changed"]\#(more)}
            """#)
        try #require(status == 201, "\(json)")
        return (
            try #require(json["webhook"]["id"].string), try #require(json["secret"].string)
        )
    }

    private func delete(_ id: String) throws {
        #expect(try call("DELETE", "/v1/webhooks/\(id)").status == 204)
    }

    private func isSigned(_ request: WebhookReceiver.Request, _ secret: String) throws -> Bool {
        let bytes = try #require(Base64.decode(Array(secret.dropFirst(6).utf8)))
        let timestamp = try #require(Int64(request.headers["webhook-timestamp"] ?? ""))
        #expect(abs(request.at.timeIntervalSince1970 - Double(timestamp)) < 5)
        let expected = try WebhookKey(shared: bytes).signature(
            id: request.id, timestamp: timestamp, body: request.body)
        return request.headers["webhook-signature"]?.split(separator: " ")
            .contains { $0 == expected } ?? false
    }

    @Test("A report reaches the receiver, signed, and its delivery is shown with its answer")
    func delivered() throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let (id, secret) = try webhook(
            receiver, #","final_only":true,"headers":{"X-Team":"a b"}"#)
        let name = uniqueName("hook")
        _ = try demo.infobip(InfobipBody.of([InfobipBody.result(name, group: 1)]))
        #expect(try demo.infobip(InfobipBody.of(name)).status == 200)
        let request = try #require(receiver.wait(for: 1)?.first)
        #expect(request.path == "/hook?a=b")
        #expect(request.headers["x-team"] == "a b")
        #expect(request.headers["host"] == "127.0.0.1:\(receiver.port)")
        #expect(request.headers.keys.allSatisfy { !$0.hasPrefix("waybill-") })
        #expect(try isSigned(request, secret))
        let body = try JSON(line: String(decoding: request.body, as: UTF8.self))
        #expect(body["type"].string == "message.status_changed")
        #expect(body["data"]["status"].string == "delivered")
        #expect(body["data"]["provider_message_id"].string == name)
        #expect(!String(decoding: request.body, as: UTF8.self).contains("447700900123"))
        let isStored = try waitUntil(within: .seconds(10)) {
            try call("GET", "/v1/webhook-deliveries?webhook_id=\(id)&state=delivered")
                .json["count"].int == 1
        }
        #expect(isStored)
        let list = try call("GET", "/v1/webhook-deliveries?webhook_id=\(id)").json
        let number = try #require(list["deliveries"][0]["id"].int)
        #expect(list["deliveries"][0]["event_id"].string == request.id)
        let shown = try call("GET", "/v1/webhook-deliveries/\(number)").json
        #expect(shown["log"][0]["answer"].string == "OK")
        #expect(shown["log"][0]["status"].int == 200)

        // Once more, with the same id.
        #expect(try call("POST", "/v1/webhook-deliveries/\(number)/resend").status == 200)
        let again = try #require(receiver.wait(for: 2))
        #expect(again[1].id == request.id && again[1].body == request.body)
        #expect(try isSigned(again[1], secret))
        try delete(id)
    }

    @Test(
        "A failure is tried again after five seconds with the same id; both secrets sign meanwhile")
    func retried() throws {
        let receiver = try WebhookReceiver { _, number in
            number == 1
                ? "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
                : "HTTP/1.1 204 No Content\r\n\r\n"
        }
        defer { receiver.stop() }
        let (id, first) = try webhook(receiver)
        let rotated = try call("POST", "/v1/webhooks/\(id)/rotate", #"{"overlap_seconds":60}"#)
        let second = try #require(rotated.json["secret"].string)
        let test = try call("POST", "/v1/webhooks/\(id)/test")
        #expect(test.status == 202)
        let requests = try #require(receiver.wait(for: 2))
        #expect(requests[0].id == requests[1].id)
        #expect((3.5...9).contains(requests[1].at.timeIntervalSince(requests[0].at)))
        for request in requests {
            #expect(try isSigned(request, first) && isSigned(request, second))
            #expect(
                try JSON(line: String(decoding: request.body, as: UTF8.self))["type"].string
                    == "webhook.test")
        }
        let number = try #require(test.json["delivery"].int)
        let isStored = try waitUntil(within: .seconds(10)) {
            try call("GET", "/v1/webhook-deliveries/\(number)").json["state"].string
                == "delivered"
        }
        #expect(isStored)
        let log = try call("GET", "/v1/webhook-deliveries/\(number)").json["log"]
        #expect(log[1]["problem"].string?.contains("redirects") == true)
        try delete(id)
    }

    @Test("410 disables loudly, and resuming sends what waited")
    func gone() throws {
        let receiver = try WebhookReceiver { _, number in
            number == 1
                ? "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        }
        defer { receiver.stop() }
        let others = try WebhookReceiver()
        defer { others.stop() }
        let made = try call(
            "POST", "/v1/webhooks",
            #"{"url":"http://127.0.0.1:\#(others.port)/","events":["webhook.disabled"]}"#)
        let other = try #require(made.json["webhook"]["id"].string)
        let (id, _) = try webhook(receiver)
        #expect(try call("POST", "/v1/webhooks/\(id)/test").status == 202)
        let isDisabled = try waitUntil(within: .seconds(10)) {
            try call("GET", "/v1/webhooks/\(id)").json["state"].string == "disabled"
        }
        #expect(isDisabled)
        let told = try #require(others.wait(for: 1)?.first)
        let body = try JSON(line: String(decoding: told.body, as: UTF8.self))
        #expect(body["type"].string == "webhook.disabled")
        #expect(body["data"]["id"].string == id)
        let audit = try call("GET", "/v1/audit?action=webhook.disable&object=\(id)").json
        #expect(audit["entries"][0]["object"].string == id, "\(audit)")
        #expect(try call("GET", "/v1/webhooks/\(id)").json["waiting"].int == 1)
        #expect(try call("POST", "/v1/webhooks/\(id)/resume").status == 200)
        #expect(receiver.wait(for: 2, within: .seconds(20)) != nil)
        try delete(id)
        try delete(other)
    }

    @Test("Addresses inside are refused when a webhook is made and when it is changed")
    func inside() throws {
        for url in [
            "http://10.0.0.1/", "https://169.254.169.254/latest", "https://[fd00::1]/",
            "https://192.168.0.1/", "https://100.64.0.1/", "https://[::ffff:10.0.0.1]/",
        ] {
            let (status, json) = try call(
                "POST", "/v1/webhooks",
                #"{"url":"\#(url)","events":["message.status_changed"]}"#)
            #expect(status == 422 && json["errors"][0]["code"].string == "address_refused")
        }
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let (id, _) = try webhook(receiver)
        #expect(
            try call("PATCH", "/v1/webhooks/\(id)", #"{"url":"http://10.0.0.1/"}"#).status == 422)
        try delete(id)
    }

    @Test("A deliverer that is killed loses nothing: what was under way is sent again")
    func killed() throws {
        let receiver = try WebhookReceiver { _, number in
            number == 1 ? nil : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        }
        defer { receiver.stop() }
        let (id, _) = try webhook(receiver)
        let name = uniqueName("kill")
        _ = try demo.infobip(InfobipBody.of(name))
        let first = try #require(receiver.wait(for: 1)?.first)
        let pid = try #require(try demo.currentDocument.pids.deliver)
        kill(pid, SIGKILL)
        let again = try #require(receiver.wait(for: 2, within: .seconds(40)))
        #expect(again[1].id == first.id && again[1].body == first.body)
        try delete(id)
    }

    @Test("The command line makes and changes a webhook, and takes filters back")
    func commandLine() throws {
        func run(_ words: String...) throws -> WaybillProgram.Outcome {
            try WaybillProgram.run(
                ["webhook"] + words,
                [
                    "DATABASE_URL": demo.document.database_url, "WAYBILL_WEBHOOK_ALLOW_HTTP": "on",
                    "WAYBILL_WEBHOOK_NETWORKS": "127.0.0.0/8",
                ])
        }
        let made = try run(
            "create", "--url", "http://127.0.0.1:9/a", "--events", "message.status_changed",
            "--countries", "gb,CH", "--metadata", #"{"team": "a"}"#, "--header", "X-Team: a b")
        #expect(made.exit == .status(0), "\(made.errors)")
        let id = String(made.output.prefix(36))
        #expect(made.output.contains("\twhsec_"))
        let changed = try run(
            "change", id, "--rate", "5", "--statuses", "delivered,expired", "--clear",
            "countries,headers", "--description", "the shop")
        #expect(changed.exit == .status(0), "\(changed.errors)")
        let shown = try call("GET", "/v1/webhooks/\(id)").json
        #expect(shown["url"].string == "http://127.0.0.1:9/a")
        #expect(shown["rate"].int == 5 && shown["description"].string == "the shop")
        #expect(shown["statuses"][0].string == "delivered")
        #expect(shown["metadata"]["team"].string == "a")
        #expect(shown["countries"][0].string == nil && shown["headers"]["X-Team"].string == nil)
        for words in [
            ["--clear", "url"], ["--statuses", "sent", "--final-only"], ["--rate", "5"],
            ["--header", "Host: a"], ["--metadata", "[]"], ["--url", "http://10.0.0.1/"],
        ] {
            let refused = try WaybillProgram.run(
                ["webhook", "change", id] + words,
                ["DATABASE_URL": demo.document.database_url])
            #expect(refused.exit != .status(0), "\(words)")
        }
        let none = try call(
            "PATCH", "/v1/webhooks/\(id)", #"{"statuses":["sent"],"final_only":true}"#)
        #expect(none.status == 422 && none.json["errors"][0]["field"].string == "statuses")
        try delete(id)
    }
}
