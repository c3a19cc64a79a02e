import Domain
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite("Sending", .blocking)
struct SendEndpointTests {
    private static let one = #"{"to":"+41 79 123 45 67","text":"Hello"}"#
    private static let two = #"{"to":["+41791234567","+12025550123"],"text":"Grüße ż"}"#
    private let server: SendServer

    init() throws { server = try SendServer() }

    @Test("A message is queued, its id is returned and the dispatchers are notified")
    func oneMessage() throws {
        let answer = try server.post(Self.one)
        let sendRequest = try #require(server.queue.sendRequests.first)
        let id = sendRequest.recipients[0].message
        #expect(answer.status == 202)
        #expect(answer.header("Content-Type") == "application/json")
        #expect(answer.header("Location") == "/v1/messages/\(id)")
        #expect(answer.header("Idempotency-Replayed") == nil)
        // A ticket for the message, and one for all of them.
        let tickets = answer.body.matches(of: /,"ticket":"wbt_[\w-]+"/)
        #expect(tickets.count == 2)
        #expect(
            answer.body.replacing(/,"ticket":"wbt_[\w-]+"/, with: "")
                == #"{"messages":[{"id":"\#(id)","to":"+41791234567","status":"queued","#
                + #""provider":"infobip","segments":1}],"encoding":"gsm-7","segments":1,"#
                + #""send_request_id":"\#(sendRequest.id)","send_at":null}"#)
        #expect(id.version == 7)
        #expect(server.bell.rings.value == 1)
        #expect(server.queue.questions.isEmpty)
    }

    @Test("Several recipients have an id each and no Location")
    func twoMessages() throws {
        let answer = try server.post(Self.two)
        let messages = try #require(answer.json["messages"] as? [[String: Any]])
        #expect(messages.map { $0["to"] as? String } == ["+41791234567", "+12025550123"])
        #expect(messages.map { $0["provider"] as? String } == ["infobip", "plivo"])
        #expect(Set(messages.compactMap { $0["id"] as? String }).count == 2)
        #expect(answer.json["encoding"] as? String == "ucs-2")
        #expect(answer.header("Location") == nil)
    }

