import Glibc

/// Repeats an attempt until it works or the time is up, resting longer after each failure.
///
/// For readiness only: a server says that it listens by answering, there is no event to wait for.
/// - Parameters:
///   - limit: when to give up; at least one attempt is made.
///   - attempt: true when the thing is ready.
/// - Returns: false when the time was up.
package func waitUntil(
    within limit: Duration, _ attempt: () throws -> Bool
) rethrows -> Bool {
    let deadline = ContinuousClock.now + limit
    var restMicroseconds: UInt32 = 500
    while true {
        if try attempt() { return true }
        if ContinuousClock.now >= deadline { return false }
        usleep(restMicroseconds)
        restMicroseconds = min(restMicroseconds * 2, 20_000)
    }
}
