import Domain
import Testing

@testable import Sending

@Suite("Check policy")
struct CheckPolicyTests {
    private static let day = 86_400
    private let schedule = ReconcileSchedule(
        slots: [.seconds(3600), .seconds(43_200)], lookUpHorizon: .seconds(2 * day))

    private func change(
        _ check: OutboxCheck, _ finding: CheckPolicy.Finding, at seconds: Int
    ) -> OutboxChange {
        let policy = CheckPolicy(
            EchoProvider(), maxAttempts: 3, schedule: schedule, requestLimit: .zero)
        var generator = FixedNumbers.lowest
        return policy.change(
            of: check, finding, askedAt: Samples.time(seconds), now: Samples.time(seconds),
            using: &generator)
    }

    // MARK: - Unsure

    @Test("Found: sent, under the provider's name for it; done if its final status is known")
    func found() throws {
        let check = try Samples.check(isUnsure: true)
        let sent = change(check, .known([Samples.report(.sent)]), at: 5)
        #expect(sent.step == .sent(checkAt: Samples.time(3600)))
        #expect(sent.event?.kind == .found)
        #expect(sent.event?.status == .accepted)
        #expect(sent.acceptedBy == .init(provider: .infobip, providerMessageID: "p-1"))
        let named = try Samples.check(isUnsure: true, name: check.lookUp.id.description)
        let over = change(named, .known([Samples.report(.delivered)]), at: 5)
        #expect(over.step == .done)
        #expect(over.deadLetter == nil)
        // Its name tells its record from those of other messages to the same number.
        let kept = change(check, .known([Samples.report(.delivered)]), at: 5)
        #expect(kept.step == .sent(checkAt: Samples.time(3600)))
    }

    @Test("Unknown too early says nothing: it is queried again, at the latest when it counts")
    func early() throws {
        let first = change(try Samples.check(isUnsure: true), .unknown, at: 5)
        #expect(first.step == .unsure(checkAt: Samples.time(10)))
        #expect(first.event == nil)
        let later = change(try Samples.check(isUnsure: true, checks: 4), .unknown, at: 40)
        #expect(later.step == .unsure(checkAt: Samples.time(61)))
    }

