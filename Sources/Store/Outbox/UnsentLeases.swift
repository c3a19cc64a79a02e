import Domain
import Postgres
import Synchronization

/// Leases with an unknown commit whose messages were never sent. They are returned as soon as the
/// database shows the outcome.
///
/// Otherwise they would count as sent and unanswered when they expire. Bounded by what one
/// dispatcher can have in flight, because it leases nothing more before they are returned.
final class UnsentLeases: Sendable {
    private let leases = Mutex<[Lease]>([])

    /// - Parameter lost: what was leased in one transaction.
    func add(_ lost: [Lease]) {
        leases.withLock { $0 += lost }
    }

    /// Returns the messages, even if they were taken over meanwhile; waits for a commit that is
    /// still running.
    func putBack(on connection: Connection) throws(PostgresError) {
        let lost = leases.withLock { $0 }
        guard !lost.isEmpty else { return }
        // May run again: returned messages are no longer under their lease.
        try connection.execute(PutBackUnsent(leases: lost))
        let done = Set(lost.map(\.id))
        leases.withLock { $0.removeAll { done.contains($0.id) } }
    }
}
