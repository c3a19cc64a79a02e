import Domain
import Postgres
import Synchronization

/// Leases of which nobody knows whether they were committed, and whose messages were never sent:
/// they are put back as soon as the database says what became of them.
///
/// Otherwise they would count as sent and unanswered when they are over. Bounded by what one
/// dispatcher can have in flight, since it leases nothing more before they are put back.
final class UnsentLeases: Sendable {
    private let leases = Mutex<[Lease]>([])

    /// - Parameter lost: what was leased in one transaction.
    func add(_ lost: [Lease]) {
        leases.withLock { $0 += lost }
    }

    /// Puts back what was leased, also if it was taken over meanwhile; waits for a commit that is
    /// still under way.
    func putBack(on connection: Connection) throws(PostgresError) {
        let lost = leases.withLock { $0 }
        guard !lost.isEmpty else { return }
        // May be run again: what is back is not under its lease any more.
        try connection.execute(PutBackUnsent(leases: lost))
        let done = Set(lost.map(\.id))
        leases.withLock { $0.removeAll { done.contains($0.id) } }
    }
}