    @Test("Unknown counts only once the request has ended, even if its dispatcher lives on")
    func underWay() throws {
        let policy = CheckPolicy(
            EchoProvider(), maxAttempts: 3, schedule: schedule, requestLimit: .seconds(32))
        var generator = FixedNumbers.lowest
        for (time, isReady) in [(60, false), (91, false), (92, true)] {
            let step = policy.change(
                of: try Samples.check(isUnsure: true), .unknown, askedAt: Samples.time(time),
                now: Samples.time(time), using: &generator
            ).step
            if case .ready = step { #expect(isReady) } else { #expect(!isReady) }
        }
    }

    @Test("A record that may be another message's counts for neither; having none counts")
    func twins() throws {
        let check = try Samples.check(isUnsure: true)
        let twin = OutboxCheck(
            lookUp: check.lookUp, isUnsure: true, status: .unknown, attempts: 1,
            checks: 0, validityMinutes: nil, giveUpAt: check.giveUpAt, hasTwin: true)
        let report = Samples.report(.sent)
        let known = LookUpResult(reports: [report], unknown: [])
        let none = LookUpResult(reports: [], unknown: [check.lookUp.id])
        let nothing = LookUpResult(reports: [], unknown: [])
        #expect(CheckPolicy.finding(of: check, in: known) == .known([report]))
        #expect(CheckPolicy.finding(of: twin, in: known) == .undecided)
        for check in [check, twin] {
            #expect(CheckPolicy.finding(of: check, in: none) == .unknown)
            #expect(CheckPolicy.finding(of: check, in: nothing) == .undecided)
        }
    }

    @Test("Unknown late enough: sent again, or given up where no attempt or time is left")
    func notFound() throws {
        let again = change(try Samples.check(isUnsure: true, attempts: 2), .unknown, at: 60)
        #expect(again.step == .ready(at: Samples.time(60)))
        #expect(again.event?.kind == .notFound)
        #expect(again.event?.status == nil)
        for check in [
            try Samples.check(isUnsure: true, attempts: 3),
            try Samples.check(isUnsure: true, giveUpIn: 60),
        ] {
            let over = change(check, .unknown, at: 60)
            #expect(over.step == .done)
            #expect(over.event?.kind == .gaveUp)
            #expect(over.event?.status == .failed)
            #expect(over.deadLetter?.code == "not_found")
        }
    }

    @Test(
        "After an undecided answer the query is repeated after growing pauses",
        arguments: [(0, 5), (1, 10), (5, 160), (13, 21_600), (60, 21_600)])
    func undecided(checks: Int, pause: Int) throws {
        let change = change(
            try Samples.check(isUnsure: true, checks: checks), .undecided, at: 100)
        #expect(change.step == .unsure(checkAt: Samples.time(100 + pause)))
        #expect(change.event == nil)
    }

    @Test(
        "Beyond the look-up horizon no answer counts: unknown, and shown",
        arguments: [CheckPolicy.Finding.undecided, .unknown])
    func pastPatience(finding: CheckPolicy.Finding) throws {
        let change = change(try Samples.check(isUnsure: true), finding, at: 2 * Self.day + 1)
        #expect(change.step == .done)
        #expect(change.event?.kind == .gaveUp)
        #expect(change.event?.status == .unknown)
        #expect(change.deadLetter?.code == "undecided")
    }

    // MARK: - Sent

    @Test("A final report settles it, and recovers it if no report had come")
    func settled() throws {
        let own = try Samples.check(isUnsure: false).lookUp.id.description
        let check = try Samples.check(isUnsure: false, status: .accepted, name: own)
        let finding = CheckPolicy.Finding.known([Samples.report(.delivered)])
        let change = change(check, finding, at: 3600)
        #expect(change.step == .done)
        #expect(change.event == nil)
        #expect(change.deadLetter == nil)
        #expect(CheckPolicy.recovers(check, finding))
        #expect(!CheckPolicy.recovers(check, .known([Samples.report(.sent)])))
        #expect(!CheckPolicy.recovers(check, .unknown))
        #expect(
            !CheckPolicy.recovers(try Samples.check(isUnsure: false, status: .delivered), finding))
    }

    @Test(
        "Without a final status the query is repeated at the next slot, within the look-up horizon",
        arguments: [
            (1, 3600), (3600, 43_200), (43_200, 2 * day - 1800), (2 * day - 1800, 2 * day + 300),
            (2 * day, 2 * day + 300),
        ])
    func slots(at now: Int, next: Int) throws {
        let check = try Samples.check(isUnsure: false, status: .sent)
        for finding in [CheckPolicy.Finding.undecided, .known([Samples.report(.sent)])] {
            #expect(change(check, finding, at: now).step == .sent(checkAt: Samples.time(next)))
        }
    }

    @Test("A short validity moves the last status queries")
    func shortValidity() throws {
        let check = try Samples.check(isUnsure: false, status: .sent, validityMinutes: 10)
        #expect(change(check, .undecided, at: 1).step == .sent(checkAt: Samples.time(900)))
        #expect(change(check, .undecided, at: 900).step == .sent(checkAt: Samples.time(3600)))
        #expect(change(check, .unknown, at: 900).event?.kind == .expired)
    }

    @Test("Unknown counts only when the validity is over; then, or at the very end, it has expired")
    func expired() throws {
        let check = try Samples.check(isUnsure: false, status: .accepted, validityMinutes: 720)
        #expect(change(check, .unknown, at: 3600).step == .sent(checkAt: Samples.time(43_200)))
        for (finding, time) in [
            (CheckPolicy.Finding.unknown, 43_200), (.unknown, 2 * Self.day),
            (.known([Samples.report(.sent)]), 2 * Self.day - 1800),
        ] {
            let change = change(check, finding, at: time)
            #expect(change.step == .done)
            #expect(change.event?.kind == .expired)
            #expect(change.event?.status == .expired)
        }
    }

