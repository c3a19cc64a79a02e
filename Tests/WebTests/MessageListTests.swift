import Domain
import Foundation
import Testing

import TestSupport
@testable import Web

@Suite("The list of messages", .blocking)
struct MessageListTests {
    private func server(
        _ search: Search
    ) throws -> WebServer {
        let endpoint = Keys().endpoint
        return try WebServer(
            MessageEndpoints(Reader(), providers: ProviderTraits.samples, search: search)
                .routes(endpoint))
    }

    private func ask(_ query: String, _ search: Search = Search()) throws -> Answer {
        try server(search).get("/v1/messages" + query, key: Keys.read)
    }

    @Test("Every filter arrives as it was meant")
    func filters() throws {
        let search = Search()
        let answer = try ask(
            "?status=failed,expired&final=true&provider=plivo&error_code=27&to=%2B44%20(7700)%20900123"
                + "&to_prefix=0044&from=447700900000&country=gb&since=2026-11-20T00:00:00Z"
                + "&until=2026-11-21T00:00:00%2B01:00&submitted_by=shop&limit=7&q=%20Order%201%20"
                + "&send_request_id=01A1FE3E-56FC-7E4B-BD59-9CE05D6D6B10&metadata.a.b=c&metadata.n=",
            search)
        #expect(answer.status == 200)
        let asked = try #require(search.all.first)
        #expect(asked.limit == 7)
        var filter = MessageFilter()
        filter.statuses = [.failed, .expired]
        filter.isFinal = true
        filter.provider = .plivo
        filter.errorCode = "27"
        filter.recipient = "+447700900123"
        filter.recipientPrefix = "+44"
        filter.senders = ["447700900000", "+447700900000"]
        filter.country = "GB"
        filter.since = try Timestamp(rfc3339: "2026-11-20T00:00:00Z")
        filter.until = try Timestamp(rfc3339: "2026-11-20T23:00:00Z")
        filter.submitter = .name("shop")
        filter.query = SearchText("Order 1")
        filter.sendRequest = SendRequestID("01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10")
        filter.metadata = [
            MessageFilter.MetadataMember(key: "a.b", value: "c"),
            MessageFilter.MetadataMember(key: "n", value: ""),
        ]
        #expect(asked.filter == filter)
        #expect(asked.filter.canonicalForm == filter.canonicalForm)
    }

    @Test("A page has its messages, the next one's cursor, and how far back was looked")
    func page() throws {
        let position = SearchPosition(
            createdAt: Samples.time(-9), id: Samples.id,
            recent: [.init(key: 7, createdAt: Samples.time())])
        let search = Search(
            MessagePage(
                messages: [Samples.message(Samples.recorded(Samples.report()))], next: position,
                searchedBackTo: Samples.time(-9)))
        let server = try server(search)
        let first = try server.get("/v1/messages?status=sent", key: Keys.read)
        #expect(first.status == 200)
        #expect((first.json["messages"] as? [[String: Any]])?.count == 1)
        #expect(first.json["searched_back_to"] as? String == Samples.time(-9).description)
        let next = try #require(first.json["next"] as? String)
        #expect(next.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        let second = try server.get("/v1/messages?cursor=\(next)&status=sent", key: Keys.read)
        #expect(second.status == 200)
        #expect(search.all.last?.position == position)
        #expect(search.all.last?.limit == 50)
    }

    @Test("A page without messages says so")
    func empty() throws {
        #expect(
            try ask("").body == #"{"messages":[],"next":null,"searched_back_to":null}"#)
    }

    @Test("A cursor that is changed, made up, from elsewhere or of another filter is refused")
    func cursors() throws {
        var filter = MessageFilter()
        filter.statuses = [.sent]
        let position = SearchPosition(createdAt: Samples.time(), id: Samples.id)
        let text = try SearchCursors(Secrets()).text(position, in: filter)
        #expect(try SearchCursors(Secrets()).position(text, in: filter) == position)
        #expect(try ask("?status=sent&cursor=\(text)").status == 200)
        let foreign = try SearchCursors(Secrets(first: 8)).text(position, in: filter)
        var refused = [foreign, "x", "AAAA", text + "A", String(text.dropLast(4)), text + text]
        for (place, character) in text.enumerated() {
            var changed = Array(text)
            changed[place] = character == "A" ? "B" : "A"
            refused.append(String(changed))
        }
        for cursor in refused {
            let answer = try ask("?status=sent&cursor=\(cursor)")
            #expect(answer.status == 400)
            #expect(answer.code == "bad_query")
            #expect(answer.json["place"] as? String == "cursor")
        }
        for query in ["", "status=failed&", "status=sent&final=false&"] {
            let answer = try ask("?\(query)cursor=\(text)")
            #expect(answer.status == 400)
            #expect((answer.json["detail"] as? String)?.contains("other filters") == true)
        }
    }

    @Test(
        "A filter that is unknown or malformed is refused by name, with what it takes",
        arguments: [
            ("?stauts=sent", "stauts"), ("?status=gone", "status"), ("?status=", "status"),
            ("?status=sent,", "status"), ("?final=yes", "final"), ("?provider=twilio", "provider"),
            ("?to=abc", "to"), ("?to=07700900123", "to"), ("?to_prefix=x", "to_prefix"),
            ("?to_prefix=0", "to_prefix"), ("?country=GBR", "country"), ("?country=1", "country"),
            ("?since=yesterday", "since"), ("?until=2026-13-01T00:00:00Z", "until"),
            ("?send_request_id=1", "send_request_id"), ("?limit=0", "limit"),
            ("?limit=201", "limit"), ("?limit=ten", "limit"), ("?limit=-1", "limit"),
            ("?q=", "q"), ("?q=%20", "q"), ("?metadata=x", "metadata"),
            ("?metadata.=x", "metadata."), ("?status=sent&status=failed", "status"),
            ("?metadata.a=1&metadata.a=2", "metadata.a"), ("?format=xml", "format"),
        ])
    func badFilters(query: String, place: String) throws {
        let answer = try ask(query)
        #expect(answer.status == 400)
        #expect(answer.code == "bad_query")
        #expect(answer.json["place"] as? String == place)
        #expect((answer.json["detail"] as? String)?.isEmpty == false)
    }
}
