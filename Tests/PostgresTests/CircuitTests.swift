import Testing

import TestSupport
@testable import Postgres

@Suite("The circuit that protects callers from an unreachable server", .blocking)
struct CircuitTests {
    private let start = ContinuousClock.now

    @Test("callers may connect until a connect fails, then are refused until the pause is over")
    func opens() {
        var circuit = Circuit(backoff: ReconnectBackoff(first: .seconds(1), cap: .seconds(8)))
        #expect(circuit.admit(at: start) == .connect)
        #expect(circuit.admit(at: start) == .connect)
        circuit.failed(at: start, jitter: 1)
        #expect(circuit.admit(at: start) == .refuse)
        #expect(circuit.admit(at: start + .milliseconds(999)) == .refuse)
        #expect(circuit.admit(at: start + .seconds(1)) == .connect)
    }

    @Test("one caller tries at a time, and its success admits all")
    func probes() {
        var circuit = Circuit(backoff: ReconnectBackoff(first: .seconds(1), cap: .seconds(8)))
        circuit.failed(at: start, jitter: 1)
        #expect(circuit.admit(at: start + .seconds(1)) == .connect)
        #expect(circuit.state == .probing)
        #expect(circuit.admit(at: start + .seconds(9)) == .refuse)
        circuit.succeeded()
        #expect(circuit.admit(at: start) == .connect)
        #expect(circuit.state == .closed)
    }

    @Test("the pause doubles to its cap, scaled by the jitter")
    func backsOff() {
        let backoff = ReconnectBackoff(first: .milliseconds(20), cap: .seconds(1))
        let bounds = [1, 2, 3, 6, 7, 8, 1000].map { backoff.rest(failures: $0, jitter: 1) }
        #expect(
            bounds == [
                .milliseconds(20), .milliseconds(40), .milliseconds(80), .milliseconds(640),
                .seconds(1), .seconds(1), .seconds(1),
            ])
        #expect(backoff.rest(failures: 9, jitter: 0) == .zero)
        #expect(backoff.rest(failures: 9, jitter: 0.5) == .milliseconds(500))
    }
}
