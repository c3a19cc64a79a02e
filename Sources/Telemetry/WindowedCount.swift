/// How often something happened in the last minute, hour and day.
///
/// A pure state machine: time is passed in, in whole seconds of any clock that does not go back.
/// The minute is exact to the second, the hour and the day to the minute.
package struct WindowedCount: Sendable {
    private var seconds = Ring(slots: 60)
    private var minutes = Ring(slots: 1440)

    package init() {}

    /// Counts occurrences at a moment.
    package mutating func add(_ amount: Int = 1, at second: Int64) {
        seconds.add(amount, at: second)
        minutes.add(amount, at: second / 60)
    }

    /// The count of the last 60 seconds.
    package mutating func lastMinute(at second: Int64) -> Int {
        seconds.sum(last: 60, at: second)
    }

    /// The count of the last 60 minutes, the current one included.
    package mutating func lastHour(at second: Int64) -> Int {
        minutes.sum(last: 60, at: second / 60)
    }

    /// The count of the last 1440 minutes, the current one included.
    package mutating func lastDay(at second: Int64) -> Int {
        minutes.sum(last: 1440, at: second / 60)
    }

    private struct Ring: Sendable {
        private var counts: [Int]
        private var newest: Int64 = 0

        init(slots: Int) {
            counts = Array(repeating: 0, count: slots)
        }

        mutating func add(_ amount: Int, at tick: Int64) {
            advance(to: tick)
            counts[slot(newest)] += amount
        }

        mutating func sum(last ticks: Int, at tick: Int64) -> Int {
            advance(to: tick)
            return (0..<Int64(ticks)).reduce(0) { $0 + counts[slot(newest - $1)] }
        }

        /// Empties the slots between the newest tick and this one.
        private mutating func advance(to tick: Int64) {
            guard tick > newest else { return }
            for stale in 0..<min(tick - newest, Int64(counts.count)) {
                counts[slot(tick - stale)] = 0
            }
            newest = tick
        }

        private func slot(_ tick: Int64) -> Int {
            let count = Int64(counts.count)
            return Int((tick % count + count) % count)
        }
    }
}
