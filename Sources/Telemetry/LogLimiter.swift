/// Keeps one repeated line from flooding the log during an outage or an attack.
///
/// A pure state machine per key; time is passed in. The number of keys is bounded: beyond it, lines
/// of new keys pass.
struct LogLimiter: Sendable {
    /// Lines with the same key count together: the message, and what the caller adds, such as an
    /// error's code.
    struct Key: Hashable, Sendable {
        let message: String
        let detail: String
    }

    /// Whether a line is written.
    enum Admission: Equatable, Sendable {
        /// It is, with the number of lines like it that were suppressed since the last one.
        case write(suppressed: Int)
        case suppress
    }

    /// Lines that were suppressed, with no next line of their key to report them.
    struct Remainder: Equatable, Sendable {
        let key: Key
        let level: Logger.Level
        let suppressed: Int
    }

    private enum State: Sendable {
        /// Lines pass. Exits: one more line than the burst within the second to `limited`.
        case open(since: ContinuousClock.Instant, count: Int)
        /// A line a second passes. Exits: a second with no more lines than the burst to `open`;
        /// `remainders` after a second removes it.
        case limited(since: ContinuousClock.Instant, suppressed: Int, level: Logger.Level)

        var since: ContinuousClock.Instant {
            switch self {
            case .open(let since, _), .limited(let since, _, _): since
            }
        }
    }

    private var states: [Key: State] = [:]
    private let burst: Int

    private static let window: Duration = .seconds(1)
    private static let mostKeys = 256

    /// - Parameter burst: how many lines of one key a second may hold before they are limited.
    init(burst: Int = 10) {
        self.burst = burst
    }

    /// Whether lines are being suppressed, so that `remainders` must be called later.
    private(set) var isLimiting = false

    /// A line is to be written.
    mutating func admit(
        _ key: Key, level: Logger.Level, at now: ContinuousClock.Instant
    ) -> Admission {
        switch states[key] {
        case nil:
            guard hasRoom(at: now) else { return .write(suppressed: 0) }
            states[key] = .open(since: now, count: 1)
        case .open(let since, _) where now - since >= Self.window:
            states[key] = .open(since: now, count: 1)
        case .open(let since, let count) where count < burst:
            states[key] = .open(since: since, count: count + 1)
        case .open(let since, _):
            states[key] = .limited(since: since, suppressed: 1, level: level)
            isLimiting = true
            return .suppress
        case .limited(let since, let suppressed, _) where now - since >= Self.window:
            // This line is the first of the next second, whether the flood is over or not.
            states[key] =
                suppressed <= burst
                ? .open(since: now, count: 1) : .limited(since: now, suppressed: 0, level: level)
            return .write(suppressed: suppressed)
        case .limited(let since, let suppressed, _):
            states[key] = .limited(since: since, suppressed: suppressed + 1, level: level)
            return .suppress
        }
        return .write(suppressed: 0)
    }

    /// Ends the limits of keys with no line for two seconds, and returns what was suppressed, since
    /// no later line would report it. `isEnding` takes all there is.
    mutating func remainders(
        at now: ContinuousClock.Instant, isEnding: Bool = false
    ) -> [Remainder] {
        var remainders: [Remainder] = []
        var isStillLimiting = false
        for (key, state) in states {
            guard case .limited(let since, let suppressed, let level) = state else { continue }
            guard isEnding || now - since >= Self.window * 2 else {
                isStillLimiting = true
                continue
            }
            states[key] = nil
            if suppressed > 0 {
                remainders.append(Remainder(key: key, level: level, suppressed: suppressed))
            }
        }
        isLimiting = isStillLimiting
        return remainders
    }

    /// Whether there is room for one more key; removes keys without a line in the last second if
    /// not.
    private mutating func hasRoom(at now: ContinuousClock.Instant) -> Bool {
        guard states.count >= Self.mostKeys else { return true }
        states = states.filter { _, state in
            if case .limited = state { return true }
            return now - state.since < Self.window
        }
        return states.count < Self.mostKeys
    }
}
