import Domain
import Postgres
import Synchronization

/// Leases of which nobody knows whether they were committed, and whose messages were never sent:
/// they are put back as soon as the database says what became of them.
///
/// Otherwise they would count as sent and unanswered when they are over. Bounded by what one
/// dispatcher can have in flight, since it leases nothing more before they are put back.
final class UnsentLeases: Sendable {
    /// A lease, and when at the latest its attempt began by the database's clock.
    struct Lost: Sendable {
        let lease: Lease
        let latestAttempt: Timestamp
    }

    private let leases = Mutex<[Lost]>([])

    /// - Parameters:
    ///   - lost: what was leased in one transaction.
    ///   - duration: from before its beginning until all of it was marked.
    func add(_ lost: [Lease], markedWithin duration: Duration) {
        leases.withLock { leases in
            leases += lost.map {
                Lost(lease: $0, latestAttempt: $0.leasedAt.advanced(by: duration))
            }
        }
    }

    /// Puts back what was leased, also if it was taken over meanwhile; waits for a commit that is
    /// still under way.
    func putBack(on connection: Connection) throws(PostgresError) {
        let lost = leases.withLock { $0 }
        guard !lost.isEmpty else { return }
        // May be run again: what is back is not under its lease any more.
        try connection.execute(PutBackUnsent(leases: lost))
        let done = Set(lost.map(\.lease.id))
        leases.withLock { $0.removeAll { done.contains($0.lease.id) } }
    }
}
