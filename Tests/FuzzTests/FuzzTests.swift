import Foundation
import TestSupport
import Testing

@Suite("Fuzzing")
struct FuzzTests {
    /// How long each target runs beyond the fixed seeds: `WAYBILL_FUZZ_SECONDS`, 0 unless set.
    private static let moreSeconds =
        ProcessInfo.processInfo.environment["WAYBILL_FUZZ_SECONDS"].flatMap(Double.init) ?? 0
    private static let rounds = 3000
    /// Much more than any of them takes, in a debug build on a busy machine.
    private static let longest: Duration = .seconds(5)

    @Test("Valid inputs are accepted, and every finding stays mended", arguments: FuzzTarget.all)
    func corpus(target: FuzzTarget) throws {
        let accepted = try target.seeds.count { try target.check($0) }
        #expect(accepted > 0)
        for fixture in try target.fixtures {
            #expect(throws: Never.self, "\(fixture.name)") { try target.check(fixture.bytes) }
        }
    }

    @Test("Changed at random, from a fixed seed", arguments: FuzzTarget.all)
    func mutations(target: FuzzTarget) throws {
        var mutations = Mutations(of: target, seed: 1)
        var accepted = 0
        for _ in 0..<Self.rounds where try run(target, mutations.next()) { accepted += 1 }
        // Otherwise it shows only what the first check of all refuses.
        #expect(accepted > 0 && accepted < Self.rounds, "\(accepted) accepted")

        // New seeds each time: whoever asks for more time looks for what nobody has seen.
        let end = ContinuousClock.now + .seconds(Self.moreSeconds)
        var more = Mutations(of: target, seed: .random(in: .min ... .max))
        while ContinuousClock.now < end { _ = try run(target, more.next()) }
    }

    /// Whether an input was accepted. A finding is shown with the input in base64, and a crash leaves
    /// it in the file that libFuzzer would write.
    private func run(_ target: FuzzTarget, _ input: [UInt8]) throws -> Bool {
        let start = ContinuousClock.now
        do {
            let isAccepted = try target.check(input)
            let duration = ContinuousClock.now - start
            #expect(duration < Self.longest, "\(Data(input).base64EncodedString())")
            return isAccepted
        } catch {
            Issue.record("\(error): \(Data(input).base64EncodedString())")
            return false
        }
    }
}

extension FuzzTarget: CustomTestStringConvertible {
    var testDescription: String { name }
}
