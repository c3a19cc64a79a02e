/// How many messages are leased at once, by how long the leasing takes. Pure.
///
/// A message that was leased too long ago is put back unsent. If leasing takes that long because
/// there is much of it, less will go; if the database is slow whatever is asked, one message a turn
/// still shows when that is over.
struct LeasePace: Sendable, Equatable {
    /// Nil for as many as there are requests for.
    private(set) var limit: Int?

    /// Leases were made.
    ///
    /// - Parameters:
    ///   - messages: how many were leased.
    ///   - duration: how long it took, at most.
    ///   - bound: past that they cannot be sent any more.
    mutating func leased(_ messages: Int, in duration: Duration, bound: Duration) {
        guard messages > 0 else { return }
        if duration > bound / 2 {
            limit = max(1, min(messages, limit ?? messages) / 2)
        } else if let limit, duration < bound / 4 {
            // A few that went quickly say little of many.
            self.limit = limit >= Self.most ? nil : max(limit, min(limit, messages) * 2)
        }
    }

    /// More than all requests of a lane have together.
    private static let most = 32_768
}
