package import Domain
private import Synchronization
private import Telemetry

/// Counts of one provider's callbacks since the process started.
///
/// Time is passed in, so that tests need not wait. Safe from any thread.
package final class CallbackStatistics: Sendable {
    /// Counts over the three windows that an admin looks at.
    package struct Windows: Sendable, Equatable {
        package let lastMinute: Int
        package let lastHour: Int
        package let lastDay: Int
    }

    /// All counts at one moment.
    package struct Snapshot: Sendable {
        package let callbacksAccepted: Windows
        package let callbacksRefused: Windows
        package let reportsAccepted: Windows
        package let reportsRefused: Windows
        /// When the last authenticated callback came, whatever the answer was.
        package let lastCallbackAt: Timestamp?
        /// When the last callback came, authenticated or not.
        package let lastRequestAt: Timestamp?
        /// How the last authenticated callback was authenticated.
        package let lastVerification: Verification?
        /// Since when callbacks have been refused and none accepted; nil if the last one was
        /// accepted.
        package let refusingSince: Timestamp?
    }

    /// The sender of a refused callback, as far as it is known.
    package enum Caller: Sendable {
        /// The provider: the callback was authenticated.
        case provider
        /// Perhaps the provider with a secret that is not set here: its credentials are wrong.
        case unverified
        /// Unknown: no credentials came, or none were checked.
        case anybody
    }

    /// While a callback was accepted within this time, wrong credentials count as a stranger's,
    /// because the provider's are right.
    private static let proofMicroseconds: Int64 = 60_000_000

    private struct State {
        var callbacksAccepted = WindowedCount()
        var callbacksRefused = WindowedCount()
        var reportsAccepted = WindowedCount()
        var reportsRefused = WindowedCount()
        var lastCallbackAt: Timestamp?
        var lastRequestAt: Timestamp?
        var lastAcceptedAt: Timestamp?
        var lastVerification: Verification?
        var refusingSince: Timestamp?

        func concernsProvider(_ caller: Caller, at now: Timestamp) -> Bool {
            switch caller {
            case .provider: true
            case .anybody: false
            case .unverified:
                lastAcceptedAt.map { now.microseconds - $0.microseconds >= proofMicroseconds }
                    ?? true
            }
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// A callback was answered 200.
    ///
    /// Reports are counted as they came, repeated ones too; those for quarantine count as refused.
    package func accepted(
        reports: Int, rejects: Int, verification: Verification, at now: Timestamp
    ) {
        state.withLock { state in
            let second = now.microseconds / 1_000_000
            state.callbacksAccepted.add(at: second)
            state.reportsAccepted.add(reports, at: second)
            if rejects > 0 { state.reportsRefused.add(rejects, at: second) }
            state.lastCallbackAt = now
            state.lastRequestAt = now
            state.lastAcceptedAt = now
            state.lastVerification = verification
            state.refusingSince = nil
        }
    }

    /// A callback was answered with an error; `reports` of its reports were readable.
    ///
    /// All are counted, but a stranger's requests must not look like the provider's.
    package func refused(_ caller: Caller, reports: Int = 0, at now: Timestamp) {
        state.withLock { state in
            let second = now.microseconds / 1_000_000
            state.callbacksRefused.add(at: second)
            if reports > 0 { state.reportsRefused.add(reports, at: second) }
            state.lastRequestAt = now
            if caller == .provider { state.lastCallbackAt = now }
            if state.concernsProvider(caller, at: now) {
                state.refusingSince = state.refusingSince ?? now
            }
        }
    }

    /// The counts as of a moment.
    package func snapshot(at now: Timestamp) -> Snapshot {
        state.withLock { state in
            let second = now.microseconds / 1_000_000
            return Snapshot(
                callbacksAccepted: Self.windows(&state.callbacksAccepted, second),
                callbacksRefused: Self.windows(&state.callbacksRefused, second),
                reportsAccepted: Self.windows(&state.reportsAccepted, second),
                reportsRefused: Self.windows(&state.reportsRefused, second),
                lastCallbackAt: state.lastCallbackAt,
                lastRequestAt: state.lastRequestAt,
                lastVerification: state.lastVerification,
                refusingSince: state.refusingSince)
        }
    }

    private static func windows(_ count: inout WindowedCount, _ second: Int64) -> Windows {
        Windows(
            lastMinute: count.lastMinute(at: second), lastHour: count.lastHour(at: second),
            lastDay: count.lastDay(at: second))
    }
}
