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

    @Test("A message is queued, told by its id and rung for")
    func oneMessage() throws {
        let answer = try server.post(Self.one)
        let sendRequest = try #require(server.queue.sendRequests.first)
        let id = sendRequest.recipients[0].message
        #expect(answer.status == 202)
        #expect(answer.header("Content-Type") == "application/json")
        #expect(answer.header("Location") == "/v1/messages/\(id)")
        #expect(answer.header("Idempotency-Replayed") == nil)
        #expect(
            answer.body == #"{"messages":[{"id":"\#(id)","to":"+41791234567","status":"queued","#
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

    @Test("All that is wrong is named in one problem")
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
                + #"validity_minutes, send_at, callback_data, metadata."},"#
                + #"{"field":"Idempotency-Key","code":"bad_key","#
                + #""detail":"It takes 1 to 255 visible ASCII characters."},"#
                + #"{"field":"to[0]","code":"no_country_code","#
                + #""detail":"It begins with a national 0; write it with its country code, as in "#
                + #"+41…."}],"error_count":3,"request_id":"req-1"}"#)
        #expect(server.queue.sendRequests.isEmpty)
        #expect(server.bell.rings.value == 0)
    }

    @Test(
        "A request that is none is refused before its fields are read",
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
        "The query may name the provider, as nginx does for a path that is one provider's",
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
            server.queue.sendRequests.flatMap(\.recipients).map(\.provider.rawValue)
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

    @Test("The provider of the query is part of what an Idempotency-Key stands for")
    func providerInDigest() throws {
        let key = ["HTTP_IDEMPOTENCY_KEY": "k"]
        #expect(try server.post(Self.one, key).status == 202)
        let pinned = try server.post(Self.one, query: "?provider=plivo", key)
        #expect(pinned.code == "idempotency_key_reused")
        #expect(try server.post(Self.one, key).status == 202)
    }

    @Test("A body in an encoding is a 415 that says what is taken")
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

    @Test("The same key and wish have the same answer; the same key for another wish is a 409")
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
        // Another caller's words are another caller's.
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

    @Test("While the database is away it is a 503 that advises a key")
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

    // MARK: Waiting

    /// Starts a send request that waits, and lets the watch ask once in vain.
    private func waiting(
        _ body: String, on server: SendServer, wait: String = "10",
        _ headers: [String: String] = [:]
    ) throws -> (connection: Connection, sendRequest: SendRequest) {
        let connection = try server.web.start(
            "POST", "/v1/messages?wait=\(wait)", headers: SendServer.headers(headers),
            body: Array(body.utf8))
        #expect(server.queue.waitForQuery())
        return (connection, try #require(server.queue.sendRequests.last))
    }

    @Test("Who waits is answered as soon as every message has left the queue")
    func answeredEarly() throws {
        let (connection, sendRequest) = try waiting(Self.two, on: server)
        let ids = sendRequest.recipients.map(\.message)
        server.queue.change { $0.states[ids[0]] = SendState(status: .accepted, problem: nil) }
        server.watch.wake()
        #expect(server.queue.waitForQuery())
        #expect(connection.isSilent())
        server.queue.change {
            $0.states[ids[1]] = SendState(
                status: .rejected, problem: ProviderProblem(code: "50", text: "no such number"))
        }
        server.watch.wake()
        let answer = try Answer(connection.readAll())
        #expect(answer.status == 200)
        #expect(
            answer.body.contains(
                #""to":"+41791234567","status":"accepted","provider":"infobip","segments":1},"#))
        #expect(
            answer.body.contains(
                #""to":"+12025550123","status":"rejected","provider":"plivo","segments":1,"#
                    + #""error":{"code":"50","description":"no such number"}}]"#))
        // What is known is not asked for again.
        #expect(server.queue.questions.last == [ids[1]])
        #expect(server.watch.waiting == 0)
    }

    @Test("Who waits hears of the provider that took the message, not of the one that was to")
    func failover() throws {
        let (connection, sendRequest) = try waiting(Self.one, on: server)
        let recipient = sendRequest.recipients[0]
        #expect(recipient.provider == .infobip)
        server.queue.change {
            $0.states[recipient.message] = SendState(
                status: .accepted, problem: nil, provider: .plivo)
        }
        server.watch.wake()
        let answer = try Answer(connection.readAll())
        #expect(answer.body.contains(#""status":"accepted","provider":"plivo""#))
    }

    @Test("What is sent later is not waited for")
    func later() throws {
        let time = Timestamp.now.advanced(by: .seconds(3600))
        let answer = try server.post(
            #"{"to":"+41791234567","text":"a","send_at":"\#(time)"}"#, query: "?wait=10")
        #expect(answer.status == 202)
        #expect(answer.json["send_at"] as? String == time.description)
        #expect(server.queue.questions.isEmpty)
    }

    @Test("When the time is over it is a 202 with what is known")
    func timeOver() throws {
        let answer = try server.post(Self.one, query: "?wait=0.05")
        #expect(answer.status == 202)
        #expect(answer.body.contains(#""status":"queued""#))
        #expect(server.watch.waiting == 0)
    }

    @Test("When the service stops, who waits is answered, and nobody waits any more")
    func drain() throws {
        let (connection, _) = try waiting(Self.one, on: server)
        server.watch.stop()
        let answer = try Answer(connection.readAll())
        #expect(answer.status == 202)
        #expect(answer.header("Location") != nil)
        #expect(try server.post(Self.one, query: "?wait=10").status == 202)
    }

    @Test("A stop does not wait for a queue that hangs, and those who wait are answered")
    func stopWhileHanging() throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try SendServer(queue: Queue(gate: gate))
        let (connection, _) = try waiting(Self.one, on: server)
        server.watch.stop(within: .milliseconds(10))
        #expect(try Answer(connection.readAll()).status == 202)
        #expect(server.watch.waiting == 0)
        gate.signal()
    }

    @Test("Answers of callers who leave together are kept in one commit")
    func keptTogether() throws {
        let connections = try (0..<10).map { index in
            try server.web.start(
                "POST", "/v1/messages?wait=10",
                headers: SendServer.headers(["HTTP_IDEMPOTENCY_KEY": "k\(index)"]),
                body: Array(#"{"to":"+4179000000\#(index)","text":"a"}"#.utf8))
        }
        #expect(waitUntil(within: .seconds(10)) { server.watch.waiting == 10 })
        let ids = server.queue.sendRequests.flatMap { $0.recipients.map(\.message) }
        server.queue.change { state in
            for id in ids { state.states[id] = SendState(status: .accepted, problem: nil) }
        }
        server.watch.wake()
        for connection in connections {
            #expect(try Answer(connection.readAll()).status == 200)
        }
        #expect(server.queue.kept == [10])
    }

    @Test("A database that goes away while somebody waits costs the waiting, not the answer")
    func awayWhileWaiting() throws {
        let connection = try server.web.start(
            "POST", "/v1/messages?wait=0.2", headers: SendServer.headers(),
            body: Array(Self.one.utf8))
        #expect(server.queue.waitForQuery())
        server.queue.change { $0.failure = StoreFailure(.unavailable, "away") }
        #expect(try Answer(connection.readAll()).status == 202)
    }

    @Test("What was waited for is what a repetition gets")
    func finalAnswerIsKept() throws {
        let header = ["HTTP_IDEMPOTENCY_KEY": "k"]
        let (connection, sendRequest) = try waiting(Self.one, on: server, header)
        // Until then a repetition has the first answer, at once.
        let early = try server.post(Self.one, query: "?wait=10", header)
        #expect(early.status == 202)
        #expect(early.header("Idempotency-Replayed") == "true")
        let id = sendRequest.recipients[0].message
        server.queue.change { $0.states[id] = SendState(status: .accepted, problem: nil) }
        server.watch.wake()
        let answer = try Answer(connection.readAll())
        #expect(answer.status == 200)
        let late = try server.post(Self.one, header)
        #expect(late.status == 200)
        #expect(late.body == answer.body)
        #expect(late.header("Location") == "/v1/messages/\(id)")
        #expect(late.header("Idempotency-Replayed") == "true")
    }

    @Test("Who waits holds no worker")
    func manyWait() throws {
        // Ten callers on two workers.
        let connections = try (0..<10).map { index in
            try server.web.start(
                "POST", "/v1/messages?wait=10", headers: SendServer.headers(),
                body: Array(#"{"to":"+4179000000\#(index)","text":"a"}"#.utf8))
        }
        #expect(waitUntil(within: .seconds(10)) { server.watch.waiting == 10 })
        let ids = server.queue.sendRequests.flatMap { $0.recipients.map(\.message) }
        server.queue.change { state in
            for id in ids { state.states[id] = SendState(status: .accepted, problem: nil) }
        }
        server.watch.wake()
        for connection in connections {
            #expect(try Answer(connection.readAll()).status == 200)
        }
    }
}
