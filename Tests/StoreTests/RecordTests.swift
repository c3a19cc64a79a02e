import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Steps recorded", .blocking)
struct RecordTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness()
    }

    private func record(_ changes: OutboxChange...) throws {
        try sending.outbox.record(changes, counts: [:])
    }

    private func kinds(_ id: MessageID) throws -> [SendEvent.Kind] {
        try sending.messages.events(of: id, limit: 100).map(\.kind)
    }

    /// A report about a message of ours, written as callbacks are.
    private func report(
        _ id: MessageID, _ status: Status, provider: Provider = .infobip, name: String? = nil,
        part: PartNumber? = nil
    ) throws {
        let report = Report(
            message: id, isKeyDerived: provider == .infobip, provider: provider,
            providerMessageID: name ?? id.description, status: status,
            outcome: Outcome(provider: provider), doneAt: .now, segments: part.map { _ in 1 },
            price: part.map { .init(amount: "0.0\($0.number)", currency: "USD") }, part: part,
            attributes: part.map { #"{"part": \#($0.number)}"# })
        let failures = WriterHarness(try sending.database.responder).write([.sample([report])])
        #expect(failures.isEmpty)
    }

    @Test("a message that a provider accepted has that status, under the provider's name")
    func isAccepted() throws {
        let (id, lease) = try sending.leased(.plivo)
        let time = Timestamp.now.advanced(by: .seconds(5))
        try record(.accepted(id, lease, by: .plivo, name: "uuid", at: time))
        let message = try #require(try sending.messages.message(id))
        #expect(message.status == .accepted && message.providerMessageID == "uuid")
        #expect(message.updatedAt == time && message.sending?.attempts == 1)
        #expect(try sending.row(id, "state, lease_id is null, checks, attempts") == "4|t|0|1")
        let found = try sending.messages.message(provider: .plivo, providerMessageID: "uuid")
        #expect(found?.id == id && found?.sending?.sendRequest == message.sending?.sendRequest)
        let event = try #require(try sending.messages.events(of: id, limit: 9).first)
        #expect(
            event
                == SendEvent(
                    message: id, kind: .accepted, at: time, provider: .plivo, attempt: 1,
                    status: .accepted))
    }

    @Test(
        "a report that arrives before the provider's answer is kept",
        arguments: Provider.samples, [Status.sent, .delivered, .undeliverable])
    func keepsOvertaking(provider: Provider, status: Status) throws {
        let (id, lease) = try sending.leased(provider)
        let name = provider == .infobip ? id.description : "uuid"
        try report(id, status, provider: provider, name: name)
        try record(.accepted(id, lease, by: provider, name: name))
        let message = try #require(try sending.messages.message(id))
        #expect(message.status == status && message.decisive?.report.status == status)
        #expect(message.providerMessageID == name)
        #expect(try sending.row(id) == "4")
    }

    @Test("a provider's final report takes precedence over our own result, whichever comes first")
    func yieldsToReports() throws {
        let (first, firstLease) = try sending.leased()
        try record(.refused(first, firstLease))
        #expect(try sending.status(first) == .rejected)
        try report(first, .delivered)
        #expect(try sending.status(first) == .delivered)

        let (second, secondLease) = try sending.leased()
        try report(second, .undeliverable)
        try record(.refused(second, secondLease))
        #expect(try sending.status(second) == .undeliverable)
    }

    @Test("a refused message is over, with the reason in its timeline and the dead letters")
    func isRefused() throws {
        let (id, lease) = try sending.leased()
        var counts = SendCounts()
        counts.refused = 1
        counts.deadLetters = 1
        try sending.outbox.record([.refused(id, lease)], counts: [.infobip: counts])
        #expect(try sending.row(id) == "")
        #expect(
            try sending.database.run(
                "select message_id, provider, attempts, code, reason from dead_letter")
                == "\(id)|1|1|503|Service Unavailable")
        let message = try #require(try sending.messages.message(id))
        #expect(message.status == .rejected && message.sending?.attempts == 1)
        #expect(message.sending?.lastProblem?.kind == .refused)
        #expect(message.sending?.lastProblem?.problem == .sample)
        let states = SendingStates(try sending.database.pool(), logger: .silent)
        let infobip = try #require(try states.sendingStates().first { $0.provider == .infobip })
        #expect(infobip.counts == counts)
    }

    @Test("a late answer releases no message, unless it says that the provider has it")
    func guardsLeases() throws {
        let past = Timestamp.now.advanced(by: .seconds(-1))
        let (id, lease) = try sending.leased(.plivo, deadline: past)
        #expect(try sending.outbox.takeOver(at: .now) == 1)
        #expect(try sending.row(id, "state, is_bound") == "3|t")
        #expect(try sending.status(id) == .unknown)

        try record(.deferred(id, lease))
        try record(.refused(id, lease))
        #expect(try sending.row(id) == "3")
        #expect(try sending.status(id) == .unknown)
        #expect(try sending.database.run("select count(*) from dead_letter") == "0")
        #expect(try kinds(id) == [.leaseExpired, .deferred, .refused])
        #expect(try sending.messages.events(of: id, limit: 9).last?.status == nil)

        try record(.notFound(id, attempt: 1))
        let other = try sending.lease(.plivo, dispatcher: 2).leases[0].id
        try record(.deferred(id, lease))
        try record(.unanswered(id, lease))
        try record(.notFound(id))
        #expect(try sending.row(id, "state, lease_id") == "2|\(other)")

        // The first attempt was accepted after all: known from now on, but the second is in flight.
        try record(.accepted(id, lease, by: .plivo, name: "first"))
        #expect(try sending.row(id, "state, lease_id") == "2|\(other)")
        #expect(try sending.messages.message(id)?.providerMessageID == "first")
        #expect(try sending.status(id) == .accepted)
        try record(.accepted(id, other, by: .plivo, name: "second"))
        #expect(try sending.row(id) == "4")
    }

    @Test("an acceptance counts although the lease was taken over meanwhile")
    func acceptsLate() throws {
        let past = Timestamp.now.advanced(by: .seconds(-1))
        let (unsure, first) = try sending.leased(deadline: past)
        #expect(try sending.outbox.takeOver(at: .now) == 1)
        try record(.accepted(unsure, first))
        #expect(try sending.row(unsure) == "4")

        let (ready, second) = try sending.leased(deadline: past)
        #expect(try sending.outbox.takeOver(at: .now) == 1)
        try record(.notFound(ready))
        #expect(try sending.row(ready) == "1")
        try record(.accepted(ready, second))
        #expect(try sending.row(ready) == "4")
        #expect(try sending.lease().leases.isEmpty)
    }

    @Test("a query about an earlier attempt does not send the message again")
    func ignoresOldLookUps() throws {
        let (id, lease) = try sending.leased()
        try record(.unanswered(id, lease))
        try record(.notFound(id, attempt: 1))
        let second = try sending.lease().leases[0].id
        try record(.unanswered(id, second))
        try record(.notFound(id, attempt: 1))
        #expect(try sending.row(id, "state, attempts") == "3|2")
        try record(.accepted(id, nil))
        try record(.notFound(id, attempt: 2))
        #expect(try sending.row(id) == "4")
    }

    @Test("steps that are recorded twice are the same, but for their place in the timeline")
    func isRepeatable() throws {
        let (refused, first) = try sending.leased()
        let (deferred, second) = try sending.leased()
        let (accepted, third) = try sending.leased()
        let changes: [OutboxChange] = [
            .refused(refused, first), .deferred(deferred, second, countsAttempt: false),
            .accepted(accepted, third),
        ]
        func state() throws -> String {
            try sending.database.run(
                """
                select id, message.status, precedence, outbox.state, attempts, lease_id
                from message left join outbox on message_id = id order by 1
                """) + sending.database.run("select count(*) from dead_letter")
        }
        try sending.outbox.record(changes, counts: [:])
        let once = try state()
        try sending.outbox.record(changes, counts: [:])
        #expect(try state() == once)
        #expect(try sending.row(deferred, "state, attempts") == "1|0")
        #expect(try kinds(refused) == [.refused, .refused])
    }

    @Test("two steps of one message in one call are applied one after the other")
    func keepsOrder() throws {
        let (id, lease) = try sending.leased()
        try record(.unanswered(id, lease), .accepted(id, nil))
        #expect(try sending.row(id) == "4")
        #expect(try sending.status(id) == .accepted)
        #expect(try kinds(id) == [.unanswered, .accepted])
        try record()
    }

    @Test("a thousand steps are recorded at once, while reports about them arrive")
    func isConcurrent() throws {
        let ids = try sending.accept(.sample(recipients: 1000))
        let writer = WriterHarness(try sending.database.responder)
        let answers = Answers()
        for id in ids.shuffled() {
            let report = Report(
                message: id, provider: .infobip, providerMessageID: id.description,
                status: .delivered, outcome: Outcome(provider: .infobip), doneAt: .now)
            answers.submit(.sample([report]), to: writer.writer)
        }
        for lease in try sending.lease().leases {
            let changes = lease.messages.shuffled().map {
                OutboxChange.accepted($0.outgoing.id, lease.id)
            }
            try sending.outbox.record(changes, counts: [:])
        }
        #expect(answers.failures().isEmpty)
        writer.stop()
        #expect(
            try sending.database.run(
                """
                select state, status, count(*) from outbox join message on id = message_id
                group by 1, 2
                """) == "4|4|1000")
    }

    @Test("a name or text of any length is recorded")
    func boundsGarbage() throws {
        let (id, lease) = try sending.leased(.plivo)
        try record(
            .accepted(id, lease, by: .plivo, name: String(repeating: "x", count: 1_000_000)))
        #expect(try sending.row(id) == "4")
        #expect(try sending.messages.message(id)?.providerMessageID == nil)
        // One character of a million scalars.
        let problem = ProviderProblem(
            code: String(repeating: "9", count: 1_000_000),
            text: "e" + String(repeating: "\u{301}", count: 1_000_000))
        #expect(problem.code.utf8.count == 100 && problem.text.unicodeScalars.count == 500)
    }

    @Test("a message that another provider accepted has that one's name")
    func changesAcceptingProvider() throws {
        let id = try sending.accept(.sample())[0]
        let lease = try sending.lease(.plivo, insteadOf: [.infobip]).leases[0].id
        try record(.accepted(id, lease, by: .plivo, name: "uuid"))
        let message = try #require(try sending.messages.message(id))
        #expect(message.provider == .plivo && message.providerMessageID == "uuid")
        let found = try sending.messages.message(provider: .plivo, providerMessageID: "uuid")
        #expect(found?.id == id)

        let other = try sending.accept(.sample())[0]
        let second = try sending.lease(.plivo, insteadOf: [.infobip]).leases[0].id
        try record(.accepted(other, second, by: .plivo))
        #expect(try sending.messages.message(other)?.providerMessageID == nil)
    }

    @Test("a clock that is behind never moves a message's last change to an earlier time")
    func timesNeverFall() throws {
        let (id, lease) = try sending.leased(.plivo)
        let created = try #require(try sending.messages.message(id)).createdAt
        try record(.accepted(id, lease, by: .plivo, name: "uuid", at: .noon()))
        let accepted = try #require(try sending.messages.message(id))
        #expect(accepted.status == .accepted)
        #expect(accepted.createdAt == created && accepted.updatedAt == created)
    }

    @Test("the parts of a message are computed from its reports, and only then are all read")
    func showsParts() throws {
        let id = try sending.accept(.sample())[0]
        for number in 1...2 {
            try report(
                id, number == 1 ? .delivered : .undeliverable,
                part: PartNumber(number: number, total: 2))
        }
        let message = try #require(try sending.messages.message(id))
        #expect(message.parts?.total == 2)
        #expect(message.parts?.statuses == [1: .delivered, 2: .undeliverable])
        #expect(message.parts?.status == .partiallyDelivered)
        #expect(message.decisive?.report.part != nil)
        #expect(try sending.messages.reports(of: id, limit: 1).count == 1)
    }

    @Test("a message of several parts is final when all of them are, or the whole is")
    func endsWithItsParts() throws {
        func part(_ number: Int, of total: Int = 2) -> PartNumber? {
            PartNumber(number: number, total: total)
        }
        func stored(_ id: MessageID) throws -> Status? { try sending.messages.message(id)?.status }
        let ids = try (0..<3).map { _ in try sending.leased(.plivo) }.map { id, lease in
            try record(.accepted(id, lease, by: .plivo))
            return id
        }
        for id in ids { try report(id, .delivered, provider: .plivo, part: part(1)) }
        for id in ids {
            #expect(try stored(id) == .sent)
            let message = try #require(try sending.messages.message(id))
            #expect(message.shownStatus == .sent && message.partCounts?.pending == 1)
            #expect(message.isOpen)
        }
        // Settled messages leave the outbox, and open ones stay to be queried.
        _ = try sending.outbox.dropSettled(of: .plivo, after: nil, limit: 100)
        for id in ids { #expect(try sending.row(id) == "4") }
        try report(ids[0], .delivered, provider: .plivo, part: part(2))
        #expect(try stored(ids[0]) == .delivered)
        let settled = try #require(try sending.messages.message(ids[0])?.settlement)
        #expect(settled.segments == 2 && settled.price?.amount == "0.03")
        #expect(
            try sending.database.run(
                "select segments, price, currency from message where id = '\(ids[0])'")
                == "2|0.03|USD")
        // A fold of the whole ledger comes to the same.
        try sending.database.run(
            "update message set precedence = 1, price = 9, status = 3 where id = '\(ids[0])'")
        let fold = LedgerFold(
            ConnectionPool(try sending.database.owner, maximumCount: 1), repairs: true,
            logger: .silent)
        _ = try fold.portion(after: nil, limit: 100)
        #expect(
            try sending.database.run(
                "select status, segments, price, currency from message where id = '\(ids[0])'")
                == "4|2|0.03|USD")
        try report(ids[1], .failed, provider: .plivo, part: part(2))
        #expect(try stored(ids[1]) == .partiallyDelivered)
        try report(ids[2], .delivered, provider: .plivo)
        #expect(try stored(ids[2]) == .delivered)
        let whole = try #require(try sending.messages.message(ids[2]))
        #expect(whole.shownStatus == .delivered && whole.partCounts?.delivered == 2)
        #expect(!whole.isDecidedByUs)
    }

    @Test("two writers with one part each make the message final")
    func endsBetweenWriters() throws {
        let (id, lease) = try sending.leased(.plivo)
        try record(.accepted(id, lease, by: .plivo))
        let harnesses = try (0..<2).map { _ in WriterHarness(try sending.database.responder) }
        for harness in harnesses { harness.connect() }
        let answers = Answers()
        let workers = (1...20).map { number in
            let report = Report(
                message: id, isKeyDerived: false, provider: .plivo, providerMessageID: "uuid",
                status: .delivered, outcome: Outcome(provider: .plivo), doneAt: .noon(),
                part: PartNumber(number: number, total: 20), attributes: "{\"part\": \(number)}")
            return Worker { answers.submit(.sample([report]), to: harnesses[number % 2].writer) }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(answers.failures().isEmpty)
        for harness in harnesses { harness.stop() }
        #expect(try sending.messages.message(id)?.status == .delivered)
    }
}
