import CPostgres

/// The owner of a `PGconn`.
struct ConnectionHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQfinish(pointer)
    }

    /// Changes while connecting; -1 when there is none.
    var socket: Int32 { PQsocket(pointer) }

    /// What libpq last complained about.
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

    /// Asks the server to stop; connects anew, and so may block for as long as `tcp_user_timeout`.
    borrowing func send() {
        var text = [CChar](repeating: 0, count: 256)
        // Whether it worked shows in the answer to the statement, which is being waited for.
        _ = PQcancel(pointer, &text, Int32(text.count))
    }
}
