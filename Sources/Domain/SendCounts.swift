/// Counts of a provider since ever, summed over all dispatchers.
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
    /// Messages whose fate no callback had told and a look-up did.
    package var healed = 0

    package init() {}
}
