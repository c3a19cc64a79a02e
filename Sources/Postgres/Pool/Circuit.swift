/// Remembers that the server cannot be reached, so that not every caller waits to find out.
///
/// A pure state machine; the pool tells it the time.
struct Circuit: Sendable {
    enum State: Equatable {
        /// The last connect worked, or none was tried. Exits: `failed` to `open`.
        case closed
        /// Connects fail; no attempt before the time. Exits: `admit` from then on, to `probing`.
        case open(until: ContinuousClock.Instant)
        /// One caller tries, the others are refused. Exits: `succeeded` to `closed`, `failed` to
        /// `open`.
        case probing
    }

    enum Admission: Equatable {
        case connect
        case refuse
    }

    private(set) var state = State.closed
    private var failures = 0
    let backoff: ReconnectBackoff

    init(backoff: ReconnectBackoff) {
        self.backoff = backoff
    }

    /// A caller wants to connect.
    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .connect
        case .probing: return .refuse
        case .open(let until):
            guard now >= until else { return .refuse }
            state = .probing
            return .connect
        }
    }

    /// A connect worked.
    mutating func succeeded() {
        state = .closed
        failures = 0
    }

    /// A connect failed; `jitter` is from 0 to 1.
    mutating func failed(at now: ContinuousClock.Instant, jitter: Double) {
        failures += 1
        state = .open(until: now + backoff.rest(failures: failures, jitter: jitter))
    }
}
