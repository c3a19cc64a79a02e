import Domain
import Postgres
import Synchronization

/// A dispatcher's or a deliverer's number, held by an advisory lock as long as its connection lives.
final class Registration: Sendable {
    let number: Int32
    private let state: Mutex<State>

    private enum State {
        /// Exits: `holds` to `asking`.
        case idle(Connection)
        /// A thread is asking the server. Exits: its answer to `idle` or `lost`.
        case asking
        /// Exits: none.
        case lost
    }

    /// How long the server may take to answer before the number counts as lost.
    private static let patience = Duration.seconds(3)

    init(
        _ settings: ConnectionSettings, kind: Int32 = LockNumber.dispatchers
    ) throws(PostgresError) {
        let connection = try Connection(settings)
        // Each other dispatcher holds one number of two thousand million: a collision fails after a
        // while, and the caller tries another number.
        number = .random(in: 1...Int32.max)
        try connection.execute(LockNumber(number: number, kind: kind))
        state = Mutex(.idle(connection))
    }

    /// Asks the server, over the connection that holds the lock. Any thread.
    func holds() -> Bool {
        let before = state.withLock { state in
            let before = state
            if case .idle = before { state = .asking }
            return before
        }
        switch before {
        case .lost: return false
        // The pending answer decides.
        case .asking: return true
        case .idle(let connection):
            let isThere = (try? connection.execute(Ping(), within: Self.patience)) != nil
            state.withLock { $0 = isThere ? .idle(connection) : .lost }
            return isThere
        }
    }
}
