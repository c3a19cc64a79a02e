import Foundation
import TestSupport
import Testing

/// Messages from people and opt-outs, from the simulated providers to the API.
@Suite("Messages from people, through nginx", .timeLimit(.minutes(10)))
struct InboundSystemTests {
    private let demo: RunningDemo
    private let simulator: SimulatorClient

    init() throws {
        demo = try RunningDemo.shared
        simulator = SimulatorClient(url: try #require(demo.document.simulator_url))
    }

    /// A number that no other test uses.
    private static func number() -> String {
        "4477\(UInt32.random(in: 10_000_000...89_999_999))"
    }

    @discardableResult
    private func order(_ members: [String: Any]) throws -> [String] {
        try simulator.send("POST", "/simulator/inbound", members)["ids"].array
            .compactMap(\.string)
    }

    private func inbound(from number: String) throws -> [JSON] {
        try JSON(demo.api("/v1/inbound?from=%2B\(number)"))["inbound"].array
    }

    private func post(_ path: String, _ body: String, type: String = "application/json") throws
        -> HTTPAnswer
    {
        try demo.client.send(
            HTTPRequest(
                method: "POST", path: path,
                headers: [
                    ("Authorization", "Bearer \(demo.document.api_key)"), ("Content-Type", type),
                ], body: Array(body.utf8)))
    }

    private func send(to number: String) throws -> HTTPAnswer {
        try post("/v1/messages", #"{"to":["+\#(number)"],"text":"Hello"}"#)
    }

    private func isOut(_ number: String) throws -> Bool? {
        try JSON(demo.api("/v1/opt-outs/%2B\(number)"))["opted_out"].bool
    }

    @Test(
        "Each kind of message comes once, however often it is posted",
        arguments: [
            ("infobip", "sms"), ("infobip", "mms"), ("plivo", "sms"), ("plivo", "mms"),
        ])
    func kinds(provider: String, kind: String) throws {
        let person = Self.number()
        let ids = try order([
            "provider": provider, "type": kind, "from": person, "text": "Hello you", "count": 2,
            "copies": 2,
        ])
        #expect(ids.count == 2)
        #expect(
            waitUntil(within: .seconds(20)) {
                (try? simulator.send("GET", "/simulator/inbound?limit=10000"))?["inbound"].array
                    .filter { ids.contains($0["id"].string ?? "") }
                    .allSatisfy { $0["acknowledged"].int == 2 } ?? false
            })
        let found = try inbound(from: person)
        #expect(Set(found.compactMap { $0["provider_message_id"].string }) == Set(ids))
        #expect(found.count == 2)
        let first = try #require(found.first)
        #expect(first["type"].string == kind && first["text"].string == "Hello you")
        #expect(first["from"].string == "+" + person && first["to"].string == "+447700900999")
        #expect(first["media"].array.count == (kind == "mms" ? 1 : 0))
        #expect(first["source"].string == "callback")
        let id = try #require(first["id"].string)
        #expect(try JSON(demo.api("/v1/inbound/\(id)"))["provider"].string == provider)
        #expect(
            try demo.api("/v1/inbound?q=hel%20YOU&from=\(person)").text.contains(id))
        let csv = try demo.api("/v1/inbound?format=csv&from=\(person)")
        #expect(csv.text.split(separator: "\r\n").count == 3)
    }

    @Test("Plivo's URLs take each other's callbacks, by GET too, and nothing that is not signed")
    func urls() throws {
        let person = Self.number()
        let base = demo.document.plivo.callback_url
        try order([
            "provider": "plivo", "from": person, "url": base, "text": "at the status URL",
        ])
        try order(["provider": "plivo", "from": person, "by_get": true, "text": "by GET"])
        #expect(waitUntil(within: .seconds(20)) { (try? inbound(from: person).count) == 2 })
        let report = uniqueName()
        let form = "MessageUUID=\(report)&From=12025550123&To=\(Self.number())&Status=delivered"
        let answer = try demo.client.send(
            demo.plivoRequest(form, path: "/callbacks/plivo/inbound"))
        #expect(answer.status == 200)
        #expect(try demo.status(report, provider: "plivo") == "delivered")
        var unsigned = try demo.plivoRequest(
            "MessageUUID=\(uniqueName())&From=\(person)&To=1&Text=x",
            path: "/callbacks/plivo/inbound")
        unsigned.headers.removeAll { $0.name.hasPrefix("X-Plivo") }
        #expect(try demo.client.send(unsigned).status == 403)
    }

