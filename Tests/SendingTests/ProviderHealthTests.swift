import Domain
import Testing

@testable import Sending

@Suite("Provider health")
struct ProviderHealthTests {
    private let at = Samples.time

    /// Five bad signs at second 0.
    private func degraded() -> ProviderHealth {
        var health = ProviderHealth()
        for _ in 0..<5 { _ = health.record(.failed, at: at(0), jitter: 0) }
        return health
    }

    private func stopped() -> ProviderHealth {
        var health = ProviderHealth()
        _ = health.record(.stopped(Samples.problem), at: at(0), jitter: 0)
        return health
    }

    @Test("A healthy provider gets as many requests as there are slots")
    func well() {
        var health = ProviderHealth()
        #expect(health.allowance(of: 8, at: at(0)).requests == 8)
        #expect(health.record(.good, at: at(0), jitter: 0) == .nothing)
        #expect(!health.isUnhealthy(at: at(0), longerThan: .zero))
    }

    @Test("Five bad signs in a row make it degraded; a good one between starts the count again")
    func failures() {
        var health = ProviderHealth()
        for sign in [
            ProviderHealth.Sign.failed, .slow, .failed, .slow, .good, .failed, .failed, .failed,
            .slow,
        ] {
            #expect(health.record(sign, at: at(0), jitter: 0) == .nothing)
        }
        #expect(health.allowance(of: 8, at: at(0)).requests == 8)
        #expect(health.record(.slow, at: at(0), jitter: 0) == .degraded)
        #expect(health.isUnhealthy(at: at(0), longerThan: .seconds(1000)))
        #expect(health.allowance(of: 8, at: at(0)).requests == 0)
        #expect(health.allowance(of: 8, at: at(0)).nextAt == at(2))
    }

    @Test("One request at a time tries a degraded provider, after pauses that grow to two minutes")
    func trials() {
        var health = degraded()
        var now = 2
        for pause in [4, 8, 16, 32, 64, 120, 120] {
            #expect(health.allowance(of: 8, at: at(now - 1)).requests == 0)
            #expect(health.allowance(of: 8, at: at(now)).requests == 1)
            health.began()
            #expect(health.allowance(of: 8, at: at(now)).requests == 0)
            #expect(health.record(.failed, at: at(now), jitter: 0) == .nothing)
            #expect(health.allowance(of: 8, at: at(now)).nextAt == at(now + pause))
            now += pause
        }
        #expect(health.record(.good, at: at(now), jitter: 0) == .recovered)
        #expect(health.allowance(of: 8, at: at(now)).requests == 8)
    }

    @Test("Requests that were in flight when it became degraded are no trials")
    func stragglers() {
        var health = degraded()
        for _ in 0..<20 { #expect(health.record(.failed, at: at(1), jitter: 0) == .nothing) }
        #expect(health.allowance(of: 8, at: at(2)).requests == 1)
    }

    @Test("429 pauses until the time that it names, or for longer each time")
    func limited() {
        var health = ProviderHealth()
        #expect(health.record(.limited(afterSeconds: 20), at: at(0), jitter: 0) == .nothing)
        #expect(health.allowance(of: 8, at: at(19)).requests == 0)
        #expect(health.allowance(of: 8, at: at(19)).nextAt == at(20))
        #expect(health.allowance(of: 8, at: at(20)).requests == 8)
        #expect(health.isUnhealthy(at: at(0), longerThan: .seconds(10)))
        #expect(!health.isUnhealthy(at: at(15), longerThan: .seconds(10)))
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

    @Test("All see a stop; it is tried after 30 s growing to 5 min, and ends with a good answer")
    func stops() {
        var health = ProviderHealth()
        #expect(
            health.record(.stopped(Samples.problem), at: at(0), jitter: 0)
                == .stopped(
                    ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(30))))
        #expect(health.isStopped)
        // The others in flight meet the same and report nothing new.
        #expect(
            health.record(.stopped(Samples.problem), isTrial: false, at: at(1), jitter: 0)
                == .nothing)
        var now = 30
        for pause in [60, 120, 240, 300, 300] {
            let allowance = health.allowance(of: 8, at: at(now))
            #expect(allowance.requests == 1 && allowance.trial?.isFresh == false)
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

    @Test("A message that has not met the stop tries at once; the more met it, the later the next")
    func freshTrials() {
        var health = stopped()
        #expect(!health.isUnhealthy(at: at(0), longerThan: .zero))
        #expect(health.allowance(of: 8, at: at(0)).requests == 0)
        #expect(health.allowance(of: 8, at: at(0)).nextAt == at(0).advanced(by: .milliseconds(500)))
        var now = 1
        for pause in [1, 2, 4, 8] {
            let allowance = health.allowance(of: 8, at: at(now))
            #expect(allowance.requests == 1 && allowance.trial?.isFresh == true)
            #expect(allowance.nextAt == at(30))
            health.began()
            #expect(health.allowance(of: 8, at: at(now)).requests == 0)
            // What others see does not change.
            #expect(health.record(.stopped(Samples.problem), at: at(now), jitter: 0) == .nothing)
            #expect(health.isUnhealthy(at: at(now), longerThan: .zero))
            #expect(health.allowance(of: 8, at: at(now + pause - 1)).requests == 0)
            now += pause
        }
        // The next one would be after the time at which any message tries.
        #expect(health.record(.stopped(Samples.problem), at: at(now), jitter: 0) == .nothing)
        #expect(health.allowance(of: 8, at: at(29)).requests == 0)
        #expect(health.allowance(of: 8, at: at(29)).nextAt == at(30))
        #expect(health.allowance(of: 8, at: at(30)).trial?.isFresh == false)
        var mended = stopped()
        #expect(mended.record(.good, at: at(1), jitter: 0) == .resumed)
    }

    @Test("A stop that no other message could meet counts as the provider's after three seconds")
    func loneStop() {
        let health = stopped()
        #expect(!health.isUnhealthy(at: at(2), longerThan: .zero))
        #expect(health.isUnhealthy(at: at(3), longerThan: .zero))
    }

    @Test("After a stop that other messages disproved it takes five in a row, for ten minutes")
    func doubts() {
        var health = stopped()
        #expect(health.record(.good, at: at(1), jitter: 0) == .resumed)
        for round in 0..<3 {
            for _ in 0..<4 {
                #expect(
                    health.record(.stopped(Samples.problem), at: at(round + 2), jitter: 0)
                        == .nothing)
            }
            #expect(!health.isStopped)
            _ = health.record(.good, at: at(round + 2), jitter: 0)
        }
        for _ in 0..<4 { _ = health.record(.stopped(Samples.problem), at: at(9), jitter: 0) }
        #expect(health.record(.stopped(Samples.problem), at: at(9), jitter: 0) != .nothing)
        #expect(health.isStopped)
        #expect(health.record(.good, at: at(10), jitter: 0) == .resumed)
        #expect(health.record(.stopped(Samples.problem), at: at(610), jitter: 0) != .nothing)
    }

