import Domain
import Postgres
import Telemetry

/// How far a batch is divided that PostgreSQL refused for its data, or that met rows which another
/// transaction holds.
///
/// Pure: it counts. Dividing ends when all entries are answered or deferred, after
/// `mostRefusedRows` or `mostLockWaits`, or at the entries' deadlines.
struct Bisection {
    /// Each refused row costs a dozen statements one after the other: a thousand take seconds,
    /// while other callbacks wait.
    static let mostRefusedRows = 50
    /// Each costs as long as a lock is waited for.
    static let mostLockWaits = 12

    /// Why the last row or part was refused.
    private(set) var error: PostgresError
    /// Rows that PostgreSQL refused by themselves.
    private(set) var refusedRows = 0
    /// Rows that went into quarantine without being tried alone.
    private(set) var untriedRows = 0
    /// Rows that quarantine did not take either.
    private(set) var unkeptRows = 0
    /// How often a wait for a lock timed out.
    private(set) var lockWaits = 0

    /// - Parameter error: why the batch was refused.
    init(refused error: PostgresError) {
        self.error = error
    }

    /// Whether another wait for a lock is allowed.
    var mayWaitOn: Bool { lockWaits < Self.mostLockWaits }

    /// Whether another refused row may be searched for.
    var mayGoOn: Bool { refusedRows < Self.mostRefusedRows }

    /// Notes why a part was refused.
    mutating func wasRefused(_ error: PostgresError) {
        self.error = error
    }

    /// Counts a row that was refused by itself.
    mutating func foundRow() {
        refusedRows += 1
    }

    /// Counts rows that are put into quarantine untried.
    mutating func gaveUp(rows: Int) {
        untriedRows += rows
    }

    /// Counts rows that are in the archive only.
    mutating func lost(rows: Int) {
        unkeptRows += rows
    }

    /// Counts a wait for a lock that timed out.
    mutating func metLock() {
        lockWaits += 1
    }

    /// One line for the batch, however many rows it had.
    func log(to logger: Logger) {
        guard refusedRows + untriedRows > 0 else { return }
        logger.log(
            .error, "PostgreSQL refused rows; they are in quarantine", limitKey: "",
            [
                "refused_rows": .integer(Int64(refusedRows)),
                "untried_rows": .integer(Int64(untriedRows)),
                "not_even_in_quarantine_rows": .integer(Int64(unkeptRows)),
                "error": "\(error.description)",
            ])
    }
}
