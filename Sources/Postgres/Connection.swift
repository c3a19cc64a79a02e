import CPostgres
import Dispatch
import Glibc

/// A session with the server, and the only owner of its libpq connection.
///
/// Every wait has a deadline. What passes its deadline is cancelled at the server, given a second to
/// say so, and the connection is then of no more use (`isUsable`): a cancel that came late would hit
/// the next statement.
///
/// One thread at a time; the thread may change between calls.
// Sendable because whoever holds it, most often the pool, lends it to one thread at a time.
package final class Connection: @unchecked Sendable {
    /// What it was opened with.
    package let settings: ConnectionSettings
    /// Which of the hosts in the settings answered in time; begin there the next time.
    let hostOffset: Int

    let handle: ConnectionHandle
    var parameters = StatementParameters()
    /// The parameter types of what has been prepared, by the statement's type.
    var prepared: [ObjectIdentifier: [UInt32]] = [:]
    var isBroken = false
    /// Whether the server has refused a write because it only reads.
    private(set) var isReadOnly = false
    /// The batch whose results have not been received; see `Pending`.
    var outstanding: UInt64?
    var batchCount: UInt64 = 0
    /// Whether losing the connection now leaves open if something was committed.
    var mayCommit = false
    private var isCancelling = false

    /// How long the server may take to confirm a cancel.
    private static let cancelGrace = Duration.seconds(1)

    /// Connects.
    ///
    /// - Parameters:
    ///   - settings: where to, and how long it may take in all.
    ///   - limit: less time than the settings allow.
    ///   - host: which of the hosts to try first, from 0.
    /// - Throws: `timeout`, `connection`, or what the server refused with (`permission`,
    ///   `undefined`, `unavailable`).
    package convenience init(
        _ settings: ConnectionSettings, within limit: Duration? = nil, startingAtHost host: Int = 0
    ) throws(PostgresError) {
        let limit = min(settings.connectTimeout, limit ?? settings.connectTimeout)
        let deadline = ContinuousClock.now + limit
        let hosts = settings.hostCount
        var attempt = 0
        while true {
            // Each attempt that times out leaves as much for each of the others.
            let share = (deadline - .now) / (hosts - attempt)
            do {
                let offset = (host + attempt) % hosts
                let handle = try ConnectionHandle.open(
                    settings.options(startingAtHost: offset), until: .now + share)
                try self.init(handle, settings, hostOffset: offset)
                return
            } catch {
                attempt += 1
                guard error.code == .timeout, attempt < hosts else { throw error }
            }
        }
    }

    private init(
        _ handle: consuming ConnectionHandle, _ settings: ConnectionSettings, hostOffset: Int
    ) throws(PostgresError) {
        self.handle = handle
        self.settings = settings
        self.hostOffset = hostOffset
        guard PQsetnonblocking(self.handle.pointer, 1) == 0,
            PQenterPipelineMode(self.handle.pointer) == 1
        else { throw PostgresError(.protocolViolation, self.handle.errorText) }
    }

    /// Whether it can take another statement: it is connected, and no results are owed.
    package var isUsable: Bool { !isBroken && outstanding == nil && !handle.isBad }

    /// Whether a transaction is open, be it failed.
    package var isInTransaction: Bool { handle.transactionStatus != PQTRANS_IDLE }

    /// A cheap look, without a round trip, whether an idle connection is still there.
    ///
    /// - Returns: false when the server has closed it, as far as the kernel knows.
    package func isAlive() -> Bool {
        guard isUsable else { return false }
        // An idle server has nothing to say but farewell, or that a setting has changed.
        for _ in 0..<3 where SocketReadiness.isReadable(handle.socket) {
            guard PQconsumeInput(handle.pointer) == 1 else {
                isBroken = true
                return false
            }
        }
        return !handle.isBad && !SocketReadiness.isReadable(handle.socket)
    }
}

extension Connection {
    /// Fails when it cannot take a statement now.
    func checkUsable() throws(PostgresError) {
        guard outstanding == nil else {
            throw PostgresError(.protocolViolation, "results of the last batch were not received")
        }
        guard isUsable else { throw PostgresError(.connection, "the connection was lost before") }
    }

    /// Writes out all that libpq has buffered.
    ///
    /// It reads meanwhile: a server that cannot get rid of its answers stops taking requests.
    func flush(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            switch PQflush(handle.pointer) {
            case 0: return
            case 1:
                guard
                    let events = SocketReadiness.wait(
                        handle.socket, for: POLLIN | POLLOUT, until: deadline)
                else { throw broken(.timeout, "the server does not take the statement") }
                if events & Int16(POLLIN) != 0, PQconsumeInput(handle.pointer) != 1 {
                    throw lost()
                }
            default: throw lost()
            }
        }
    }

    /// The next result, or nil at the end of one statement's results.
    ///
    /// When the deadline passes, the statement is cancelled; its fate is then in the result.
    func nextResult(
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> ResultHandle? {
        var limit = isCancelling ? deadline + Self.cancelGrace : deadline
        while PQisBusy(handle.pointer) == 1 {
            guard SocketReadiness.wait(handle.socket, for: POLLIN, until: limit) != nil else {
                guard !isCancelling else {
                    throw broken(.timeout, "no answer in time, not even to the cancel")
                }
                cancel()
                limit = .now + Self.cancelGrace
                continue
            }
            guard PQconsumeInput(handle.pointer) == 1 else { throw lost() }
        }
        return PQgetResult(handle.pointer).map { ResultHandle(owning: $0) }
    }

    /// Asks the server to stop, on a thread that may be left behind: PQcancel connects and blocks.
    private func cancel() {
        isCancelling = true
        isBroken = true
        guard let cancel = handle.cancelHandle() else { return }
        DispatchQueue.global().async { cancel.send() }
    }

    /// The error for a connection that has just gone.
    func lost() -> PostgresError {
        broken(.connection, handle.errorText)
    }

    /// Marks the connection as of no more use, and makes the error that says why.
    func broken(_ code: PostgresError.Code, _ detail: String) -> PostgresError {
        isBroken = true
        outstanding = nil
        var error = PostgresError(code, detail)
        error.isOutcomeUnknown = mayCommit
        return error
    }

    /// The error in a result; notes when the server said it as its last words.
    func error(in result: borrowing ResultHandle) -> PostgresError {
        var error = result.error(isConnectionLost: handle.isBad)
        // A demoted server stays connected, and would refuse the next write, too.
        isReadOnly = isReadOnly || error.code == .readOnly
        if isReadOnly || error.isConnectionLost || handle.isBad || error.code == .staleStatement {
            isBroken = true
        }
        error.isOutcomeUnknown = error.isConnectionLost && mayCommit
        return error
    }
}
