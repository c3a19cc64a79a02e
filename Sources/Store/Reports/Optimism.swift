/// Whether rows are assumed to be new, depending on how often that was wrong.
///
/// A pure state machine. At first every batch is tried as new. A wrong assumption costs that batch
/// a second try and makes the next batches be written with a check, 1 at first, then twice as many,
/// up to 256; each right one halves that number. So traffic of new messages runs at full speed, and
/// traffic about known ones wastes one try in 257.
struct Optimism {
    private var carefulBatches = 0
    private var penalty = 1

    private static let longest = 256
    /// Fewer reports are always written with a check: each wrong assumption is an error in the
    /// server's log, and a right one saves little compared with the commit.
    static let leastReports = 16

    /// Whether the next batch is tried as new; counts it.
    mutating func expectsNew() -> Bool {
        guard carefulBatches > 0 else { return true }
        carefulBatches -= 1
        return false
    }

    /// The batch was new.
    mutating func wasRight() {
        penalty = max(1, penalty / 2)
    }

    /// The batch held a known row.
    mutating func wasWrong() {
        carefulBatches = penalty
        penalty = min(penalty * 2, Self.longest)
    }
}
