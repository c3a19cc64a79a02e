import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Leases taken over and messages settled", .blocking)
struct TakeOverTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness()
    }

    @Test("the leases of a dispatcher are taken over when its connection has gone, others' are not")
    func takesOver() throws {
        let alive = try sending.outbox.enlist()
        var dead: (number: Int32, holds: @Sendable () -> Bool)? = try sending.outbox.enlist()
        #expect(alive.number > 0 && alive.number != dead?.number)
        let (kept, _) = try sending.leased(dispatcher: alive.number)
        let (lost, _) = try sending.leased(dispatcher: try #require(dead).number)
        #expect(dead?.holds() == true)
        #expect(try sending.outbox.takeOver(at: .now) == 0)

        dead = nil
        let isTaken = try waitUntil(within: .seconds(20)) {
            try sending.outbox.takeOver(at: .now) == 1
        }
        #expect(isTaken)
        #expect(alive.holds())
        #expect(try sending.row(kept) == "2")
        #expect(try sending.row(lost, "state, lease_id is null, checks, is_bound") == "3|t|0|t")
        #expect(try sending.status(lost) == .unknown)
        let event = try #require(try sending.messages.events(of: lost, limit: 9).first)
        #expect(event.kind == .leaseExpired && event.attempt == 1 && event.provider == .infobip)
        #expect(try sending.outbox.takeOver(at: .now.advanced(by: .seconds(61))) == 1)
        #expect(try sending.row(kept) == "3")
    }

    @Test("a dispatcher notices that it has lost its number, and gets another")
    func noticesLoss() throws {
        let first = try sending.outbox.enlist()
        #expect(first.holds())
        try sending.database.run(
            """
            select pg_terminate_backend(pid) from pg_locks
            where locktype = 'advisory' and objid::bigint = \(first.number)
            """)
        #expect(!first.holds())
        #expect(!first.holds())
        let second = try sending.outbox.enlist()
        #expect(second.holds() && second.number != first.number)
    }

    @Test("checks come with what a look-up needs, unsure ones first, and only once")
    func checks() throws {
        let (sent, first) = try sending.leased(.plivo)
        let (unsure, second) = try sending.leased(.plivo)
        let (settled, third) = try sending.leased(.plivo)
        let time = Timestamp.now.advanced(by: .seconds(-700))
        try sending.outbox.record(
            [
                .accepted(sent, first, by: .plivo, name: "name-1", at: time),
                .unanswered(unsure, second),
                .accepted(settled, third, by: .plivo, name: "name-3", at: time),
            ], counts: [:])
        let report = Report(
            message: settled, isKeyDerived: false, provider: .plivo, providerMessageID: "name-3",
            status: .delivered, outcome: Outcome(provider: .plivo), doneAt: .noon())
        #expect(WriterHarness(try sending.database.responder).write([.sample([report])]).isEmpty)

        let now = Timestamp.now
        let soon = now.advanced(by: .seconds(-100))
        #expect(
            try sending.outbox.checks(of: .infobip, limit: 9, at: now, hold: .seconds(60)).isEmpty)
        let one = try sending.outbox.checks(of: .plivo, limit: 1, at: now, hold: .seconds(60))
        #expect(one.map(\.lookUp.id) == [unsure])
        let check = try #require(one.first)
        #expect(check.isUnsure && check.status == .unknown && !check.isPinned)
        #expect(check.attempts == 1 && check.checks == 0)
        #expect(check.lookUp.providerMessageID == nil && check.lookUp.sentAt > soon)
        #expect(check.lookUp.otherProviderMessageIDs == ["name-1"])
        #expect(try sending.row(settled) == "")

        let rest = try sending.outbox.checks(of: .plivo, limit: 9, at: now, hold: .seconds(60))
        #expect(rest.map(\.lookUp.id) == [sent])
        #expect(rest.first?.lookUp.providerMessageID == "name-1")
        #expect(rest.first?.isUnsure == false && rest.first?.status == .accepted)
        #expect(
            try sending.outbox.checks(of: .plivo, limit: 9, at: now, hold: .seconds(60)).isEmpty)
        let later = now.advanced(by: .seconds(61))
        let again = try sending.outbox.checks(of: .plivo, limit: 9, at: later, hold: .seconds(60))
        #expect(again.map(\.checks) == [1, 1])
    }

    @Test("what is ready past its time is given up with the reason, in portions")
    func givesUp() throws {
        let past = Timestamp.now.advanced(by: .seconds(-1))
        let fresh = try sending.accept(.sample())[0]
        let late = try sending.accept(.sample(recipients: 3, giveUpAt: past))
        let leased = try sending.lease(messages: 4, batch: 1).leases
        let changes = leased.filter { $0.messages[0].outgoing.id != late[0] }.map {
            OutboxChange.deferred($0.messages[0].outgoing.id, $0.id)
        }
        try sending.outbox.record(changes, counts: [:])
        #expect(try sending.outbox.giveUpLate(at: .now, limit: 1) == 1)
        #expect(try sending.outbox.giveUpLate(at: .now, limit: 9) == 1)
        #expect(try sending.outbox.giveUpLate(at: .now, limit: 9) == 0)
        #expect(try sending.row(fresh) == "1")
        #expect(try sending.row(late[0]) == "2")
        let message = try #require(try sending.messages.message(late[1]))
        #expect(message.status == .failed && message.sending?.lastProblem?.kind == .gaveUp)
        #expect(message.sending?.lastProblem?.problem?.code == "503")
        #expect(
            try sending.database.run("select count(*), min(code) from dead_letter") == "2|503")
        #expect(
            try sending.database.run("select dead_letters from provider_state where provider = 1")
                == "2")
    }

    @Test("who serves a provider and that it is stopped is known to all")
    func tellsPresence() throws {
        let outbox = sending.outbox
        #expect(
            try outbox.providers() == [
                .infobip: ProviderPresence(seenAt: nil, stop: nil),
                .plivo: ProviderPresence(seenAt: nil, stop: nil),
            ])
        try outbox.beat([.plivo], at: .noon(plus: 5))
        try outbox.beat([.plivo, .infobip], at: .noon())
        let stop = ProviderStop(since: .noon(), problem: .sample, retryAt: .noon(plus: 60))
        try outbox.setStop(stop, of: .infobip)
        #expect(
            try outbox.providers() == [
                .infobip: ProviderPresence(seenAt: .noon(), stop: stop),
                .plivo: ProviderPresence(seenAt: .noon(plus: 5), stop: nil),
            ])
        let next = ProviderStop(
            since: .noon(plus: 60), problem: .sample, retryAt: .noon(plus: 120))
        try outbox.setStop(next, of: .infobip)
        let kept = try outbox.providers()[.infobip]?.stop
        #expect(kept?.since == .noon() && kept?.retryAt == .noon(plus: 120))
        try outbox.setStop(nil, of: .infobip)
        #expect(try outbox.providers()[.infobip]?.stop == nil)
    }

    @Test("the state of sending counts messages by their step")
    func tellsStates() throws {
        let due = Timestamp.now.advanced(by: .seconds(-60))
        try sending.accept(.sample(provider: .plivo, at: due))
        try sending.accept(.sample(provider: .plivo, sendAt: .now.advanced(by: .seconds(600))))
        let (accepted, first) = try sending.leased()
        let (unsure, second) = try sending.leased()
        try sending.leased()
        try sending.outbox.record(
            [.accepted(accepted, first), .unanswered(unsure, second)], counts: [:])
        let states = try SendingStates(sending.database.pool(), logger: .silent).sendingStates()
        #expect(states.map(\.provider) == [.infobip, .plivo])
        #expect(states.map(\.ready) == [0, 2])
        #expect(states.map(\.leased) == [1, 0])
        #expect(states.map(\.unsure) == [1, 0])
        #expect(states.map(\.awaitingReport) == [1, 0])
        #expect(states.map(\.oldestDueAt) == [nil, due])
    }
}
