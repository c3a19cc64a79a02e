private import Synchronization

/// Bounds how many refusals of an hour are kept in the audit, for each process.
///
/// A client that is refused may ask again as often as it likes, and must not fill the disk. What is
/// left out is counted, and told in the next hour. Time is passed in. Any thread.
package final class RefusalBudget: Sendable {
    private struct State {
        var hour: Int64 = 0
        var used = 0
        var omitted = 0
    }

    private let state = Mutex(State())
    private let perHour: Int

    package init(perHour: Int) {
        self.perHour = perHour
    }

    /// Asks for room for an entry.
    ///
    /// - Parameter entry: of a refusal.
    /// - Returns: the entries to write: it, if there is room, and one that tells how many had none in
    ///   the hour before.
    package func admit(_ entry: AuditEntry) -> [AuditEntry] {
        let hour = entry.at.microseconds / 3_600_000_000
        let (isKept, omitted) = state.withLock { state -> (Bool, Int) in
            var omitted = 0
            if state.hour != hour {
                omitted = state.omitted
                state = State(hour: hour)
            }
            guard state.used < perHour else {
                state.omitted += 1
                return (false, omitted)
            }
            state.used += 1
            return (true, omitted)
        }
        let note = AuditEntry(
            .omitRefusals, of: entry.action.rawValue, from: .none, at: entry.at,
            detail: ["count": "\(omitted)"])
        return (omitted > 0 ? [note] : []) + (isKept ? [entry] : [])
    }
}
