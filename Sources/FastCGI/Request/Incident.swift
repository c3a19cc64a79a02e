/// An event that no answer shows; the caller logs or counts it.
///
/// The hook runs on the thread where it happened and must not block.
package enum Incident: Sendable, Equatable {
    /// A second answer to an exchange, or one while its body was being read; it was ignored.
    case answeredTwice
    /// An exchange was dropped without an answer; 500 was given.
    case dropped
    /// The peer's records were invalid, ended too early or took too much memory; the connection was
    /// closed.
    case malformedRequest
    /// A request did not come, or a write stalled, past the limit; the connection was closed.
    case timedOut
    /// The peer was gone when its answer was written.
    case answerLost
    /// accept(2) failed with this errno; it is tried again soon.
    case acceptFailed(Int32)
    /// A connection came while the bound was reached: the one that has been idle for longest is
    /// closed, or no more are accepted until one closes.
    case connectionsExhausted
    /// A request waited too long, or too many waited; it was refused.
    case refused
}
