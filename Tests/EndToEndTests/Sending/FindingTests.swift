import Foundation
import TestSupport
import Testing

extension SendingSuites {
    /// What is sent here stays in the queue: nobody dispatches it.
    @Suite("Finding messages")
    struct FindingTests {
        private func find(
            _ sending: SendingDemo, _ query: [(String, String)]
        ) throws -> JSON {
            var components = URLComponents()
            components.queryItems = query.map { URLQueryItem(name: $0.0, value: $0.1) }
            let text = (components.percentEncodedQuery ?? "").replacing("+", with: "%2B")
            let answer = try sending.demo.api("/v1/messages?\(text)")
            #expect(answer.status == 200, "\(answer.text)")
            let json = try JSON(answer)
            #expect(json.names == ["messages", "next", "searched_back_to"])
            return json
        }

        private func ids(_ page: JSON) -> [String] {
            page["messages"].array.compactMap { $0["id"].string }
        }

        @Test("A message is found by all that is known of it")
        func byEverything() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let numbers = TestNumbers.plain(2)
            let order = uniqueName("order")
            let name = uniqueName("key")
            let created = try WaybillProgram.run(
                ["key", "create", "--name", name, "--scope", "send,read"], sending.commandSettings)
            let key = created.output.trimmingCharacters(in: .newlines)
            let answer = try sending.demo.client.send(
                HTTPRequest(
                    method: "POST", path: "/v1/messages",
                    headers: [
                        ("Authorization", "Bearer \(key)"), ("Content-Type", "application/json"),
                    ],
                    body: Array(
                        """
                        {"to":["\(numbers[0])","\(numbers[1])"],"text":"Found","provider":"infobip",\
                        "from":"Finder","metadata":{"order":"\(order)","n":7}}
                        """.utf8)))
            #expect(answer.status == 202, "\(answer.text)")
            let sent = try JSON(answer)
            let id = try #require(sent["messages"][0]["id"].string)
            let both = Set(sent["messages"].array.compactMap { $0["id"].string })
            let requestID = try #require(sent["send_request_id"].string)
            for query in [
                [("send_request_id", requestID)], [("metadata.order", order)],
                [("metadata.order", order), ("metadata.n", "7"), ("status", "queued,sent")],
                [("submitted_by", name)], [("submitted_by", name), ("final", "false")],
                [("q", requestID.uppercased())], [("q", answer["x-request-id"] ?? "")],
                [("submitted_by", name), ("from", "Finder"), ("provider", "infobip")],
            ] {
                #expect(Set(ids(try find(sending, query))) == both, "\(query)")
            }
            let digits = String(numbers[0].dropFirst())
            for query in [
                [("to", numbers[0])], [("to", "00" + digits)], [("q", numbers[0])],
                [("q", digits)], [("q", id)], [("q", id.replacing("-", with: ""))],
                [("to_prefix", numbers[0]), ("submitted_by", name)],
            ] {
                #expect(ids(try find(sending, query)) == [id], "\(query)")
            }
            for query in [
                [("metadata.order", "another")], [("submitted_by", name), ("final", "true")],
                [("submitted_by", name), ("to_prefix", "+999")], [("q", "nowhere to be found")],
                [("submitted_by", name), ("until", "2000-01-01T00:00:00Z")],
            ] {
                let page = try find(sending, query)
                #expect(ids(page) == [] && page["next"].isNull, "\(query)")
            }
            // One after the other, and the cursor belongs to its filter.
            let first = try find(sending, [("submitted_by", name), ("limit", "1")])
            let next = try #require(first["next"].string)
            let second = try find(
                sending, [("submitted_by", name), ("limit", "1"), ("cursor", next)])
            #expect(Set(ids(first) + ids(second)) == both)
            expectProblem(
                try sending.demo.api("/v1/messages?cursor=\(next)"), 400, "bad_query")

            let whole = try JSON(sending.demo.api("/v1/messages/\(id)"))
            #expect(whole["text"].string == "Found")
            #expect(whole["metadata"]["order"].string == order)
            #expect(whole["timeline"].array.isEmpty)
        }

        @Test("A report leads to the callback that brought it, as it came")
        func callbacks() throws {
            let sending = try SendingDemo.shared
            let name = uniqueName()
            let body = InfobipBody.of(name)
            #expect(try sending.demo.infobip(body).status == 200)
            let message = try #require(try sending.demo.message(name))
            let id = try #require(message["id"].string)
            let timeline = try JSON(sending.demo.api("/v1/messages/\(id)"))["timeline"].array
            #expect(timeline.map { $0["type"].string } == ["report"])
            let callback = try #require(timeline.first?["callback_id"].string)
            let shown = try JSON(sending.demo.api("/v1/callbacks/\(callback.uppercased())"))
            #expect(shown["body"].string == String(decoding: body, as: UTF8.self))
            #expect(shown["path"].string == "/callbacks/infobip")
            #expect(shown["provider"].string == "infobip")
            let text = try sending.demo.api("/v1/callbacks/\(callback)").text
            #expect(!text.contains(sending.demo.document.infobip.password))
            expectProblem(
                try sending.demo.api("/v1/callbacks/\(id)"), 404, "unknown_callback")
            // By a part of its name nothing is found.
            #expect(try ids(find(sending, [("q", name)])) == [id])
        }

        @Test("A malformed filter is named")
        func badFilters() throws {
            let sending = try SendingDemo.shared
            for (query, place) in [
                ("stauts=sent", "stauts"), ("since=today", "since"), ("limit=500", "limit"),
                ("to=abc", "to"), ("cursor=abc", "cursor"), ("provider=nobody", "provider"),
            ] {
                let answer = try sending.demo.api("/v1/messages?\(query)")
                expectProblem(answer, 400, "bad_query")
                #expect(try JSON(answer)["place"].string == place)
            }
        }
    }
}
