/// One callback to be stored: the raw body, its reports, and its rejects for quarantine.
package struct Submission: Sendable {
    package let callback: ReceivedCallback
    package let reports: [Report]
    package let rejects: [Reject]

    package init(callback: ReceivedCallback, reports: [Report], rejects: [Reject]) {
        self.callback = callback
        self.reports = reports
        self.rejects = rejects
    }
}

/// Why a submission was not stored; the provider must repeat it.
package enum SinkFailure: Error, Hashable, Sendable {
    /// More waits than the bound allows, or than can be stored in time.
    case full
    /// The database cannot be reached, or did not answer in time.
    case unavailable
    /// We are shutting down.
    case stopping
}

/// Where reports become durable.
package protocol ReportSink: Sendable {
    /// Takes a submission and returns at once.
    ///
    /// The completion is called exactly once, on the sink's thread, after the commit or once it is
    /// known that there will be none. It must not block.
    func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void)
}
