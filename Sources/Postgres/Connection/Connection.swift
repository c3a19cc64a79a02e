import CPostgres
import Dispatch
import Glibc

/// A session with the server, and the only owner of its libpq connection.
///
/// Every wait has a deadline, after which the connection is unusable (`isUsable`). A statement that
/// may be committing is not cancelled, and its outcome is unknown: a cancel would end the wait for
/// a synchronous standby, and a commit that no standby has would look like any other. Only a
/// statement inside of a transaction is cancelled, shortly before its deadline.
///
/// One thread at a time; the thread may change between calls.
// Sendable because its holder, usually the pool, lends it to one thread at a time.
package final class Connection: @unchecked Sendable {
    /// What it was opened with.
    package let settings: ConnectionSettings
    /// Which of the hosts in the settings answered; the next connect begins with it.
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
    /// How many round trips there were since the connection was opened.
    package internal(set) var roundTripCount = 0
    /// Whether the outcome is unknown if the connection is lost now.
    var mayCommit = false
    /// Whether the statement that is being waited for may be cancelled: it is in a transaction.
    private var isCancellable = false
    private var isCancelling = false
    /// The part of the time limit that is kept for the server to confirm a cancel.
    private var cancelTime: Duration = .zero
    /// Whether libpq holds what the socket would not take.
    private var hasUnsent = false

    /// How long a send waits for a server that takes no more bytes.
    private static let flushTime = Duration.milliseconds(50)

    /// The longest time for the server to confirm a cancel; less when the time limit is short.
    private static let longestCancelTime = Duration.seconds(1)

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
            // An attempt that times out leaves an equal share for each of the others.
            let share = (deadline - .now) / (hosts - attempt)
            do {
                let offset = (host + attempt) % hosts
                let end = ContinuousClock.now + share
                let handle = try ConnectionHandle.open(
                    settings.options(startingAtHost: offset), until: end)
                try self.init(handle, settings, hostOffset: offset, until: end)
                return
            } catch {
                attempt += 1
                guard error.code == .timeout, attempt < hosts else { throw error.atConnect() }
            }
        }
    }

    private init(
        _ handle: consuming ConnectionHandle, _ settings: ConnectionSettings, hostOffset: Int,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        self.handle = handle
        self.settings = settings
        self.hostOffset = hostOffset
        guard PQsetnonblocking(self.handle.pointer, 1) == 0,
            PQenterPipelineMode(self.handle.pointer) == 1
        else { throw PostgresError(.protocolViolation, self.handle.errorText) }
        if settings.isDurable { try insistOnDurability(until: deadline) }
    }

    /// The server's process for this connection, as in `pg_stat_activity`.
    package var processID: Int32 { handle.processID }

    /// Whether it can take another statement: it is connected, and no results are outstanding.
    package var isUsable: Bool { !isBroken && outstanding == nil && !handle.isBad }

    /// Whether a transaction is open, even a failed one.
    package var isInTransaction: Bool { handle.transactionStatus != PQTRANS_IDLE }

    /// Checks without a round trip whether an idle connection still exists.
    ///
    /// - Returns: false when the server has closed it, as far as the kernel knows.
    package func isAlive() -> Bool {
        guard isUsable else { return false }
        // An idle server sends only its reason for closing, or a changed setting.
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

    /// Sets what holds for the next send: whether its outcome is unknown if it is lost, whether it
    /// may be cancelled, and its deadline.
    func noteSent(
        mayCommit: Bool, isCancellable: Bool, until deadline: ContinuousClock.Instant
    ) {
        self.mayCommit = mayCommit
        self.isCancellable = isCancellable
        cancelTime = min(Self.longestCancelTime, max(.zero, (deadline - .now) / 4))
        handle.isCommitInDoubt = false
    }

    /// Writes what the server takes at once or after a short wait; `nextResult` writes the rest.
    ///
    /// A batch is larger than a socket's buffer, and the server should not wait for its second half
    /// while the caller does something else; but a server that hangs must not block the caller.
    func flush() throws(PostgresError) {
        try flush(until: .now + Self.flushTime)
    }

    /// Writes all that libpq has buffered, or what it can until the deadline.
    ///
    /// It reads meanwhile: a server that cannot send its results stops taking requests.
    private func flush(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            switch PQflush(handle.pointer) {
            case 0: hasUnsent = false
            case 1: hasUnsent = true
            default: throw lost()
            }
            guard hasUnsent,
                let events = SocketReadiness.wait(
                    handle.socket, for: POLLIN | POLLOUT, until: deadline)
            else { return }
            if events & Int16(POLLIN) != 0, PQconsumeInput(handle.pointer) != 1 { throw lost() }
        }
    }

    /// The next result, or nil at the end of one statement's results.
    ///
    /// Shortly before the deadline, a statement that may be cancelled is; the result then shows how
    /// it ended.
    func nextResult(
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> ResultHandle? {
        if hasUnsent {
            try flush(until: deadline)
            if hasUnsent { throw broken(.timeout, "the server does not take the statement") }
        }
        while PQisBusy(handle.pointer) == 1 {
            let mayCancel = isCancellable && !isCancelling
            let limit = mayCancel ? deadline - cancelTime : deadline
            guard SocketReadiness.wait(handle.socket, for: POLLIN, until: limit) != nil else {
                guard mayCancel else { throw broken(.timeout, "no answer in time") }
                cancel()
                continue
            }
            guard PQconsumeInput(handle.pointer) == 1 else { throw lost() }
        }
        return PQgetResult(handle.pointer).map { ResultHandle(owning: $0) }
    }

    /// Asks the server to stop, on a thread that is not waited for: PQcancel connects and blocks.
    private func cancel() {
        isCancelling = true
        isBroken = true
        guard let cancel = handle.cancelHandle() else { return }
        DispatchQueue.global().async { cancel.send() }
    }

    /// Fails when the server has warned that its commit may be on no standby.
    func checkDurability() throws(PostgresError) {
        guard mayCommit, handle.isCommitInDoubt else { return }
        throw broken(.unavailable, "the wait for synchronous replication was cancelled")
    }

    /// The error for a connection that has just gone.
    func lost() -> PostgresError {
        broken(.connection, handle.errorText)
    }

    /// Marks the connection as unusable, and makes the error that says why.
    func broken(_ code: PostgresError.Code, _ detail: String) -> PostgresError {
        isBroken = true
        outstanding = nil
        var error = PostgresError(code, detail)
        error.isOutcomeUnknown = mayCommit
        return error
    }

    /// The error in a result; marks the connection when the server closes it with this error.
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
