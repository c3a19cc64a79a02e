package import Domain
private import Synchronization
package import Telemetry

/// Keeps callbacks that fail authentication in quarantine, so that somebody can see what came and replay
/// it once the secrets are right. Any thread.
///
/// Whoever reaches the path can send such callbacks: an hour has room for so many and so many bytes, and
/// what has none is counted. Nobody waits for them to be written.
package final class UnverifiedCallbacks: Sendable {
    private struct State {
        var hour: Int64 = 0
        var count = 0
        var bytes = 0
    }

    private let state = Mutex(State())
    private let sink: any ReportSink
    private let perHour: Int
    private let kept: Counter
    private let leftOut: Counter

    /// The excerpt of a row holds no more, and a cut body could not be replayed.
    static let bodyLimit = 65_536
    private static let bytesPerHour = 16 << 20

    /// - Parameters:
    ///   - sink: writes them.
    ///   - perHour: how many an hour.
    ///   - metrics: where it counts.
    package init(_ sink: any ReportSink, perHour: Int, metrics: Metrics) {
        self.sink = sink
        self.perHour = perHour
        kept = metrics.counter(
            "waybill_unverified_callbacks_kept_total",
            "Callbacks that failed authentication, now in quarantine.")
        leftOut = metrics.counter(
            "waybill_unverified_callbacks_left_out_total",
            "Callbacks that failed authentication and were not kept: too many an hour, too large, or"
                + " not stored.")
    }

    /// Keeps a callback if there is room for it.
    ///
    /// - Parameters:
    ///   - callback: as it would be archived.
    ///   - refusal: why it is refused.
    ///   - credentials: reads what it was to be authenticated with; called if there is room.
    func keep(
        _ callback: ReceivedCallback, refused refusal: Refusal,
        with credentials: () -> CallbackCredentials?
    ) {
        guard callback.body.count <= Self.bodyLimit, takesRoom(callback),
            let credentials = credentials()
        else { return leftOut.add() }
        let reject = Reject(
            reason: refusal.reason.rawValue, place: "request", detail: Self.detail(refusal.reason),
            excerpt: callback.body)
        let submission = Submission(
            callback: callback, reports: [], rejects: [reject], archiving: .never,
            credentials: credentials)
        sink.submit(submission) { [kept, leftOut] result in
            switch result {
            case .success: kept.add()
            case .failure: leftOut.add()
            }
        }
    }

    private func takesRoom(_ callback: ReceivedCallback) -> Bool {
        let hour = callback.receivedAt.microseconds / 3_600_000_000
        return state.withLock { state in
            if state.hour != hour { state = State(hour: hour) }
            guard state.count < perHour,
                state.bytes + callback.body.count <= Self.bytesPerHour
            else { return false }
            state.count += 1
            state.bytes += callback.body.count
            return true
        }
    }

    private static func detail(_ reason: Refusal.Reason) -> String {
        switch reason {
        case .missingCredentials: "It came without any credentials that are enabled here."
        case .wrongCredentials: "Its credentials are none of ours."
        case .missingSignature: "It came without a signature."
        case .wrongSignature: "Its signature was not made with any of our secrets, or not of this."
        case .schemeNotAllowed: "Its signature's scheme is not accepted here."
        }
    }
}
