package import Domain

/// What tells a report from all others.
package struct ReportKey: Hashable, Sendable {
    package let message: MessageID
    package let fingerprint: Int64

    package init(message: MessageID, fingerprint: Int64) {
        self.message = message
        self.fingerprint = fingerprint
    }

    /// That of a report.
    package init(_ report: Report) {
        self.init(message: report.message, fingerprint: report.fingerprint)
    }
}
