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
        let alive = try sending.outbox.register()
        var dead: (number: Int32, holds: @Sendable () -> Bool)? = try sending.outbox.register()
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
        // By the database's clock, not by that of a dispatcher which is an hour ahead.
        #expect(try sending.outbox.takeOver(at: .now.advanced(by: .seconds(3600))) == 0)
        try sending.database.run("update outbox set due_at = now() where state = 2")
        #expect(try sending.outbox.takeOver(at: .now.advanced(by: .seconds(-3600))) == 1)
        #expect(try sending.row(kept) == "3")
    }

    @Test("a dispatcher notices that it has lost its number, and gets another")
    func noticesLoss() throws {
        let first = try sending.outbox.register()
        #expect(first.holds())
        try sending.database.run(
            """
            select pg_terminate_backend(pid) from pg_locks
            where locktype = 'advisory' and objid::bigint = \(first.number)
            """)
        #expect(!first.holds())
        #expect(!first.holds())
        let second = try sending.outbox.register()
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
        #expect(check.isUnsure && check.status == .unknown)
        #expect(check.attempts == 1 && check.checks == 0)
        #expect(check.lookUp.providerMessageID == nil && check.lookUp.sentAt > soon)
        #expect(check.lookUp.otherProviderMessageIDs == ["name-1", "name-3"])

        let rest = try sending.outbox.checks(of: .plivo, limit: 9, at: now, hold: .seconds(60))
        #expect(rest.map(\.lookUp.id) == [sent, settled])
        #expect(rest.map(\.status) == [.accepted, .delivered])
        #expect(rest.first?.lookUp.providerMessageID == "name-1")
        #expect(rest.first?.isUnsure == false && rest.first?.status == .accepted)
        #expect(
            try sending.outbox.checks(of: .plivo, limit: 9, at: now, hold: .seconds(60)).isEmpty)
        let later = now.advanced(by: .seconds(61))
        let again = try sending.outbox.checks(of: .plivo, limit: 9, at: later, hold: .seconds(60))
        #expect(again.map(\.checks) == [1, 1, 1])
    }

    @Test("ready messages past their time are given up with the reason, in portions")
    func givesUp() throws {
        let past = Timestamp.now.advanced(by: .seconds(-1))
        let fresh = try sending.accept(.sample())[0]
        let late = try sending.accept(.sample(recipients: 3))
        let leased = try sending.lease(messages: 4, batch: 1).leases
        let changes = leased.filter { $0.messages[0].outgoing.id != late[0] }.map {
            OutboxChange.deferred($0.messages[0].outgoing.id, $0.id)
        }
        try sending.outbox.record(changes, counts: [:])
        try sending.database.run(
            "update outbox set give_up_at = '\(past)' where message_id <> '\(fresh)'")
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

    @Test("all see who serves a provider and that it is stopped")
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

    /// A report about a message of ours, written as callbacks are.
    private func report(_ id: MessageID, _ status: Status, name: String, _ provider: Provider)
        throws
    {
        let report = Report(
            message: id, isKeyDerived: provider == .infobip, provider: provider,
            providerMessageID: name, status: status, outcome: Outcome(provider: provider),
            doneAt: .now)
        #expect(WriterHarness(try sending.database.responder).write([.sample([report])]).isEmpty)
    }

    @Test("settled messages are removed in portions, due or not, and not queried")
    func walksThroughSettled() throws {
        let now = Timestamp.now
        var ids: [MessageID] = []
        for number in 0..<4 {
            let (id, lease) = try sending.leased()
            let time = now.advanced(by: .seconds(number))
            try sending.outbox.record([.accepted(id, lease, at: time)], counts: [:])
            ids.append(id)
        }
        for id in [ids[0], ids[2]] { try report(id, .delivered, name: id.description, .infobip) }
        let first = try sending.outbox.dropSettled(of: .infobip, after: nil, limit: 2)
        #expect(first.dropped == 1 && first.next == now.advanced(by: .seconds(601)))
        let second = try sending.outbox.dropSettled(of: .infobip, after: first.next, limit: 3)
        #expect(second.dropped == 1 && second.next == nil)
        #expect(try ids.map { try sending.row($0) } == ["", "4", "", "4"])
        #expect(try sending.outbox.dropSettled(of: .plivo, after: nil, limit: 9) == (0, nil))

        let (unsure, lease) = try sending.leased()
        try sending.outbox.record([.unanswered(unsure, lease)], counts: [:])
        try report(unsure, .undeliverable, name: unsure.description, .infobip)
        #expect(
            try sending.outbox.checks(of: .infobip, limit: 9, at: .now, hold: .seconds(9)).isEmpty)
        #expect(try sending.row(unsure) == "")
        #expect(
            try sending.messages.events(of: unsure, limit: 9).map(\.kind)
                == [.unanswered, .found])
    }

    @Test("a name stays as long as another message to the number may need it")
    func keepsNames() throws {
        let (settled, first) = try sending.leased(.plivo)
        let (unsure, second) = try sending.leased(.plivo)
        try sending.outbox.record(
            [.accepted(settled, first, by: .plivo), .unanswered(unsure, second)], counts: [:])
        try report(settled, .delivered, name: "name", .plivo)
        func drop() throws -> Int {
            try sending.outbox.dropSettled(of: .plivo, after: nil, limit: 9).dropped
        }
        try sending.database.run(
            "update outbox set attempted_at = now() - interval '1 hour'")
        #expect(try drop() == 0)
        let check = try sending.outbox.checks(of: .plivo, limit: 9, at: .now, hold: .seconds(9))
        #expect(check.first?.lookUp.otherProviderMessageIDs == ["name"])
        #expect(check.first?.hasTwin == false)
        try sending.outbox.record([.accepted(unsure, nil, by: .plivo, name: "b")], counts: [:])
        #expect(try drop() == 1)
        #expect(try sending.row(settled) == "")
    }

    @Test("an unsure message that a report has settled is settled, though its name stays")
    func settlesUnsure() throws {
        let (id, lease) = try sending.leased(.plivo)
        try sending.outbox.record([.unanswered(id, lease)], counts: [:])
        try report(id, .delivered, name: "name", .plivo)
        _ = try sending.outbox.checks(of: .plivo, limit: 9, at: .now, hold: .seconds(9))
        #expect(try sending.row(id) == "4")
        #expect(
            try sending.messages.events(of: id, limit: 9).map(\.kind) == [.unanswered, .found])
    }

    @Test("two messages without names to one number know of each other, in flight or not")
    func findsTwins() throws {
        let (unsure, first) = try sending.leased(.plivo)
        let (other, second) = try sending.leased(.plivo)
        func hasTwin() throws -> Bool? {
            try sending.database.run("update outbox set due_at = now() where state = 3")
            return try sending.outbox.checks(
                of: .plivo, limit: 9, at: .now, hold: .seconds(9)
            ).first { $0.lookUp.id == unsure }?.hasTwin
        }
        try sending.outbox.record([.unanswered(unsure, first)], counts: [:])
        #expect(try hasTwin() == true)
        try sending.outbox.record([.unanswered(other, second)], counts: [:])
        #expect(try hasTwin() == true)
        try sending.outbox.record([.accepted(other, nil, by: .plivo, name: "name")], counts: [:])
        #expect(try hasTwin() == false)
        // Nor does one of an hour later count.
        let (later, third) = try sending.leased(.plivo)
        try sending.outbox.record([.unanswered(later, third)], counts: [:])
        #expect(try hasTwin() == true)
        try sending.database.run(
            """
            update outbox set attempted_at = attempted_at + interval '1 hour'
            where message_id = '\(later)'
            """)
        #expect(try hasTwin() == false)
    }

    @Test("the database's clock says how long ago an attempt was")
    func agesByDatabase() throws {
        let (id, lease) = try sending.leased()
        try sending.outbox.record([.unanswered(id, lease)], counts: [:])
        try sending.database.run("update outbox set attempted_at = now() - interval '100 s'")
        let now = Timestamp.now.advanced(by: .seconds(3600))
        let check = try sending.outbox.checks(of: .infobip, limit: 9, at: now, hold: .seconds(9))
        let age = now.since(try #require(check.first?.lookUp.sentAt))
        #expect(age >= .seconds(100) && age < .seconds(160))
    }
}
