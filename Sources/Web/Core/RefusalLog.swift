package import Domain
package import Telemetry
private import Synchronization

/// Writes requests that were refused for lack of rights into the audit.
///
/// So many an hour at most: a client that is refused may ask again as often as it likes, and must not
/// fill the disk. What is left out is counted, and the count is an entry of the next hour. Any thread.
package final class RefusalLog: Sendable {
    /// Entries an hour, for each process.
    package static let perHour = 500

    private struct State {
        var hour: Int64 = 0
        var used = 0
        var omitted = 0
    }

    private let state = Mutex(State())
    private let audit: any AuditWriter
    private let logger: Logger

    package init(_ audit: any AuditWriter, logger: Logger) {
        self.audit = audit
        self.logger = logger
    }

    /// Keeps a refusal if there is room. Never fails: the caller is refused anyway.
    func note(_ entry: AuditEntry) {
        let hour = entry.at.microseconds / 3_600_000_000
        let (isKept, omitted) = state.withLock { state -> (Bool, Int) in
            var omitted = 0
            if state.hour != hour {
                omitted = state.omitted
                state = State(hour: hour)
            }
            guard state.used < Self.perHour else {
                state.omitted += 1
                return (false, omitted)
            }
            state.used += 1
            return (true, omitted)
        }
        if omitted > 0 {
            write(
                AuditEntry(
                    .omitRefusals, of: "refusals", from: .none, at: entry.at,
                    detail: ["count": "\(omitted)"]))
        }
        if isKept { write(entry) }
    }

    private func write(_ entry: AuditEntry) {
        do throws(StoreFailure) {
            try audit.write(entry)
        } catch {
            logger.log(
                .warning, "a refusal could not be written into the audit", limitKey: "refusal",
                ["error": "\(error)"])
        }
    }
}
