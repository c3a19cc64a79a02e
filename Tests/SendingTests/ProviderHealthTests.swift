import Domain
import Testing

@testable import Sending

@Suite("Provider health")
struct ProviderHealthTests {
    private let at = Samples.time

    /// Five bad signs at second 0.
    private func ailing() -> ProviderHealth {
        var health = ProviderHealth()
        for _ in 0..<5 { _ = health.record(.failed, at: at(0), jitter: 0) }
        return health
    }

    private func stopped() -> ProviderHealth {
        var health = ProviderHealth()
        _ = health.record(.stopped(Samples.problem), at: at(0), jitter: 0)
        return health
    }

    @Test("A well provider gets as many requests as there are slots")
    func well() {
        var health = ProviderHealth()
        #expect(health.allowance(of: 8, at: at(0)).requests == 8)
        #expect(health.record(.good, at: at(0), jitter: 0) == nil)
        #expect(!health.isUnwell(at: at(0), longerThan: .zero))
    }

    @Test("Five bad signs in a row make it ail; a good one between begins anew")
    func failures() {
        var health = ProviderHealth()
        for sign in [
            ProviderHealth.Sign.failed, .slow, .failed, .slow, .good, .failed, .failed, .failed,
            .slow,
        ] {
            #expect(health.record(sign, at: at(0), jitter: 0) == nil)
        }
        #expect(health.allowance(of: 8, at: at(0)).requests == 8)
        #expect(health.record(.slow, at: at(0), jitter: 0) == .ailing)
        #expect(health.isUnwell(at: at(0), longerThan: .seconds(1000)))
        #expect(health.allowance(of: 8, at: at(0)).requests == 0)
        #expect(health.allowance(of: 8, at: at(0)).nextAt == at(2))
    }

    @Test("One request at a time tries an ailing provider, after pauses that grow to two minutes")
    func trials() {
        var health = ailing()
        var now = 2
        for pause in [4, 8, 16, 32, 64, 120, 120] {
            #expect(health.allowance(of: 8, at: at(now - 1)).requests == 0)
            #expect(health.allowance(of: 8, at: at(now)).requests == 1)
            health.began()
            #expect(health.allowance(of: 8, at: at(now)).requests == 0)
            #expect(health.record(.failed, at: at(now), jitter: 0) == nil)
            #expect(health.allowance(of: 8, at: at(now)).nextAt == at(now + pause))
            now += pause
        }
        #expect(health.record(.good, at: at(now), jitter: 0) == .recovered)
        #expect(health.allowance(of: 8, at: at(now)).requests == 8)
    }

