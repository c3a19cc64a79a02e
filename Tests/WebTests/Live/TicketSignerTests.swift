import Domain
import Testing

@testable import Web

@Suite("Tickets")
struct TicketSignerTests {
    private let signer = TicketSigner(FixedSecrets())
    private let request = SendRequestID.new(at: Samples.time())

    @Test("A ticket names its thing and ends an hour after the send request")
    func roundTrip() throws {
        let message = MessageID.new(at: Samples.time())
        let ticket = try #require(try signer.read(signer.ticket(for: .message(message))))
        #expect(ticket.subject == .message(message))
        #expect(ticket.expiresAt == Samples.time(3600))
        let other = try #require(try signer.read(signer.ticket(for: .sendRequest(request))))
        #expect(other.subject == .sendRequest(request))
    }

    @Test("The same thing has the same ticket in every process, and no other has it")
    func same() throws {
        let text = try signer.ticket(for: .sendRequest(request))
        #expect(try TicketSigner(FixedSecrets()).ticket(for: .sendRequest(request)) == text)
        let message = MessageID(high: request.high, low: request.low)
        #expect(try signer.ticket(for: .message(message)) != text)
        #expect(text.utf8.count <= 200)
        #expect(text.utf8.allSatisfy { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "/") })
    }

    @Test("Every changed letter is noticed")
    func tampering() throws {
        let text = Array(try signer.ticket(for: .sendRequest(request)))
        for place in text.indices {
            var changed = text
            changed[place] = changed[place] == "A" ? "B" : "A"
            #expect(try signer.read(String(changed)) == nil, "\(place)")
        }
    }

    @Test("Without the secret a ticket cannot be made, and that is said")
    func noSecret() {
        let away = TicketSigner(FixedSecrets(failure: StoreFailure(.unavailable, "away")))
        #expect(throws: StoreFailure.self) { try away.prepare() }
    }

    @Test("An answer gets its tickets in place, whatever its texts hold")
    func answer() throws {
        let message = MessageID.new(at: Samples.time())
        let body = #"""
            {"messages":[{"id":"\#(message)","to":"+1","error":{"code":"{\"id\":\"","description":"\"send_request_id\":\""}}],"send_request_id":"\#(request)","send_at":null}
            """#
        let tickets = AnswerTickets(signer: signer, hasCorrelationID: true)
        let added = String(decoding: tickets.added(to: Array(body.utf8)), as: UTF8.self)
        let own = try signer.ticket(for: .message(message))
        let all = try signer.ticket(for: .sendRequest(request))
        #expect(
            added == #"""
                {"messages":[{"id":"\#(message)","ticket":"\#(own)","to":"+1","error":{"code":"{\"id\":\"","description":"\"send_request_id\":\""}}],"send_request_id":"\#(request)","send_at":null,"ticket":"\#(all)","correlationId":"\#(own)"}
                """#)
    }
}
