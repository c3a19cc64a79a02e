import Domain
import Testing

import TestSupport
@testable import Web

@Suite("Callback statistics", .blocking)
struct StatisticsTests {
    private let verification = Verification(method: "hmac", secret: 1)

    @Test("Counts leave the minute, the hour and the day when those are over")
    func windows() {
        let statistics = CallbackStatistics()
        statistics.accepted(
            reports: 3, rejects: 1, verification: verification, at: Samples.time())
        func counts(_ seconds: Int64) -> CallbackStatistics.Windows {
            statistics.snapshot(at: Samples.time(seconds)).reportsAccepted
        }
        #expect(counts(59) == .init(lastMinute: 3, lastHour: 3, lastDay: 3))
        #expect(counts(60) == .init(lastMinute: 0, lastHour: 3, lastDay: 3))
        #expect(counts(3601) == .init(lastMinute: 0, lastHour: 0, lastDay: 3))
        #expect(counts(86_401) == .init(lastMinute: 0, lastHour: 0, lastDay: 0))
    }

    @Test("Reports of an accepted callback that went to quarantine count as refused")
    func rejects() {
        let statistics = CallbackStatistics()
        statistics.accepted(reports: 3, rejects: 2, verification: verification, at: Samples.time())
        let snapshot = statistics.snapshot(at: Samples.time())
        #expect(snapshot.callbacksAccepted.lastDay == 1)
        #expect(snapshot.callbacksRefused.lastDay == 0)
        #expect(snapshot.reportsAccepted.lastDay == 3)
        #expect(snapshot.reportsRefused.lastDay == 2)
    }

    @Test("Refusing begins with the first refusal after an acceptance and ends with the next one")
    func refusingSince() {
        let statistics = CallbackStatistics()
        func since() -> Timestamp? { statistics.snapshot(at: Samples.time(100)).refusingSince }
        #expect(since() == nil)
        statistics.refused(.provider, at: Samples.time(10))
        statistics.refused(.provider, reports: 4, at: Samples.time(20))
        #expect(since() == Samples.time(10))
        statistics.accepted(
            reports: 1, rejects: 0, verification: verification, at: Samples.time(30))
        #expect(since() == nil)
        statistics.refused(.provider, at: Samples.time(40))
        #expect(since() == Samples.time(40))
        #expect(statistics.snapshot(at: Samples.time(41)).lastCallbackAt == Samples.time(40))
        #expect(statistics.snapshot(at: Samples.time(41)).lastVerification == verification)
    }

    @Test(
        "A stranger's requests are counted, but not as callbacks or the provider's refusals")
    func strangers() {
        let statistics = CallbackStatistics()
        statistics.refused(.anybody, at: Samples.time(0))
        var snapshot = statistics.snapshot(at: Samples.time(1))
        #expect(snapshot.callbacksRefused.lastMinute == 1)
        #expect(snapshot.lastCallbackAt == nil)
        #expect(snapshot.lastRequestAt == Samples.time(0))
        #expect(snapshot.refusingSince == nil)
        statistics.accepted(
            reports: 1, rejects: 0, verification: verification, at: Samples.time(10))
        statistics.refused(.unverified, at: Samples.time(69))
        statistics.refused(.anybody, at: Samples.time(200))
        snapshot = statistics.snapshot(at: Samples.time(200))
        #expect(snapshot.callbacksRefused.lastHour == 3)
        #expect(snapshot.lastCallbackAt == Samples.time(10))
        #expect(snapshot.lastRequestAt == Samples.time(200))
        #expect(snapshot.refusingSince == nil)
    }

    @Test("Wrong credentials count as the provider's unless right ones came within a minute")
    func wrongProof() {
        let statistics = CallbackStatistics()
        statistics.refused(.unverified, at: Samples.time(5))
        #expect(statistics.snapshot(at: Samples.time(6)).refusingSince == Samples.time(5))
        #expect(statistics.snapshot(at: Samples.time(6)).lastCallbackAt == nil)
        statistics.accepted(
            reports: 1, rejects: 0, verification: verification, at: Samples.time(10))
        statistics.refused(.unverified, at: Samples.time(70))
        #expect(statistics.snapshot(at: Samples.time(71)).refusingSince == Samples.time(70))
    }

    @Test(
        "The minutes left run from the first refusal or from when the database became unreachable",
        arguments: [
            (Provider.plivo, Int64?.none, Int64?.none, Int64(0), Int64?.none),
            (.plivo, 0, nil, 0, 7), (.plivo, 0, nil, 1, 6), (.plivo, 0, nil, 60, 6),
            (.plivo, 0, nil, 61, 5), (.plivo, 0, nil, 420, 0), (.plivo, 0, nil, 9999, 0),
            (.plivo, nil, 0, 120, 5), (.plivo, 100, 0, 120, 5), (.plivo, 0, 100, 120, 5),
            (.infobip, 0, nil, 0, 2490), (.infobip, 0, nil, 3600, 2430),
        ])
    func minutesLeft(
        provider: Provider, refusing: Int64?, away: Int64?, now: Int64, expected: Int64?
    ) {
        let left = StatusEndpoint.minutesLeft(
            .of(provider), refusingSince: refusing.map { Samples.time($0) },
            awaySince: away.map { Samples.time($0) }, at: Samples.time(now))
        #expect(left == expected)
    }
}
