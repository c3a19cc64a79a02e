/// How many messages to lease at once, from the time that leasing takes. Pure.
///
/// A message that was leased too long ago is returned unsent. If leasing takes long because there
/// are many, fewer are faster; if the database is slow in any case, one message a turn still shows
/// when that is over.
struct LeasePace: Sendable, Equatable {
    /// Nil for as many as there are requests for.
    private(set) var limit: Int?

    /// Leases were made.
    ///
    /// - Parameters:
    ///   - messages: how many were leased.
    ///   - duration: how long it took, at most.
    ///   - bound: after this time they cannot be sent any more.
    mutating func leased(_ messages: Int, in duration: Duration, bound: Duration) {
        guard messages > 0 else { return }
        if duration > bound / 2 {
            limit = max(1, min(messages, limit ?? messages) / 2)
        } else if let limit, duration < bound / 4 {
            // A few fast ones say little about many.
            self.limit = limit >= Self.most ? nil : max(limit, min(limit, messages) * 2)
        }
    }

    /// More than all requests of a lane hold together.
    private static let most = 32_768
}
