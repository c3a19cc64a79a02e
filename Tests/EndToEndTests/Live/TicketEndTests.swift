import Domain
import Foundation
import TestSupport
import Testing

@testable import Web

@Suite("The end of tickets, through nginx", .blocking, .timeLimit(.minutes(10)))
struct TicketEndTests {
    /// The secret of a running demo, or another one.
    private struct Secrets: SigningSecrets {
        let bytes: [UInt8]

        func secret(for purpose: SigningPurpose) throws(StoreFailure) -> [UInt8] { bytes }
    }

    private func signer(_ demo: RunningDemo) throws -> TicketSigner {
        let hex = try demo.sql(
            "select encode(secret, 'hex') from signing_secret where purpose = 'ticket'")
        let bytes = stride(from: 0, to: hex.utf8.count, by: 2).compactMap { place in
            UInt8(hex.dropFirst(place).prefix(2), radix: 16)
        }
        try #require(bytes.count == 32)
        return TicketSigner(Secrets(bytes: bytes))
    }

    /// A message of ours that was sent some time ago, with a report.
    private func message(_ demo: RunningDemo, sent age: Duration) throws -> MessageID {
        let id = MessageID.new(at: Timestamp.now.advanced(by: .zero - age))
        #expect(try demo.infobip(InfobipBody.of(id.description)).status == 200)
        return id
    }

    private func open(_ demo: RunningDemo, _ ticket: String) throws -> EventSource {
        try EventSource(demo, "/v1/live?ticket=\(ticket)", key: .some(nil))
    }

    @Test("A stream ends with its ticket, an hour after the message was sent")
    func end() throws {
        let demo = try RunningDemo.shared
        let signer = try signer(demo)
        let id = try message(demo, sent: TicketSigner.validity - .seconds(8))
        let ticket = try signer.ticket(for: .message(id))
        let stream = try open(demo, ticket)
        defer { stream.close() }
        try #require(stream.waitFor(count: 1))
        #expect(stream.status == 200)
        #expect(stream.events[0].json?["id"].string == id.description)
        #expect(!stream.hasEnded)
        #expect(stream.waitForEnd(within: .seconds(13)))
        let end = try #require(try signer.read(ticket)).expiresAt
        #expect(Timestamp.now >= end, "not before its time")
        expectProblem(
            try demo.api("/v1/live?ticket=\(ticket)", key: .some(nil)), 401, "expired_ticket")
    }

    @Test("An old ticket opens nothing, however well it is signed")
    func old() throws {
        let demo = try RunningDemo.shared
        let signer = try signer(demo)
        for age: Duration in [.seconds(3602), .seconds(86_400), .seconds(40_000_000)] {
            let id = try message(demo, sent: age)
            let ticket = try signer.ticket(for: .message(id))
            expectProblem(
                try demo.api("/v1/live?ticket=\(ticket)", key: .some(nil)), 401, "expired_ticket")
            expectProblem(
                try demo.api("/sse-status/\(ticket)", key: .some(nil)), 401, "expired_ticket")
        }
    }

    @Test("A ticket that another secret signed opens nothing")
    func forged() throws {
        let demo = try RunningDemo.shared
        let id = try message(demo, sent: .seconds(1))
        let forger = TicketSigner(Secrets(bytes: Array(repeating: 7, count: 32)))
        let ticket = try forger.ticket(for: .message(id))
        expectProblem(
            try demo.api("/v1/live?ticket=\(ticket)", key: .some(nil)), 401, "wrong_ticket")
    }

    @Test(
        "A ticket shows its own message and no other one's changes, also beside a path with another"
    )
    func anotherMessage() throws {
        let demo = try RunningDemo.shared
        let signer = try signer(demo)
        let (mine, others) = (
            try message(demo, sent: .seconds(1)), try message(demo, sent: .seconds(1))
        )
        let ticket = try signer.ticket(for: .message(mine))
        expectProblem(
            try demo.api("/v1/messages/\(others)/live?ticket=\(ticket)", key: .some(nil)), 401,
            "missing_key")
        let stream = try open(demo, ticket)
        defer { stream.close() }
        try #require(stream.waitFor(count: 1))
        func fail(_ id: MessageID, doneAt: String) throws {
            let body = InfobipBody.of([
                InfobipBody.result(id.description, group: 2, doneAt: doneAt)
            ])
            #expect(try demo.infobip(body).status == 200)
        }
        // Later than the first report, so that it decides.
        try fail(others, doneAt: "2026-11-20T10:15:04.913+0000")
        try fail(mine, doneAt: "2026-11-20T10:15:04.913+0000")
        try #require(stream.waitFor(count: 2))
        #expect(stream.events.allSatisfy { $0.json?["id"].string == mine.description })
        // A message that nobody knows.
        let unknown = try signer.ticket(for: .message(.new(at: .now)))
        expectProblem(
            try demo.api("/v1/live?ticket=\(unknown)", key: .some(nil)), 404, "unknown_message")
        let request = try signer.ticket(for: .sendRequest(.new(at: .now)))
        expectProblem(
            try demo.api("/v1/live?ticket=\(request)", key: .some(nil)), 404,
            "unknown_send_request")
    }
}
