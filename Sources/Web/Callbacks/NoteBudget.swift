import Domain
private import Synchronization

/// Limits the notes of one provider in quarantine about problems that cost no report.
///
/// A provider that changes a field changes it in every report. Thousands of equal notes a second
/// would cost as much as the reports themselves. Rejects that cost a report are always kept. Time
/// is passed in. Safe from any thread.
final class NoteBudget: Sendable {
    /// Notes of each kind in a minute; the archive still has the callbacks.
    static let perMinute = 1000

    private struct State {
        var minute: Int64 = 0
        var used: [Reject.Cost: Int] = [:]
    }

    private let state = Mutex(State())

    /// The rejects of a callback that are kept.
    func admit(_ rejects: [Reject], at now: Timestamp) -> [Reject] {
        guard rejects.contains(where: { $0.cost != .report }) else { return rejects }
        let minute = now.microseconds / 60_000_000
        return state.withLock { state in
            if state.minute != minute { state = State(minute: minute) }
            return rejects.filter { reject in
                guard reject.cost != .report else { return true }
                let used = state.used[reject.cost, default: 0]
                guard used < Self.perMinute else { return false }
                state.used[reject.cost] = used + 1
                return true
            }
        }
    }
}
