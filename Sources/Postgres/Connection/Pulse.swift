/// How a listener finds out that it hears: it notifies itself.
///
/// A connection may be open, its LISTEN shown by the server, and still get nothing: because a proxy
/// between took the LISTEN for itself, or because the server's queue of notifications is broken.
package struct Pulse: Sendable {
    /// The time between two.
    package let interval: Duration
    /// How long one may take; then the listener connects again.
    package let patience: Duration

    package init(every interval: Duration = .seconds(30), patience: Duration = .seconds(5)) {
        self.interval = interval
        self.patience = patience
    }
}

extension Notification {
    static let pulseMark = "pulse "

    /// Whether some listener sent it to find out whether it hears.
    package var isPulse: Bool { payload.hasPrefix(Self.pulseMark) }
}

/// When a listener notifies itself, and whether it has heard that.
struct PulseWatch: Sendable {
    private let pulse: Pulse
    private var state: State

    private enum State: Sendable {
        /// Until the next pulse.
        case resting(until: ContinuousClock.Instant)
        /// Until it comes back, or is lost.
        case listening(String, until: ContinuousClock.Instant)
    }

    enum Step: Equatable {
        case send(String)
        case wait(until: ContinuousClock.Instant)
        case lost
    }

    /// The first pulse follows at once: a new connection may be as deaf as the last one.
    init(_ pulse: Pulse, at now: ContinuousClock.Instant) {
        self.pulse = pulse
        state = .resting(until: now)
    }

    mutating func step(at now: ContinuousClock.Instant) -> Step {
        switch state {
        case .resting(let end):
            guard now >= end else { return .wait(until: end) }
            let payload =
                Notification.pulseMark + String(UInt64.random(in: .min ... .max), radix: 16)
            state = .listening(payload, until: now + pulse.patience)
            return .send(payload)
        case .listening(_, let end):
            return now >= end ? .lost : .wait(until: end)
        }
    }

    mutating func heard(_ payload: String, at now: ContinuousClock.Instant) {
        guard case .listening(payload, _) = state else { return }
        state = .resting(until: now + pulse.interval)
    }
}
