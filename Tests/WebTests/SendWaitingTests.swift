import Domain
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite("Waiting for the providers' results", .blocking)
struct SendWaitingTests {
    private static let one = #"{"to":"+41 79 123 45 67","text":"Hello"}"#
    private static let two = #"{"to":["+41791234567","+12025550123"],"text":"Grüße ż"}"#
    private let server: SendServer

    init() throws { server = try SendServer() }

    /// Starts a send request that waits, and lets the watch query once without a result.
    private func waiting(
        _ body: String, on server: SendServer, wait: String = "10",
        _ headers: [String: String] = [:]
    ) throws -> (connection: SocketConnection, sendRequest: SendRequest) {
        let connection = try server.web.start(
            "POST", "/v1/messages?wait=\(wait)", headers: SendServer.headers(headers),
            body: Array(body.utf8))
        #expect(server.queue.waitForQuery())
        return (connection, try #require(server.queue.sendRequests.last))
    }

    @Test("A waiting caller is answered as soon as every message has left the queue")
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
        // A known state is not queried again.
        #expect(server.queue.questions.last == [ids[1]])
        #expect(server.watch.waiting == 0)
    }

    @Test("A waiting caller gets the provider that accepted the message, not the planned one")
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

    @Test("Messages for later are not waited for")
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

    @Test("When the service stops, waiting callers are answered, and no caller waits any more")
    func drain() throws {
        let (connection, _) = try waiting(Self.one, on: server)
        server.watch.stop()
        let answer = try Answer(connection.readAll())
        #expect(answer.status == 202)
        #expect(answer.header("Location") != nil)
        #expect(try server.post(Self.one, query: "?wait=10").status == 202)
    }

    @Test("A stop does not wait for a queue that hangs, and waiting callers are answered")
    func stopWhileHanging() throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try SendServer(queue: Queue(gate: gate))
        let (connection, _) = try waiting(Self.one, on: server)
        server.watch.stop(within: .milliseconds(10))
        #expect(try Answer(connection.readAll()).status == 202)
        #expect(server.watch.waiting == 0)
        gate.signal()
    }

    @Test("Answers of callers that leave together are stored in one commit")
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

    @Test("A database that fails while a caller waits ends the waiting, and the answer still comes")
    func awayWhileWaiting() throws {
        let connection = try server.web.start(
            "POST", "/v1/messages?wait=0.2", headers: SendServer.headers(),
            body: Array(Self.one.utf8))
        #expect(server.queue.waitForQuery())
        server.queue.change { $0.failure = StoreFailure(.unavailable, "away") }
        #expect(try Answer(connection.readAll()).status == 202)
    }

    @Test("A repetition gets the answer that was waited for")
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

    @Test("Waiting callers occupy no worker")
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
