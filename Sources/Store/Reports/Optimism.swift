/// Whether rows are taken to be new, learnt from how often that was wrong.
///
/// A pure state machine. Hopeful: every batch is tried as new. A wrong guess costs that batch a
/// second try and makes the next batches careful, 1 at first, then twice as many, up to 256; each
/// right guess halves that number. So traffic of new messages runs at full speed, and traffic about
/// known ones wastes one try in 257.
struct Optimism {
    private var carefulBatches = 0
    private var penalty = 1

    private static let longest = 256
    /// Fewer reports are written with care at once: each wrong guess is an error in the server's
    /// log, and what a right one saves is nothing beside the commit.
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

    /// Something in the batch was known.
    mutating func wasWrong() {
        carefulBatches = penalty
        penalty = min(penalty * 2, Self.longest)
    }
}