    @Test("Requests that were under way when it began to ail are no trials")
    func stragglers() {
        var health = ailing()
        for _ in 0..<20 { #expect(health.record(.failed, at: at(1), jitter: 0) == nil) }
        #expect(health.allowance(of: 8, at: at(2)).requests == 1)
    }

    @Test("429 pauses until the time that it names, or for longer each time")
    func limited() {
        var health = ProviderHealth()
        #expect(health.record(.limited(afterSeconds: 20), at: at(0), jitter: 0) == nil)
        #expect(health.allowance(of: 8, at: at(19)).requests == 0)
        #expect(health.allowance(of: 8, at: at(19)).nextAt == at(20))
        #expect(health.allowance(of: 8, at: at(20)).requests == 8)
        #expect(health.isUnwell(at: at(0), longerThan: .seconds(10)))
        #expect(!health.isUnwell(at: at(15), longerThan: .seconds(10)))
        // An answer to a request of before does not end the pause.
        _ = health.record(.good, at: at(1), jitter: 0)
        #expect(health.allowance(of: 8, at: at(2)).requests == 0)
        var other = ProviderHealth()
        _ = other.record(.limited(afterSeconds: nil), at: at(0), jitter: 1)
        #expect(other.allowance(of: 8, at: at(0)).nextAt == at(1))
        _ = other.record(.limited(afterSeconds: nil), at: at(1), jitter: 1)
        #expect(other.allowance(of: 8, at: at(1)).nextAt == at(3))
        _ = other.record(.limited(afterSeconds: nil), at: at(3), jitter: 1)
        #expect(other.allowance(of: 8, at: at(3)).nextAt == at(7))
    }

    @Test("A stop is told to all, tried after 30 s growing to 5 min, and ends with a good answer")
    func stops() {
        var health = ProviderHealth()
        #expect(
            health.record(.stopped(Samples.problem), at: at(0), jitter: 0)
                == .stopped(
                    ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(30))))
        #expect(health.isStopped)
        // The others that were under way meet the same and tell nothing new.
        #expect(health.record(.stopped(Samples.problem), at: at(1), jitter: 0) == nil)
        var now = 30
        for pause in [60, 120, 240, 300, 300] {
            #expect(health.allowance(of: 8, at: at(now - 1)).requests == 0)
            #expect(health.allowance(of: 8, at: at(now)).requests == 1)
            #expect(
                health.record(.stopped(Samples.problem), at: at(now), jitter: 0)
                    == .stopped(
                        ProviderStop(
                            since: at(0), problem: Samples.problem, retryAt: at(now + pause))))
            now += pause
        }
        #expect(health.record(.good, at: at(now), jitter: 0) == .resumed)
        #expect(!health.isStopped)
        #expect(health.allowance(of: 8, at: at(now)).requests == 8)
    }

    @Test("A trial of a stopped provider that gets no answer leaves the stop")
    func stoppedAndAway() {
        var health = stopped()
        #expect(health.record(.failed, at: at(10), jitter: 0) == nil)
        #expect(
            health.record(.failed, at: at(30), jitter: 0)
                == .stopped(
                    ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(60))))
    }

    @Test("What other dispatchers know is taken over")
    func adoption() {
        let stop = ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(99))
        var health = ProviderHealth()
        health.began()
        #expect(health.adopt(nil, at: at(0)) == nil)
        #expect(health.adopt(stop, at: at(0)) == nil)
        #expect(health.isStopped)
        #expect(health.allowance(of: 8, at: at(98)).requests == 0)
        #expect(health.allowance(of: 8, at: at(99)).requests == 1)
        #expect(health.adopt(nil, at: at(0)) == .resumed)
        #expect(health.allowance(of: 8, at: at(98)).requests == 8)
        var ill = ailing()
        #expect(ill.adopt(nil, at: at(0)) == nil)
        #expect(ill.isUnwell(at: at(0), longerThan: .zero))
        #expect(ill.adopt(stop, at: at(0)) == nil)
        #expect(ill.isStopped)
    }

    @Test("A dispatcher that starts while the provider is stopped tries once, at once")
    func freshTrial() {
        let stop = ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(99))
        var health = ProviderHealth()
        #expect(health.adopt(stop, at: at(1)) == nil)
        #expect(health.isStopped)
        // It may have nothing to try with for a while.
        _ = health.adopt(stop, at: at(2))
        #expect(health.allowance(of: 8, at: at(2)).requests == 1)
        health.began()
        _ = health.adopt(stop, at: at(3))
        #expect(health.allowance(of: 8, at: at(3)).requests == 0)
        var mended = health
        #expect(mended.record(.good, isTrial: true, at: at(4), jitter: 0) == .resumed)
        _ = health.record(.stopped(Samples.problem), isTrial: true, at: at(4), jitter: 0)
        #expect(health.allowance(of: 8, at: at(4)).nextAt == at(99))
    }

    @Test("Only a trial ends a stop, and a slow one does too")
    func endOfStop() {
        var health = stopped()
        #expect(health.record(.good, isTrial: false, at: at(1), jitter: 0) == nil)
        #expect(health.isStopped)
        #expect(health.record(.slow, isTrial: true, at: at(40), jitter: 0) == .resumed)
        #expect(health.allowance(of: 8, at: at(40)).requests == 8)
    }

    @Test("A trial that was not made after all leaves room for another")
    func abandonedTrial() {
        var health = ailing()
        health.began()
        #expect(health.allowance(of: 8, at: at(2)).requests == 0)
        health.abandoned()
        #expect(health.allowance(of: 8, at: at(2)).requests == 1)
    }
}

extension ProviderHealth {
    /// Of a request that was made in the present state.
    fileprivate mutating func record(_ sign: Sign, at now: Timestamp, jitter: Double) -> Change? {
        record(sign, isTrial: isStopped, at: now, jitter: jitter)
    }
}
