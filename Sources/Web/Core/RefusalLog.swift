package import Domain
package import Telemetry

/// Writes requests that were refused for lack of rights into the audit, as far as its budget goes. Any
/// thread.
package struct RefusalLog: Sendable {
    /// Entries an hour, for each process.
    package static let perHour = 500

    private let budget = RefusalBudget(perHour: perHour)
    private let audit: any AuditWriter
    private let logger: Logger

    package init(_ audit: any AuditWriter, logger: Logger) {
        self.audit = audit
        self.logger = logger
    }

    /// Keeps a refusal if there is room. Never fails: the caller is refused anyway.
    func note(_ entry: AuditEntry) {
        for entry in budget.admit(entry) {
            do throws(StoreFailure) {
                try audit.write(entry)
            } catch {
                logger.log(
                    .warning, "a refusal could not be written into the audit", limitKey: "refusal",
                    ["error": "\(error)"])
            }
        }
    }
}