    @Test("STOP keeps messages away at once, START brings them back, and an operator's block stays")
    func stop() throws {
        let person = Self.number()
        #expect(try send(to: person).status == 202)
        try order(["provider": "infobip", "type": "stop", "from": person, "text": " Stop!\n"])
        #expect(waitUntil(within: .seconds(20)) { (try? isOut(person)) == true })
        let refused = try send(to: person)
        #expect(refused.status == 422)
        let problem = try JSON(refused)
        #expect(problem["code"].string == "opted_out")
        #expect(problem["errors"][0]["field"].string == "to[0]")
        #expect(problem["errors"][0]["code"].string == "opted_out")
        let list = try JSON(demo.api("/v1/opt-outs?to=%2B\(person)"))["opt_outs"]
        #expect(list[0]["source"].string == "word" && list[0]["provider"].string == "infobip")
        let cause = try #require(list[0]["cause"]["inbound_id"].string)
        #expect(try JSON(demo.api("/v1/inbound/\(cause)"))["text"].string == " Stop!\n")

        // A STOP that comes late was said before.
        try order(["provider": "infobip", "type": "start", "from": person])
        #expect(waitUntil(within: .seconds(20)) { (try? isOut(person)) == false })
        try order(["provider": "infobip", "type": "stop", "from": person, "age_ms": 600_000])
        #expect(waitUntil(within: .seconds(20)) { (try? inbound(from: person).count) == 3 })
        #expect(try isOut(person) == false)
        #expect(try send(to: person).status == 202)

        #expect(try post("/v1/opt-outs", #"{"to":"+\#(person)","note":"asked"}"#).status == 201)
        try order(["provider": "infobip", "type": "start", "from": person])
        #expect(waitUntil(within: .seconds(20)) { (try? inbound(from: person).count) == 4 })
        #expect(try isOut(person) == true)
        #expect(try demo.api("/v1/opt-outs/%2B\(person)", method: "DELETE").status == 204)
        #expect(try isOut(person) == false)
        expectProblem(
            try demo.api("/v1/opt-outs/%2B\(person)", method: "DELETE"), 404, "unknown_opt_out")
    }

    @Test(
        "A blocklist event, Plivo's intent and a report's error put out as well; a click does not")
    func sources() throws {
        let (blocked, told, failed, clicked) = (
            Self.number(), Self.number(), Self.number(), Self.number()
        )
        try order(["provider": "infobip", "type": "block", "from": blocked])
        try order(["provider": "infobip", "type": "click", "from": clicked])
        try order(["provider": "plivo", "type": "stop", "from": told, "text": "no more of this"])
        let form =
            "MessageUUID=\(uniqueName())&From=12025550123&To=\(failed)&Status=failed&ErrorCode=200"
        #expect(try demo.client.send(demo.plivoRequest(form)).status == 200)
        for (number, source) in [
            (blocked, "provider_event"), (told, "intent"), (failed, "status_report"),
        ] {
            #expect(waitUntil(within: .seconds(20)) { (try? isOut(number)) == true })
            let entry = try JSON(demo.api("/v1/opt-outs/%2B\(number)"))["opt_outs"][0]
            #expect(entry["source"].string == source)
        }
        #expect(try isOut(clicked) == false)
        try order(["provider": "infobip", "type": "unblock", "from": blocked])
        #expect(waitUntil(within: .seconds(20)) { (try? isOut(blocked)) == false })
    }

    @Test("A list is imported as CSV, exported, and refused as a whole if a line is wrong")
    func csv() throws {
        let numbers = (0..<3).map { _ in Self.number() }
        let text = "to,detail\r\n" + numbers.map { "+\($0),list of May\r\n" }.joined()
        let answer = try post("/v1/opt-outs", text, type: "text/csv")
        #expect(answer.status == 201, "\(answer.text)")
        #expect(try JSON(answer)["added"].int == 3)
        let exported = try demo.api("/v1/opt-outs?format=csv&to=%2B\(numbers[1])").text
        #expect(exported.contains("'+\(numbers[1]),") && exported.contains("list of May"))
        for number in numbers {
            #expect(try demo.api("/v1/opt-outs?to=%2B\(number)", method: "DELETE").status == 204)
        }
        // What was exported can be imported.
        #expect(try post("/v1/opt-outs", exported, type: "text/csv").status == 201)
        #expect(try isOut(numbers[1]) == true)
        let wrong = try post("/v1/opt-outs", "+\(numbers[2])\nnobody\n", type: "text/csv")
        expectProblem(wrong, 422, "invalid_fields")
        #expect(try isOut(numbers[2]) == false)
        expectProblem(
            try post("/v1/opt-outs", "to,detail\n", type: "text/csv"), 400, "bad_csv")
    }

    @Test("A message whose callback was lost is found in Plivo's list")
    func recovered() throws {
        let person = Self.number()
        let ids = try order(["provider": "plivo", "from": person, "lost": true, "age_ms": 30_000])
        #expect(
            waitUntil(within: .seconds(40)) { (try? inbound(from: person).count) == 1 })
        let found = try #require(try inbound(from: person).first)
        #expect(found["source"].string == "poll" && found["text"].isNull)
        #expect(found["provider_message_id"].string == ids.first)
    }

    @Test("An answer is linked with the message, told of live, and shown in the conversation")
    func conversation() throws {
        let person = Self.number()
        let sent = try JSON(
            post("/v1/messages", #"{"to":"+\#(person)","text":"Hello","from":"+447700900999"}"#))
        let message = try #require(sent["messages"][0]["id"].string)
        let ids = try order(["provider": "infobip", "from": person, "text": "Thanks"])
        #expect(
            waitUntil(within: .seconds(20)) {
                (try? inbound(from: person).first)?["message_id"].string == message
            })
        let whole = try JSON(demo.api("/v1/conversations/%2B\(person)"))["messages"].array
        #expect(whole.map { $0["text"].string } == ["Thanks", "Hello"])
        #expect(whole.map { $0["direction"].string } == ["in", "out"])
        #expect(
            try demo.count(
                """
                select count(*) from status_change
                join inbound on inbound.id = any(messages) and 4 = any(causes)
                where provider_message_id = '\(ids[0])'
                """) == 1)
    }
}