    @Test("All mistakes are named in one problem")
    func problems() throws {
        let answer = try server.post(
            #"{"to":["079 1"],"text":"a","txt":1}"#, ["HTTP_IDEMPOTENCY_KEY": "a b"])
        #expect(answer.status == 422)
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(
            answer.body == #"{"type":"about:blank","title":"Unprocessable Content","status":422,"#
                + #""detail":"3 fields are wrong; nothing was sent.","code":"invalid_message","#
                + #""errors":[{"field":"txt","code":"unknown_member","#
                + #""detail":"There is no member of this name; known: to, text, from, provider, "#
                + #"validity_minutes, send_at, callback_data, metadata, webhook."},"#
                + #"{"field":"Idempotency-Key","code":"bad_key","#
                + #""detail":"It takes 1 to 255 visible ASCII characters."},"#
                + #"{"field":"to[0]","code":"no_country_code","#
                + #""detail":"It begins with a national 0; write it with its country code, as in "#
                + #"+41…."}],"error_count":3,"request_id":"req-1"}"#)
        #expect(server.queue.sendRequests.isEmpty)
        #expect(server.bell.rings.value == 0)
    }

    @Test(
        "A request that cannot be read is refused before its fields are checked",
        arguments: [
            (Self.one, "text/plain", "", 415, "unsupported_media_type"),
            (Self.one, "", "", 415, "unsupported_media_type"),
            (Self.one, "application/x-www-form-urlencoded", "", 415, "unsupported_media_type"),
            (Self.one, "Application/JSON ; charset=utf-8", "", 202, nil),
            (Self.one, "text/json", "", 202, nil),
            ("\u{FEFF}" + Self.one, "application/json", "", 202, nil),
            (
                #"{"to":"+41791234567","to":"+41791234568","text":"a"}"#, "application/json", "",
                400,
                "duplicate_key"
            ),
            (
                #"{"to":"+41791234567","text":"a","metadata":{"a":1,"a":1}}"#, "application/json",
                "",
                400, "duplicate_key"
            ),
            (#"{"to":"+41791234567","text":"a",}"#, "application/json", "", 400, "not_json"),
            (#"{"to":["+41791234567",],"text":"a"}"#, "application/json", "", 400, "not_json"),
            ("", "application/json", "", 400, "not_json"),
            ("to=1", "application/json", "", 400, "not_json"),
            (String(repeating: "[", count: 200_000), "application/json", "", 400, "not_json"),
            (
                String(repeating: "[", count: 500) + String(repeating: "]", count: 500),
                "application/json", "", 400, "not_json"
            ),
            ("[]", "application/json", "", 400, "wrong_shape"),
            ("null", "application/json", "", 400, "wrong_shape"),
            (
                String(repeating: " ", count: (256 << 10) + 1), "application/json", "", 413,
                "body_too_large"
            ),
            (Self.one, "application/json", "?wait=11", 400, "bad_query"),
            (Self.one, "application/json", "?wait=-1", 400, "bad_query"),
            (Self.one, "application/json", "?wait=1e0", 400, "bad_query"),
            (Self.one, "application/json", "?wait=nan", 400, "bad_query"),
            (Self.one, "application/json", "?wait=", 400, "bad_query"),
            (Self.one, "application/json", "?wait=1&wait=2", 400, "bad_query"),
            (Self.one, "application/json", "?weight=1", 400, "bad_query"),
            (Self.one, "application/json", "?wait=0", 202, nil),
            (Self.one, "application/json", "?wait=0.0", 202, nil),
        ] as [(String, String, String, Int, String?)])
    func refused(
        body: String, type: String, query: String, status: Int, code: String?
    ) throws {
        let answer = try server.post(body, query: query, ["CONTENT_TYPE": type])
        #expect(answer.status == status)
        #expect(answer.code == code)
        #expect(server.queue.sendRequests.count == (status == 202 ? 1 : 0))
    }

    @Test(
        "The query may name the provider, as nginx does for a path of one provider",
        arguments: [
            ("", 202, "infobip", false), ("?provider=plivo", 202, "plivo", true),
            ("?provider=infobip", 202, "infobip", true),
            ("?wait=0&provider=plivo", 202, "plivo", true), ("?provider=", 422, "", false),
            ("?provider=twilio", 422, "", false),
            ("?provider=plivo&provider=plivo", 400, "", false),
        ])
    func providerInQuery(query: String, status: Int, provider: String, isPinned: Bool) throws {
        let answer = try server.post(Self.one, query: query)
        #expect(answer.status == status)
        #expect(server.queue.sendRequests.map(\.isPinned) == (status == 202 ? [isPinned] : []))
        #expect(
            server.queue.sendRequests.flatMap(\.recipients).map(\.provider.name)
                == (status == 202 ? [provider] : []))
    }

    @Test(
        "A body that names the provider of the query agrees with it or is refused",
        arguments: [("plivo", 202), ("infobip", 422)])
    func providerTwice(provider: String, status: Int) throws {
        let answer = try server.post(
            #"{"to":"+41791234567","text":"a","provider":"\#(provider)"}"#,
            query: "?provider=plivo")
        #expect(answer.status == status)
        if status == 422 {
            #expect(answer.body.contains(#""field":"provider","code":"contradicts_path""#))
        }
    }

    @Test("The provider of the query is part of the request that an Idempotency-Key stands for")
    func providerInDigest() throws {
        let key = ["HTTP_IDEMPOTENCY_KEY": "k"]
        #expect(try server.post(Self.one, key).status == 202)
        let pinned = try server.post(Self.one, query: "?provider=plivo", key)
        #expect(pinned.code == "idempotency_key_reused")
        #expect(try server.post(Self.one, key).status == 202)
    }

    @Test("A body in an encoding is a 415 that names what is accepted")
    func encoded() throws {
        let type = ["CONTENT_TYPE": "application/json"]
        for encoding in ["gzip", "identity, br"] {
            let answer = try server.post(
                Self.one, type.merging(["HTTP_CONTENT_ENCODING": encoding]) { $1 })
            #expect(answer.status == 415)
            #expect(answer.code == "unsupported_media_type")
            #expect(answer.header("Accept-Encoding") == "identity")
        }
        #expect(server.queue.sendRequests.isEmpty)
        let identity = try server.post(
            Self.one, type.merging(["HTTP_CONTENT_ENCODING": "Identity"]) { $1 })
        #expect(identity.status == 202)
    }

    @Test("Only a key with scope send may send")
    func scope() throws {
        #expect(try server.post(Self.one, key: Keys.read).code == "missing_scope")
        #expect(try server.post(Self.one, key: Keys.admin).code == "missing_scope")
        #expect(try server.web.send("POST", "/v1/messages").status == 401)
        #expect(server.queue.sendRequests.isEmpty)
    }

    @Test("A thousand recipients and the longest texts fit the body")
    func largest() throws {
        let numbers = (0..<1000).map { #""+4179\#(1_000_000 + $0)""# }.joined(separator: ",")
        let answer = try server.post(
            #"{"to":[\#(numbers)],"text":"\#(String(repeating: #"\u0061"#, count: 3825))","#
                + #""callback_data":"\#(String(repeating: #"\ud83d\ude00"#, count: 4000))","#
                + #""metadata":{"a":"\#(String(repeating: #"\u0061"#, count: 8184))"}}"#)
        #expect(answer.status == 202)
        #expect((answer.json["messages"] as? [Any])?.count == 1000)
    }

    @Test("The same key and request give the same answer; the same key for another one is a 409")
    func idempotency() throws {
        let header = ["HTTP_IDEMPOTENCY_KEY": "order-7"]
        let first = try server.post(Self.one, header)
        let again = try server.post(#"{"text":"Hello","recipient":"+41 79 123 45 67"}"#, header)
        #expect(again.status == 202)
        #expect(again.body == first.body)
        #expect(again.header("Location") == first.header("Location"))
        #expect(again.header("Idempotency-Replayed") == "true")
        #expect(first.header("Idempotency-Replayed") == nil)
        let other = try server.post(Self.two, header)
        #expect(other.status == 409)
        #expect(other.code == "idempotency_key_reused")
        #expect(server.queue.sendRequests.count == 1)
        #expect(server.bell.rings.value == 1)
        // The same key after its rotation; and who submitted it.
        #expect(try server.post(Self.one, key: Keys.rotatedSend, header).body == first.body)
        #expect(
            server.queue.sendRequests.map(\.submitter) == [
                Submitter(id: .key(Keys.id(3)), name: "send")
            ])
        // Another caller's key does not count.
        #expect(try server.post(Self.two, key: Keys.otherSend, header).status == 202)
        #expect(server.queue.sendRequests.count == 2)
    }

    @Test("Of callers who race with one key, one is queued and all have its answer")
    func idempotencyRace() throws {
        let answers = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            let answer = try? server.post(Self.one, ["HTTP_IDEMPOTENCY_KEY": "race"])
            answers.withLock { $0.append(answer?.body ?? "none") }
        }
        #expect(server.queue.sendRequests.count == 1)
        let bodies = answers.withLock { $0 }
        #expect(bodies.count == 16)
        #expect(Set(bodies).count == 1)
        #expect(bodies.first?.hasPrefix(#"{"messages":["#) == true)
    }

    @Test(
        "A key is 1 to 255 visible characters",
        arguments: [
            ("", 422), (" ", 422), ("a b", 422), ("ü", 422),
            (String(repeating: "k", count: 256), 422),
            (String(repeating: "k", count: 255), 202), ("~!", 202),
        ])
    func keys(key: String, status: Int) throws {
        let answer = try server.post(Self.one, ["HTTP_IDEMPOTENCY_KEY": key])
        #expect(answer.status == status)
    }

    @Test("While the database is unreachable it is a 503 that recommends a key")
    func away() throws {
        server.queue.change { $0.failure = StoreFailure(.unavailable, "secret") }
        let without = try server.post(Self.one)
        #expect(without.status == 503)
        #expect(without.code == "database_unavailable")
        #expect(without.header("Retry-After") == "5")
        #expect(without.body.contains("With an Idempotency-Key"))
        let with = try server.post(Self.one, ["HTTP_IDEMPOTENCY_KEY": "k"])
        #expect(with.body.contains("Repeat the send request with the same Idempotency-Key"))
        server.queue.change { $0.failure = StoreFailure(.failed, "secret") }
        let broken = try server.post(Self.one)
        #expect(broken.status == 500)
        #expect(!(with.body + without.body + broken.body).contains("secret"))
        #expect(server.bell.rings.value == 0)
    }
}
