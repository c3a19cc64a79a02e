private import Synchronization

/// How old the reports are that come: counted in memory, and taken from there every few seconds. Any
/// thread.
package final class ReportAges: Sendable {
    /// What one provider's reports of one country were in a slot.
    package struct Key: Hashable, Sendable {
        /// The start of a slot of `TrafficHistory`.
        package let since: Timestamp
        package let provider: Provider
        package let country: Country?
    }

    /// More than there are countries and slots between two takings; beyond it nothing is counted.
    private static let mostKeys = 10_000

    private let counts = Mutex<[Key: [DelayClass: Int64]]>([:])

    package init() {}

    /// Counts a callback's reports by the age of the first one: they have waited together, and looking
    /// at each would be felt where thousands come a second.
    package func add(_ reports: [Report], receivedAt: Timestamp) {
        guard let first = reports.first, first.source == .callback, let doneAt = first.doneAt else {
            return
        }
        let key = Key(
            since: TrafficHistory.start(of: receivedAt), provider: first.provider,
            country: first.recipient.flatMap { Country(ofNumber: $0) })
        let age = DelayClass(from: doneAt, to: receivedAt)
        counts.withLock { counts in
            guard counts.count < Self.mostKeys || counts[key] != nil else { return }
            counts[key, default: [:]][age, default: 0] += Int64(reports.count)
        }
    }

    /// All that was counted since it was last taken: pairs of a class and how many reports.
    package func take() -> [Key: [Int64]] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts.mapValues { ages in
                ages.sorted { $0.key < $1.key }.flatMap { [Int64($0.key.rawValue), $0.value] }
            }
        }
    }
}
