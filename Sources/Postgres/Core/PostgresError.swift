/// Why an operation on the database failed.
///
/// Decide by `code` and the properties derived from it, never by text. `description` may be shown
/// and logged anywhere: it holds names from our own schema and code, never a value, a row or a
/// server's text. `debugDescription` holds those.
package struct PostgresError: Error, Sendable {
    /// What kind of failure it was.
    package enum Code: String, Sendable, CaseIterable {
        /// The server cannot be reached, or the connection to it was lost.
        case connection
        /// A deadline passed here, or `statement_timeout` or `lock_timeout` at the server.
        case timeout
        /// The server answers but cannot work now: starting, stopping, out of disk or connections.
        case unavailable
        /// A constraint refused a row: class 23.
        case integrity
        /// A value that the server cannot take: classes 22, 21 and 54.
        case data
        /// The transaction lost to another one and may be tried again: class 40.
        case serialization
        /// A write reached a server that only reads, such as a demoted primary: 25006.
        case readOnly
        /// SQL that does not fit the schema: class 42.
        case undefined
        /// A wrong password or a missing grant: class 28 and 42501.
        case permission
        /// A statement that the transaction's state does not allow, or a COMMIT that rolled back.
        case transactionState
        /// A prepared statement does not fit the changed schema; a new connection prepares it
        /// again.
        case staleStatement
        /// libpq was used wrongly, or the server sent an unexpected result.
        case protocolViolation
        /// No connection of the pool became free in time.
        case poolExhausted
        /// The pool has been closed.
        case poolClosed
        /// A column is not what the code expects.
        case decode
        /// The connection string is not valid.
        case settings
        /// Any other SQLSTATE.
        case other
    }

    /// What kind of failure it was.
    package let code: Code
    /// The server's five characters, when it was the server that refused.
    package let sqlState: SQLState?
    /// The constraint's name, with `integrity`.
    package let constraint: String?
    /// The table's name, where the server tells.
    package let table: String?
    /// The name of the statement that failed.
    package internal(set) var statement: String?
    /// Which of the statements sent together failed, from 0.
    package internal(set) var statementIndex: Int?
    /// Whether the work may have been committed although no answer came.
    ///
    /// True when the connection was lost, or the deadline passed, after a COMMIT or a
    /// self-committing batch was sent. Repeat such work only if doing it twice is harmless.
    package internal(set) var isOutcomeUnknown = false
    /// Whether there is no connection: it was refused, or took too long.
    ///
    /// `code` and `sqlState` say why; a wrong password is still `permission`.
    package private(set) var isFailedConnect = false
    /// Why work was not started; safe to show.
    package private(set) var explanation: String?
    /// The texts of the server or of libpq; they may hold values.
    let detail: String

    init(
        _ code: Code, _ detail: String, sqlState: SQLState? = nil, constraint: String? = nil,
        table: String? = nil, statement: String? = nil
    ) {
        self.code = code
        self.detail = detail
        self.sqlState = sqlState
        self.constraint = constraint
        self.table = table
        self.statement = statement
    }

    /// The same error, as the reason why there is no connection.
    func atConnect() -> PostgresError {
        var error = self
        error.isFailedConnect = true
        return error
    }

    /// The same error, with what was being run.
    func during(_ statement: String, index: Int? = nil) -> PostgresError {
        var error = self
        error.statement = statement
        error.statementIndex = index
        return error
    }
}

extension PostgresError {
    /// Whether the same work may succeed later, with nothing changed.
    package var isTransient: Bool {
        // A server that refuses all connects may accept them later; a full disk has many codes.
        if isFailedConnect { return true }
        return switch code {
        case .connection, .timeout, .unavailable, .serialization, .readOnly, .staleStatement,
            .poolExhausted:
            true
        default: false
        }
    }

    /// Whether the connection is unusable; the pool has dropped it or will.
    package var isConnectionLost: Bool {
        code == .connection || sqlState?.endsConnection == true
    }

    /// Whether a row or table locked by another transaction did not become free in time. That is no
    /// sign of a faulty server.
    package var isLockWait: Bool { sqlState?.description == "55P03" }

    /// Whether the fault is in the values that were sent: a batch may be split to find the row.
    package var isBadData: Bool {
        code == .data || code == .integrity
    }
}

extension PostgresError {
    /// Work that was not started, because the server would not finish it.
    ///
    /// - Parameter explanation: why, safe to show.
    /// - Returns: `unavailable`, with the explanation in its description.
    package static func notBegun(_ explanation: String) -> PostgresError {
        var error = PostgresError(.unavailable, "")
        error.explanation = explanation
        return error
    }

    /// A row that a statement's own `decode` could not read; the detail may hold values.
    package static func undecodable(_ detail: String) -> PostgresError {
        PostgresError(.decode, detail)
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Safe to show: the code, the SQLSTATE and names from the schema and the source.
    package var description: String {
        var text = "database: \(code.rawValue)"
        if let sqlState { text += " \(sqlState)" }
        if let statement { text += " in \(statement)" }
        if let constraint { text += ", constraint \(constraint)" }
        if let table { text += ", table \(table)" }
        if isOutcomeUnknown { text += ", outcome unknown" }
        if let explanation { text += ": \(explanation)" }
        return text
    }

    /// The description and what the server or libpq said; it may hold values from rows.
    package var debugDescription: String {
        detail.isEmpty ? description : "\(description): \(detail)"
    }
}