    @Test(
        "A message that the provider has dropped by then has not expired: its status is unknown",
        arguments: [CheckPolicy.Finding.unknown, .undecided, .known([Samples.report(.sent)])],
        [nil, 720])
    func forgotten(finding: CheckPolicy.Finding, validityMinutes: Int?) throws {
        let check = try Samples.check(
            isUnsure: false, status: .sent, validityMinutes: validityMinutes)
        let change = change(check, finding, at: 2 * Self.day + 300)
        #expect(change.step == .done)
        #expect(change.event?.kind == .gaveUp)
        #expect(change.event?.status == .unknown)
        #expect(change.deadLetter == nil)
        // It outranks "sent", and any final status outranks it.
        let judgement = try #require(change.event?.precedence)
        #expect(Precedence(status: .sent, at: Samples.time(3 * Self.day)) < judgement)
        #expect(judgement < Precedence(status: .expired, at: nil))
        let end = CheckPolicy.Finding.known([Samples.report(.delivered)])
        #expect(self.change(check, end, at: 3 * Self.day).event == nil)
    }

    @Test("A message that could not be queried at the end of its time has not expired either")
    func undecidedAtTheEnd() throws {
        let check = try Samples.check(isUnsure: false, status: .sent, validityMinutes: 10)
        let change = change(check, .undecided, at: 2 * Self.day - 1800)
        #expect(change.event?.kind == .gaveUp && change.event?.status == .unknown)
    }

    @Test(
        "No status query is planned for beyond the look-up horizon",
        arguments: [
            (2 * Self.day, [Duration.seconds(3600), .seconds(43_200), .seconds(144_000)]),
            (90 * Self.day, [.seconds(900), .seconds(7200), .seconds(Self.day)]),
        ])
    func memory(horizon: Int, usual: [Duration]) throws {
        for slots in [
            usual, [.seconds(100 * Self.day)],
            [.seconds(60), .seconds(3 * Self.day), .seconds(200 * Self.day)], [],
        ] {
            let schedule = ReconcileSchedule(slots: slots, lookUpHorizon: .seconds(horizon))
            for validity in [nil, 1, 600, 2880] as [Int?] {
                let end = schedule.end(sentAt: Samples.start, validityMinutes: validity)
                var now = Samples.start
                var times: [Timestamp] = []
                while let next = schedule.next(
                    after: now, sentAt: Samples.start, validityMinutes: validity)
                {
                    times.append(next)
                    now = next
                }
                #expect(times.last == end)
                #expect(times.count >= 2)
                // All but the end are queries; the end is one if it is not too late.
                #expect(times.dropLast().allSatisfy { $0 < Samples.time(horizon) })
            }
        }
    }

    @Test("A name that was not known is kept")
    func name() throws {
        let finding = CheckPolicy.Finding.known([Samples.report(.sent)])
        let nameless = try Samples.check(isUnsure: false, status: .sent)
        #expect(change(nameless, finding, at: 1).acceptedBy?.providerMessageID == "p-1")
        let named = try Samples.check(isUnsure: false, status: .sent, name: "p-1")
        #expect(change(named, finding, at: 1).acceptedBy == nil)
    }

    @Test("A message that cannot be queried is settled only when its time is over")
    func overdue() throws {
        let policy = CheckPolicy(
            EchoProvider(), maxAttempts: 3, schedule: schedule, requestLimit: .zero)
        let unsure = try Samples.check(isUnsure: true)
        #expect(!policy.isOverdue(unsure, at: Samples.time(2 * Self.day)))
        #expect(policy.isOverdue(unsure, at: Samples.time(2 * Self.day + 1)))
        let sent = try Samples.check(isUnsure: false)
        #expect(!policy.isOverdue(sent, at: Samples.time(2 * Self.day + 299)))
        #expect(policy.isOverdue(sent, at: Samples.time(2 * Self.day + 300)))
        #expect(!policy.isForgotten(sent, at: Samples.time(2 * Self.day)))
        #expect(policy.isForgotten(sent, at: Samples.time(2 * Self.day + 1)))
    }
}
