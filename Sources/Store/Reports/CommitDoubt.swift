import Postgres
import Synchronization

/// What is known of commits whose outcome nobody knows.
///
/// A server that waits for a synchronous standby which is away keeps each such session, with its
/// locks, until the standby is back; it does not notice that nobody listens any more, and a cancel
/// would make the commit look like any other. So these sessions are left alone, and there must be
/// few: while one of them waits, no further batch is sent, since it would wait as well. Where
/// sessions hang for another reason, a few are put up with.
///
/// Open from the start: the process before this one may have left some behind. Any thread.
final class CommitDoubt: Sendable {
    private struct State {
        var isOpen = true
        /// The processes of connections that were given up, the oldest first.
        var processes: [Int32] = []
    }

    private let state = Mutex(State())

    private static let mostRemembered = 64
    private static let mostHanging = 4
    private static let askTime: Duration = .seconds(2)

    /// Whether somebody must ask the server before the next batch is sent.
    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// A batch's outcome is not known.
    func open() {
        state.withLock { $0.isOpen = true }
    }

    /// A connection was given up.
    func abandoned(_ process: Int32) {
        state.withLock { state in
            state.processes.append(process)
            if state.processes.count > Self.mostRemembered { state.processes.removeFirst() }
        }
    }

    /// Asks the server, if there is doubt, whether what was left behind has come to its end.
    ///
    /// - Throws: `unavailable` with an explanation when another batch would only join it.
    func settle(
        over connection: Connection, longerThan age: Duration
    ) throws(PostgresError) {
        let processes = state.withLock { $0.isOpen ? $0.processes : nil }
        guard let processes else { return }
        let question = SelectHeldSessions(longerThan: age, abandoned: processes)
        let held = try connection.execute(question, within: Self.askTime).first
        if let held, held.waitForStandby > 0 {
            throw .notBegun("commits wait for a synchronous standby that does not confirm them")
        }
        if let held, held.abandoned >= Self.mostHanging {
            throw .notBegun("\(held.abandoned) sessions at the server hang")
        }
        state.withLock { $0.isOpen = false }
    }
}
