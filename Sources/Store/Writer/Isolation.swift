import Domain
import Postgres
import Telemetry

/// What is left of a batch that PostgreSQL refused for its data, and how far taking it apart may go.
///
/// A pure state machine; time is passed in. An entry is open until it is answered, once. Taking
/// apart ends when all are answered, after `mostRefusedRows`, or at the entries' deadlines.
struct Isolation {
    typealias Entry = SubmissionQueue.Entry

    /// Each refused row costs a dozen statements in a row: a thousand take seconds, in which others
    /// wait.
    static let mostRefusedRows = 50

    /// Nil once answered.
    private var entries: [Entry?]
    /// Why the last row or part was refused.
    private(set) var error: PostgresError
    /// Rows that PostgreSQL refused by themselves.
    private(set) var refusedRows = 0
    /// Rows that went into quarantine without being tried alone.
    private(set) var untriedRows = 0
    /// Rows that quarantine did not take either.
    private(set) var unkeptRows = 0

    /// - Parameters:
    ///   - entries: the batch.
    ///   - error: why it was refused.
    init(_ entries: [Entry], refused error: PostgresError) {
        self.entries = entries
        self.error = error
    }

    /// The whole batch.
    var indices: Range<Int> { entries.indices }

    /// What is not answered yet.
    var open: [Entry] { entries.compactMap { $0 } }

    /// Whether another refused row may be looked for.
    var mayGoOn: Bool { refusedRows < Self.mostRefusedRows }

    /// An entry's submission, unless it is answered.
    func submission(_ index: Int) -> Submission? { entries[index]?.submission }

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

    /// Closes entries; who calls this answers them.
    mutating func close(_ range: Range<Int>) -> [Entry] {
        defer { for index in range { entries[index] = nil } }
        return entries[range].compactMap { $0 }
    }

    /// Closes what is past its deadline; who calls this answers it.
    mutating func closeExpired(at now: ContinuousClock.Instant) -> [Entry] {
        var expired: [Entry] = []
        for case let (index, entry?) in entries.enumerated() where entry.deadline <= now {
            expired.append(entry)
            entries[index] = nil
        }
        return expired
    }

    /// One line for the batch, however many rows it had.
    func log(to logger: Logger) {
        guard refusedRows + untriedRows > 0 else { return }
        logger.log(
            .error, "PostgreSQL refused rows; they are in quarantine",
            [
                "refused_rows": .integer(Int64(refusedRows)),
                "untried_rows": .integer(Int64(untriedRows)),
                "not_even_in_quarantine_rows": .integer(Int64(unkeptRows)),
                "error": "\(error.description)",
            ])
    }
}
