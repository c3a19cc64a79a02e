import Foundation
import TestSupport
import Testing

@Suite("Tickets of live streams, through nginx", .blocking, .timeLimit(.minutes(10)))
struct TicketTests {
    @Test("A send request's ticket opens its stream and nothing else")
    func ticket() throws {
        let demo = try RunningDemo.shared
        let answer = try demo.send(to: "+447700900201")
        let document = try JSON(answer)
        let ticket = try #require(document["ticket"].string)
        let own = try #require(document["messages"][0]["ticket"].string)
        #expect(ticket.hasPrefix("wbt_") && own.hasPrefix("wbt_") && ticket != own)
        #expect(document["correlationId"].isNull)
        let all = try EventSource(demo, "/v1/live?ticket=\(ticket)", key: .some(nil))
        let one = try EventSource(demo, "/v1/live?ticket=\(own)", key: .some(nil))
        defer { all.close(); one.close() }
        for stream in [all, one] {
            let isDelivered = stream.waitFor(within: .seconds(30)) {
                $0.last?.json?["status"].string == "delivered" || Self.isDelivered($0.last)
            }
            #expect(isDelivered, "\(stream.text)")
            #expect(stream.events[0].name == "state")
        }
        #expect(all.events[0].json?["total"].int == 1)
        #expect(one.events[0].json?["id"].string == document["messages"][0]["id"].string)
        // A ticket is no key.
        expectProblem(try demo.api("/v1/messages", key: ticket), 401, "wrong_key")
        let id = document["messages"][0]["id"].string ?? ""
        expectProblem(try demo.api("/v1/messages/\(id)/live?ticket=\(own)"), 400, "bad_query")
        let number = all.events.compactMap { $0.json?["to"].string }.last
        #expect(number?.contains("900201") != true, "a ticket's reader sees no whole number")
    }

    private static func isDelivered(_ event: StreamEvent?) -> Bool {
        event?.json?["counts"]["delivered"].int == 1
    }

    @Test("A ticket that was changed in any place opens nothing, and is not logged")
    func tampering() throws {
        let demo = try RunningDemo.shared
        let ticket = try #require(try JSON(demo.send(to: "+447700900202"))["ticket"].string)
        for place in [4, 5, 20, 40, 60, ticket.count - 1] {
            var letters = Array(ticket)
            letters[place] = letters[place] == "A" ? "Q" : "A"
            expectProblem(
                try demo.api("/v1/live?ticket=\(String(letters))", key: .some(nil)), 401,
                "wrong_ticket")
        }
        let others = [
            String(ticket.dropLast()), ticket + "A", "wbt_", "x", String(ticket.dropFirst(4)),
        ]
        for text in others {
            expectProblem(
                try demo.api("/v1/live?ticket=\(text)", key: .some(nil)), 401, "wrong_ticket")
        }
        #expect(!demo.responderLog.contains(ticket.prefix(30)))
        let logs = demo.directory + "/logs"
        for name in try FileManager.default.contentsOfDirectory(atPath: logs) {
            let text = try? String(contentsOfFile: "\(logs)/\(name)", encoding: .utf8)
            #expect(text?.contains(ticket.prefix(30)) != true, "\(name)")
        }
    }

    @Test(
        "A repeated send request gets the first one's answer, byte for byte, and no ticket is kept")
    func repetition() throws {
        let demo = try RunningDemo.shared
        let key = uniqueName("key")
        let first = try demo.send(to: "+447700900203", idempotencyKey: key)
        let second = try demo.send(to: "+447700900203", idempotencyKey: key)
        #expect(second["idempotency-replayed"] == "true")
        #expect(first.body == second.body)
        let kept = try demo.count(
            """
            select count(*) from idempotency_key where convert_from(answer, 'UTF8') like '%wbt_%'
            """)
        #expect(kept == 0)
    }

    @Test(
        "A guide's path answers a correlationId, which alone opens the guide's stream",
        arguments: ["/send-sms", "/api/infobip/send"])
    func guide(path: String) throws {
        let demo = try RunningDemo.shared
        let answer = try demo.send(to: "+447700900204", path: path)
        let correlation = try #require(try JSON(answer)["correlationId"].string)
        for end in ["", "/"] {
            let stream = try EventSource(
                demo, "/sse-status/\(correlation)\(end)", key: .some(nil))
            defer { stream.close() }
            #expect(stream.waitFor(count: 2))
            #expect(stream.status == 200)
            // Once for `onmessage`, too.
            #expect(stream.events.prefix(2).map(\.name) == ["state", ""])
            #expect(stream.events[0].data == stream.events[1].data)
        }
        expectProblem(
            try demo.api("/sse-status/0193a5b2-7c41-7e02-8d35-0123456789ab", key: .some(nil)), 401,
            "wrong_ticket")
    }

    @Test("nginx logs no ticket, neither of a query nor of the guide's path")
    func logged() throws {
        let demo = try RunningDemo.shared
        let ticket = try #require(
            try JSON(demo.send(to: "+447700900205", path: "/send-sms"))["correlationId"].string)
        let stream = try EventSource(demo, "/v1/live?ticket=\(ticket)", key: .some(nil))
        #expect(stream.waitFor(count: 1))
        stream.close()
        // Refused before the path is mapped.
        #expect(try demo.api("/sse-status/\(ticket)", method: "POST").status == 405)
        let path = demo.directory + "/nginx/nginx.access.log"
        let isLogged = try waitUntil(within: .seconds(20)) {
            try String(contentsOfFile: path, encoding: .utf8).contains("/sse-status/")
        }
        #expect(isLogged)
        let log = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!log.contains(ticket.prefix(30)))
    }
}
