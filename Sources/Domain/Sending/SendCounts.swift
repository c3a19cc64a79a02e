/// Totals of a provider, summed over all dispatchers.
package struct SendCounts: Sendable, Equatable {
    /// HTTP requests that sent messages.
    package var requests = 0
    package var accepted = 0
    package var refused = 0
    package var deferred = 0
    package var unanswered = 0
    /// Messages that were given up.
    package var deadLetters = 0
    package var lookUps = 0
    /// Messages whose final status came by a query and not in a callback.
    package var recovered = 0
    /// Messages that were leased too slowly, and returned without a request.
    package var putBack = 0
    /// When the latest request was leased in which the provider accepted messages, by the
    /// database's clock.
    package var takenAt: Timestamp?

    package init() {}

    package static func += (a: inout Self, b: Self) {
        a.requests += b.requests
        a.accepted += b.accepted
        a.refused += b.refused
        a.deferred += b.deferred
        a.unanswered += b.unanswered
        a.deadLetters += b.deadLetters
        a.lookUps += b.lookUps
        a.recovered += b.recovered
        a.putBack += b.putBack
        a.takenAt = b.takenAt.map { max($0, a.takenAt ?? $0) } ?? a.takenAt
    }
}
