/// What happened that no answer tells; for a log line or a counter of the caller's.
///
/// The hook runs on the thread where it happened and must not block.
package enum Incident: Sendable, Equatable {
    /// A second answer to an exchange, or one while its body was being read; it was ignored.
    case answeredTwice
    /// An exchange was dropped without an answer; 500 was given.
    case dropped
    /// The peer's records made no sense, ended too early or took too much memory; the connection
    /// was closed.
    case malformedRequest
    /// A request did not come, or a write stalled, past the limit; the connection was closed.
    case timedOut
    /// The peer was gone when its answer was written.
    case answerLost
    /// accept(2) failed with this errno; it is tried again soon.
    case acceptFailed(Int32)
    /// A connection came while there were as many as the bound: the one that has rested for longest
    /// goes. Or no more can be taken until one goes.
    case connectionsExhausted
    /// A request waited in vain, or too many did; it was refused.
    case refused
}
