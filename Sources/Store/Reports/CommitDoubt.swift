import Postgres
import Synchronization

/// Commits whose outcome is unknown.
///
/// A server that waits for an absent synchronous standby keeps each such session, with its locks,
/// until the standby is back. It does not notice that the client has left, and a cancel would make
/// the commit look like any other. So these sessions are left alone, and there must be few: while
/// one of them waits, no further batch is sent, because it would wait as well. If sessions hang for
/// another reason, a few are tolerated.
///
/// Open from the start: an earlier process may have left some. Any thread.
final class CommitDoubt: Sendable {
    private struct State {
        var isOpen = true
        /// The processes of abandoned connections, the oldest first.
        var processes: [Int32] = []
    }

    private let state = Mutex(State())

    private static let mostRemembered = 64
    private static let mostHanging = 4
    private static let askTime: Duration = .seconds(2)

    /// Whether the server must be asked before the next batch is sent.
    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// A batch's outcome is unknown.
    func open() {
        state.withLock { $0.isOpen = true }
    }

    /// A connection was abandoned.
    func abandoned(_ process: Int32) {
        state.withLock { state in
            state.processes.append(process)
            if state.processes.count > Self.mostRemembered { state.processes.removeFirst() }
        }
    }

    /// If needed, asks the server whether the abandoned sessions have ended.
    ///
    /// - Throws: `unavailable` with an explanation when another batch would only join it.
    func settle(
        over connection: Connection, longerThan age: Duration
    ) throws(PostgresError) {
        let processes = state.withLock { $0.isOpen ? $0.processes : nil }
        guard let processes else { return }
        let heldSessions = SelectHeldSessions(longerThan: age, abandoned: processes)
        let held = try connection.execute(heldSessions, within: Self.askTime).first
        if let held, held.waitForStandby > 0 {
            throw .notBegun("commits wait for a synchronous standby that does not confirm them")
        }
        if let held, held.abandoned >= Self.mostHanging {
            throw .notBegun("\(held.abandoned) sessions at the server hang")
        }
        state.withLock { $0.isOpen = false }
    }
}
