/// One callback to be stored: the raw body, what it holds, and its rejects for quarantine.
package struct Submission: Sendable {
    package let callback: ReceivedCallback
    package let reports: [Report]
    package let inbound: [InboundMessage]
    package let optOuts: [OptOutNotice]
    package let rejects: [Reject]
    /// What becomes of the callback itself.
    package let archiving: Archiving
    /// What a replay of the rejects authenticates with; nil where there are none.
    package let credentials: CallbackCredentials?
    /// Rows of the quarantine that this settles: they go with the commit of the reports.
    package let released: [Int64]

    /// What becomes of the callback itself.
    package enum Archiving: Sendable {
        /// The archive gets it.
        case add
        /// The archive may have it already, and gets it unless it does. Others go first.
        case addIfMissing
        /// The archive has it already.
        case done
        /// The archive must not have it, since nobody vouches for it: the quarantine keeps it alone.
        case never

        /// Whether the archive is to have it and, as far as is known, has not.
        package var adds: Bool { self == .add || self == .addIfMissing }
    }

    package init(
        callback: ReceivedCallback, reports: [Report], inbound: [InboundMessage] = [],
        optOuts: [OptOutNotice] = [], rejects: [Reject],
        archiving: Archiving = .add, credentials: CallbackCredentials? = nil,
        released: [Int64] = []
    ) {
        self.callback = callback
        self.reports = reports
        self.inbound = inbound
        self.optOuts = optOuts
        self.rejects = rejects
        self.archiving = archiving
        self.credentials = credentials
        self.released = released
    }

    /// All that a callback holds.
    package init(
        _ parsed: ParsedCallback, of callback: ReceivedCallback,
        credentials: CallbackCredentials? = nil
    ) {
        self.init(
            callback: callback, reports: parsed.reports, inbound: parsed.inbound,
            optOuts: parsed.optOuts, rejects: parsed.rejects, credentials: credentials)
    }

    /// Whether there is something to store besides the callback and its rejects.
    package var hasContent: Bool {
        !(reports.isEmpty && inbound.isEmpty && optOuts.isEmpty && released.isEmpty)
    }

    /// The same with other reports and rejects.
    package func with(reports: [Report], rejects: [Reject]) -> Submission {
        Submission(
            callback: callback, reports: reports, inbound: inbound, optOuts: optOuts,
            rejects: rejects, archiving: archiving, credentials: credentials, released: released)
    }

    /// The same as something that may have been stored already, at least in part.
    package var asReplay: Submission {
        Submission(
            callback: callback, reports: reports, inbound: inbound, optOuts: optOuts,
            rejects: rejects, archiving: .addIfMissing, credentials: credentials,
            released: released)
    }

    /// The same as something whose callback is in the archive, with its rejects in quarantine; some
    /// of its reports may be missing.
    package var asArchived: Submission {
        Submission(
            callback: callback, reports: reports, inbound: inbound, optOuts: optOuts, rejects: [],
            archiving: .done, released: released)
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
