import Domain
import TestSupport
import Testing

@testable import Sending

@Suite("Provider health over random events")
struct ProviderHealthModelTests {
    private static let signs: [ProviderHealth.Sign] = [
        .good, .good, .good, .slow, .failed, .failed, .limited(afterSeconds: nil),
        .limited(afterSeconds: 30), .stopped(Samples.problem), .refusedOne,
    ]

    @Test(
        "whatever happens, a provider that answers well is used again; each change comes once",
        arguments: 0..<40 as Range<UInt64>)
    func invariants(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var health = ProviderHealth()
        var now = Samples.time(0)
        var underWay: [Bool] = []
        var isDegraded = false
        for _ in 0..<1_000 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...4_000, using: &random)))
            let wasStopped = health.isStopped
            let allowance = health.allowance(of: 8 - underWay.count, at: now)
            #expect((0...8).contains(allowance.requests))
            if allowance.trial != nil { #expect(allowance.requests <= 1) }
            if allowance.requests == 0, allowance.trial == nil, underWay.count < 8 {
                // There is a time for the next trial, and it lies ahead.
                #expect(allowance.nextAt.map { $0 > now } == true)
            }
            var action = ProviderHealth.Action.nothing
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1, 2:
                for _ in 0..<allowance.requests {
                    health.began()
                    underWay.append(health.isStopped)
                }
            case 3:
                if underWay.popLast() != nil { health.abandoned() }
            case 4:
                let stop = ProviderStop(
                    since: now, problem: Samples.problem, retryAt: now.advanced(by: .seconds(30)))
                action = health.adopt(Bool.random(using: &random) ? stop : nil, at: now)
            default:
                guard !underWay.isEmpty, let sign = Self.signs.randomElement(using: &random) else {
                    continue
                }
                let isTrial = underWay.removeFirst()
                action = health.record(sign, isTrial: isTrial, at: now, jitter: 0.5)
            }
            switch action {
            case .nothing: break
            case .degraded:
                #expect(!isDegraded && !wasStopped)
                isDegraded = true
            case .recovered:
                #expect(isDegraded && !health.isStopped)
                isDegraded = false
            case .stopped: #expect(health.isStopped)
            case .resumed: #expect(wasStopped && !health.isStopped)
            }
            if health.isStopped || wasStopped { isDegraded = false }
            if isDegraded { #expect(health.isUnhealthy(at: now, longerThan: .seconds(9_999))) }
        }
        // Left alone it is tried again, and one good answer is enough.
        health.abandoned()
        now = now.advanced(by: .seconds(7_200))
        #expect(health.allowance(of: 8, at: now).requests > 0)
        _ = health.record(.good, isTrial: true, at: now, jitter: 0)
        #expect(health.allowance(of: 8, at: now).requests == 8)
    }
}
