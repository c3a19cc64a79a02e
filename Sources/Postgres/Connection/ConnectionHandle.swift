import CPostgres

/// The owner of a `PGconn`.
struct ConnectionHandle: ~Copyable {
    let pointer: OpaquePointer
    /// The notice receiver writes to it, so it lives as long as the connection.
    private let commitDoubt: UnsafeMutablePointer<Bool>

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
        commitDoubt = .allocate(capacity: 1)
        commitDoubt.initialize(to: false)
        // Also keeps libpq from printing notices on stderr, which carries our log.
        PQsetNoticeReceiver(
            pointer,
            { doubt, notice in
                guard let notice, isCommitDoubt(notice) else { return }
                doubt?.assumingMemoryBound(to: Bool.self).pointee = true
            }, commitDoubt)
    }

    deinit {
        PQfinish(pointer)
        commitDoubt.deallocate()
    }

    /// Whether the server has warned, since this was last set to false, that it committed without
    /// waiting for all its standbys.
    var isCommitInDoubt: Bool {
        get { commitDoubt.pointee }
        nonmutating set { commitDoubt.pointee = newValue }
    }

    /// The process at the server that serves this connection.
    var processID: Int32 { PQbackendPID(pointer) }

    /// Changes while connecting; -1 when there is none.
    var socket: Int32 { PQsocket(pointer) }

    /// libpq's last error.
    var errorText: String {
        PQerrorMessage(pointer).map { String(cString: $0).trimmingNewlines } ?? ""
    }

    var isBad: Bool { PQstatus(pointer) == CONNECTION_BAD }

    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(pointer) }

    /// The cancel key of the server's process; nil when the connection was never complete.
    func cancelHandle() -> CancelHandle? {
        PQgetCancel(pointer).map { CancelHandle(owning: $0) }
    }

    /// A name in double quotes, for the few commands that take no parameters.
    func quoted(identifier: String) -> String? {
        guard let text = PQescapeIdentifier(pointer, identifier, identifier.utf8.count) else {
            return nil
        }
        defer { PQfreemem(text) }
        return String(cString: text)
    }

    /// The next notification that has arrived.
    func nextNotification() -> Notification? {
        guard let notify = PQnotifies(pointer) else { return nil }
        defer { PQfreemem(notify) }
        return Notification(
            channel: String(cString: notify.pointee.relname),
            payload: String(cString: notify.pointee.extra))
    }
}

/// The owner of a `PGcancel`: it outlives the connection, so that another thread may send it.
// Sendable because libpq promises that PQcancel may be called from any thread.
struct CancelHandle: ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQfreeCancel(pointer)
    }

    /// Asks the server to stop; connects again, and so may block for as long as `tcp_user_timeout`.
    borrowing func send() {
        var text = [CChar](repeating: 0, count: 256)
        // Whether it worked shows in the statement's own result, which the caller waits for.
        _ = PQcancel(pointer, &text, Int32(text.count))
    }
}

/// Whether a notice says that the wait for synchronous replication was cancelled.
///
/// The result itself looks like any other commit: the transaction is committed on this server, but
/// perhaps on no standby. The routine's name, which is never translated, tells the notice from
/// warnings of triggers with the same SQLSTATE. Source: PostgreSQL, SyncRepWaitForLSN in
/// src/backend/replication/syncrep.c.
private func isCommitDoubt(_ notice: OpaquePointer) -> Bool {
    func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(notice, Int32(letter.value)).map { String(cString: $0) }
    }
    // A warning without an SQLSTATE of its own, as after pg_cancel_backend; or "terminated".
    guard let state = field("C"), state == "01000" || state == "57P01" else { return false }
    return field("R").map { $0 == "SyncRepWaitForLSN" } ?? true
}
