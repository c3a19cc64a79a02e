import Domain
import TestSupport
import Testing

@testable import Web

@Suite("Cancelling", .blocking)
struct CancelTests {
    private let target = "/v1/messages/\(Samples.id)"

    private func delete(
        _ cancellation: Cancellation, _ messages: [Message] = [], key: String = Keys.send,
        target: String? = nil
    ) throws -> Answer {
        let server = try SendServer(reader: Reader(messages: messages))
        server.queue.change { $0.cancellation = cancellation }
        return try server.web.send(
            "DELETE", target ?? self.target, headers: SendServer.headers(key: key))
    }

    @Test(
        "A cancelled message is shown, whether it was cancelled now or before",
        arguments: [Cancellation.cancelled, .tooLate(.cancelled)])
    func cancelled(cancellation: Cancellation) throws {
        let answer = try delete(cancellation, [Samples.ours(nil, status: .cancelled)])
        #expect(answer.status == 200)
        #expect(answer.json["id"] as? String == Samples.id.description)
        #expect(answer.json["status"] as? String == "cancelled")
        #expect(answer.json["final"] as? Bool == true)
    }

    @Test("An id in capitals is cancelled, too")
    func capitals() throws {
        let capitals = "/v1/messages/\("\(Samples.id)".uppercased())"
        let answer = try delete(
            .cancelled, [Samples.ours(nil, status: .cancelled)], target: capitals)
        #expect(answer.status == 200)
        #expect(answer.json["id"] as? String == Samples.id.description)
    }

    @Test(
        "Once a provider has the message or may have it, it is too late",
        arguments: [
            (Status.queued, "it is being sent just now."), (.accepted, "Its status is accepted."),
            (.delivered, "Its status is delivered."), (.unknown, "Its status is unknown."),
        ])
    func tooLate(status: Status, words: String) throws {
        let answer = try delete(.tooLate(status), [Samples.ours(nil, status: status)])
        #expect(answer.status == 409)
        #expect(answer.code == "too_late")
        #expect((answer.json["detail"] as? String)?.hasSuffix(words) == true)
    }

    @Test("A message that is not ours cannot be cancelled, and an unknown one is a 404")
    func notOurs() throws {
        let foreign = try delete(.unknown, [Samples.message(nil, status: .accepted)])
        #expect(foreign.status == 409)
        #expect(foreign.code == "not_ours")
        let nowhere = try delete(.unknown)
        #expect(nowhere.status == 404)
        #expect(nowhere.code == "unknown_message")
        #expect(try delete(.unknown, target: "/v1/messages/x").code == "bad_message_id")
    }

    @Test("Who cancels is passed on with the request's id and address")
    func requester() throws {
        let server = try SendServer()
        _ = try server.web.send("DELETE", target, headers: SendServer.headers())
        #expect(
            server.queue.requesters == [
                Requester(
                    Principal(id: .key(Keys.id(3)), name: "send", scopes: [.send]),
                    requestID: "req-1", address: "192.0.2.7")
            ])
    }

    @Test("It takes a key with scope send, and a database")
    func refused() throws {
        #expect(try delete(.cancelled, key: Keys.read).code == "missing_scope")
        let server = try SendServer()
        server.queue.change { $0.failure = StoreFailure(.unavailable, "away") }
        let answer = try server.web.send("DELETE", target, headers: SendServer.headers())
        #expect(answer.status == 503)
    }
}