    @Test("A stop that is one message's own changes nothing")
    func ownStop() {
        var health = ProviderHealth()
        for _ in 0..<100 { #expect(health.record(.refusedOne, at: at(0), jitter: 0) == .nothing) }
        #expect(health.allowance(of: 8, at: at(0)).requests == 8)
    }

    @Test("After a failure part of the requests skips the beginning of the queue, for a minute")
    func caution() {
        var health = ProviderHealth()
        #expect(!health.isCautious(at: at(0)))
        _ = health.record(.failed, at: at(0), jitter: 0)
        _ = health.record(.good, at: at(1), jitter: 0)
        #expect(health.isCautious(at: at(59)))
        #expect(!health.isCautious(at: at(60)))
    }

    @Test("The provider's text about its stop is shown without the numbers in it")
    func redacts() {
        var health = ProviderHealth()
        let problem = ProviderProblem(code: "E401", text: "No +44 7700 900123 today")
        guard case .stopped(let stop) = health.record(.stopped(problem), at: at(0), jitter: 0)
        else { return #expect(Bool(false), "not stopped") }
        #expect(stop.problem.text == "No +## #### ###### today")
        #expect(stop.problem.code == "E401")
    }

    @Test("A trial of a stopped provider that gets no answer leaves the stop")
    func stoppedAndAway() {
        var health = stopped()
        #expect(health.record(.failed, isTrial: false, at: at(10), jitter: 0) == .nothing)
        #expect(health.allowance(of: 8, at: at(10)).requests == 1)
        #expect(health.record(.failed, at: at(10), jitter: 0) == .nothing)
        #expect(health.allowance(of: 8, at: at(10)).requests == 0)
        #expect(
            health.record(.failed, at: at(30), jitter: 0)
                == .stopped(
                    ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(60))))
    }

    @Test("The state that other dispatchers know is adopted")
    func adoption() {
        let stop = ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(99))
        var health = ProviderHealth()
        health.began()
        #expect(health.adopt(nil, at: at(0)) == .nothing)
        #expect(health.adopt(stop, at: at(0)) == .nothing)
        #expect(health.isStopped)
        #expect(health.allowance(of: 8, at: at(98)).requests == 0)
        #expect(health.allowance(of: 8, at: at(99)).requests == 1)
        #expect(health.adopt(nil, at: at(0)) == .resumed)
        #expect(health.allowance(of: 8, at: at(98)).requests == 8)
        var ill = degraded()
        #expect(ill.adopt(nil, at: at(0)) == .nothing)
        #expect(ill.isUnhealthy(at: at(0), longerThan: .zero))
        #expect(ill.adopt(stop, at: at(0)) == .nothing)
        #expect(ill.isStopped)
    }

    @Test("A dispatcher that starts while the provider is stopped tries once, at once")
    func freshTrial() {
        let stop = ProviderStop(since: at(0), problem: Samples.problem, retryAt: at(99))
        var health = ProviderHealth()
        #expect(health.adopt(stop, at: at(1)) == .nothing)
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
        #expect(health.record(.good, isTrial: false, at: at(1), jitter: 0) == .nothing)
        #expect(health.isStopped)
        #expect(health.record(.slow, isTrial: true, at: at(40), jitter: 0) == .resumed)
        #expect(health.allowance(of: 8, at: at(40)).requests == 8)
    }

    @Test("A trial that was not made leaves room for another")
    func abandonedTrial() {
        var health = degraded()
        health.began()
        #expect(health.allowance(of: 8, at: at(2)).requests == 0)
        health.abandoned()
        #expect(health.allowance(of: 8, at: at(2)).requests == 1)
    }
}

extension ProviderHealth {
    /// Of a request that was made in the present state.
    fileprivate mutating func record(_ sign: Sign, at now: Timestamp, jitter: Double) -> Action {
        record(sign, isTrial: isStopped, at: now, jitter: jitter)
    }
}
