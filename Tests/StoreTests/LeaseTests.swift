import Domain
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Messages leased", .blocking)
struct LeaseTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness()
    }

    private func ids(_ answer: LeaseAnswer) -> [MessageID] {
        answer.leases.flatMap { $0.messages.map(\.outgoing.id) }
    }

    @Test("a lease has all that a request needs, and the row shows who has it until when")
    func isComplete() throws {
        let sendRequest = try SendRequest.sample(
            recipients: 3, isPinned: true, text: "Grüezi", validityMinutes: 5, callbackData: "x")
        let queued = try sending.accept(sendRequest)
        let deadline = Timestamp.now.advanced(by: .seconds(30))
        let answer = try sending.lease(deadline: deadline, dispatcher: 42)
        let lease = try #require(answer.leases.first)
        #expect(answer.leases.count == 1 && answer.nextAt == nil)
        #expect(lease.provider == .infobip)
        #expect(Set(lease.messages.map(\.outgoing.id)) == Set(queued))
        let message = try #require(lease.messages.first { $0.outgoing.id == queued[1] })
        #expect(
            message.outgoing
                == OutgoingMessage(
                    id: queued[1], sendRequest: sendRequest.id,
                    recipient: sendRequest.recipients[1].number,
                    sender: "Waybill", text: "Grüezi", validityMinutes: 5, callbackData: "x"))
        #expect(message.attempt == 1 && message.provider == .infobip)
        #expect(message.giveUpAt == sendRequest.giveUpAt)
        #expect(
            try sending.row(queued[0], "state, attempts, dispatcher, lease_id")
                == "2|1|42|\(lease.id)")
        #expect(
            try sending.row(
                queued[0], "due_at - attempted_at between interval '29 s' and interval '30 s'")
                == "t")
        #expect(try sending.lease().leases.isEmpty)
    }

    @Test("messages for later are not leased, and their time is returned")
    func waits() throws {
        let later = Timestamp.now.advanced(by: .seconds(600))
        try sending.accept(.sample(sendAt: later))
        let answer = try sending.lease()
        #expect(answer.leases.isEmpty && answer.nextAt == later)
        #expect(try sending.lease(.plivo).nextAt == nil)
    }

    @Test("messages are divided into as many requests as can be made")
    func cuts() throws {
        let sendRequest = try SendRequest.sample(recipients: 10)
        try sending.accept(sendRequest)
        let order = sendRequest.recipients.map(\.message).sorted()
        let answer = try sending.lease(requests: 3, batch: 3)
        #expect(answer.leases.map(\.messages.count) == [3, 3, 3])
        #expect(ids(answer) == Array(order[..<9]))
        #expect(Set(answer.leases.map(\.id)).count == 3)
        #expect(Set(answer.leases.map(\.leasedAt)).count == 1)
        #expect(answer.nextAt == nil)
        let rest = try sending.lease(requests: 4, batch: 3)
        #expect(ids(rest) == Array(order[9...]))
    }

    @Test("the messages of a send request are together")
    func keepsCallsTogether() throws {
        let now = Timestamp.now
        for _ in 0..<5 { try sending.accept(.sample(recipients: 4, at: now)) }
        let sendRequests = try sending.lease().leases.flatMap {
            $0.messages.map(\.outgoing.sendRequest)
        }
        #expect(sendRequests.count == 20)
        let changes = zip(sendRequests, sendRequests.dropFirst()).count { $0 != $1 }
        #expect(changes == 4)
    }

    @Test("dispatchers at the same time never lease the same message, and leave none")
    func areDisjoint() throws {
        let queued = try sending.accept(.sample(recipients: 1000))
        let leased = Mutex<[MessageID]>([])
        let workers = (0..<4).map { [sending] number in
            Worker {
                var idle = 0
                while idle < 3 {
                    let answer = try? sending.lease(
                        requests: 3, messages: 50, dispatcher: Int32(number), batch: 7)
                    let ids = answer?.leases.flatMap { $0.messages.map(\.outgoing.id) } ?? []
                    idle = ids.isEmpty ? idle + 1 : 0
                    leased.withLock { $0 += ids }
                }
            }
        }
        for worker in workers { #expect(worker.join()) }
        let all = leased.withLock { $0 } + ids(try sending.lease())
        #expect(all.count == 1000)
        #expect(Set(all) == Set(queued))
    }

    @Test("a rate is shared by all dispatchers of a provider, and the next time is returned")
    func sharesRate() throws {
        try sending.accept(.sample(recipients: 100))
        try sending.accept(.sample(recipients: 5, provider: .plivo))
        let rate = (perSecond: 0.1, burst: 30.0)
        let before = Timestamp.now
        let first = try sending.lease(requests: 2, rate: rate, dispatcher: 1, batch: 10)
        #expect(ids(first).count == 20)
        let second = try sending.lease(rate: rate, dispatcher: 2)
        #expect(ids(second).count == 10)
        let wait = try #require(second.nextAt).since(before)
        #expect(wait > .seconds(5) && wait < .seconds(60))
        let third = try sending.lease(rate: rate, dispatcher: 1)
        #expect(third.leases.isEmpty && third.nextAt != nil)
        #expect(ids(try sending.lease(.plivo, rate: rate)).count == 5)

        try sending.database.run(
            "update provider_state set refilled_at = now() - interval '101 seconds'")
        #expect(ids(try sending.lease(rate: rate)).count == 10)
        try sending.database.run(
            "update provider_state set refilled_at = now() - interval '1 day'")
        #expect(ids(try sending.lease(rate: rate)).count == 30)
        #expect(ids(try sending.lease()).count == 30)
    }

    @Test("another provider takes over only messages that may change the provider")
    func reroutes() throws {
        let free = try sending.accept(.sample())[0]
        let pinned = try sending.accept(.sample(isPinned: true))[0]
        let tried = try sending.accept(.sample())[0]
        let unsure = try sending.accept(.sample())[0]
        let own = try sending.accept(.sample(provider: .plivo))[0]
        for lease in try sending.lease(batch: 1).leases {
            let id = lease.messages[0].outgoing.id
            try sending.outbox.record(
                [
                    id == unsure ? .unanswered(id, lease.id) : .deferred(id, lease.id)
                ], counts: [:])
        }
        try sending.outbox.record([.notFound(unsure)], counts: [:])
        #expect(try sending.row(unsure) == "1")

        let answer = try sending.lease(.plivo, insteadOf: [.infobip])
        #expect(ids(answer).first == own)
        #expect(Set(ids(answer)) == [own, free, tried])
        let taken = try #require(answer.leases[0].messages.first { $0.outgoing.id == free })
        #expect(taken.provider == .infobip && taken.attempt == 2)
        #expect(answer.leases.allSatisfy { $0.provider == .plivo })
        #expect(try sending.row(free, "provider") == "2")
        #expect(Set(ids(try sending.lease())) == [pinned, unsure])
    }

    @Test("a takeover is recorded once, and takes only messages that the provider can send")
    func notesReroutes() throws {
        let limits = SegmentLimits(gsm7: 10, ucs2: 11)
        let fits = [
            try sending.accept(.sample(text: String(repeating: "a", count: 1530)))[0],
            try sending.accept(.sample(text: String(repeating: "я", count: 737)))[0],
        ]
        let long = [
            try sending.accept(.sample(text: String(repeating: "a", count: 1601)))[0],
            try sending.accept(.sample(text: String(repeating: "я", count: 738)))[0],
        ]
        let own = try sending.accept(
            .sample(provider: .plivo, text: String(repeating: "a", count: 1600)))
        let answer = try sending.lease(.plivo, insteadOf: [.infobip], segmentLimits: limits)
        #expect(Set(ids(answer)) == Set(fits + own))
        for (id, kinds) in [(fits[0], [SendEvent.Kind.rerouted]), (own[0], []), (long[0], [])] {
            #expect(try sending.messages.events(of: id, limit: 9).map(\.kind) == kinds)
        }
        let event = try #require(try sending.messages.events(of: fits[0], limit: 9).first)
        #expect(event.provider == .plivo && event.attempt == 1 && event.status == nil)

        let lease = try #require(
            answer.leases.first { $0.messages.contains { $0.outgoing.id == fits[0] } })
        try sending.outbox.record([.deferred(fits[0], lease.id)], counts: [:])
        #expect(ids(try sending.lease(.plivo)) == [fits[0]])
        #expect(
            try sending.messages.events(of: fits[0], limit: 9).map(\.kind)
                == [.rerouted, .deferred])
        #expect(Set(ids(try sending.lease())) == Set(long))
    }

    @Test("messages past their time are not sent any more")
    func leavesLate() throws {
        try sending.accept(.sample(giveUpAt: .now.advanced(by: .seconds(-1))))
        #expect(try sending.lease().leases.isEmpty)
    }

    @Test(
        "a message that was tried is not sent again once a report says that the provider has it",
        arguments: [(Status.delivered, true), (.sent, true), (.rejected, false)])
    func heedsReports(status: Status, isProof: Bool) throws {
        let (id, lease) = try sending.leased()
        try sending.outbox.record([.unanswered(id, lease), .notFound(id)], counts: [:])
        let report = Report(
            message: id, provider: .infobip, providerMessageID: id.description, status: status,
            outcome: Outcome(provider: .infobip), doneAt: .now)
        #expect(WriterHarness(try sending.database.responder).write([.sample([report])]).isEmpty)
        #expect(ids(try sending.lease()) == (isProof ? [] : [id]))
        #expect(try sending.row(id) == (isProof ? "4" : "2"))
    }

    @Test("a responder's clock that is ahead delays nothing")
    func ignoresClocksAhead() throws {
        let id = try sending.accept(.sample(at: .now.advanced(by: .seconds(600))))[0]
        #expect(ids(try sending.lease()) == [id])
    }
}
