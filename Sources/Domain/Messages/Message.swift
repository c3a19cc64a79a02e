/// A message and its current status, as the API shows it.
package struct Message: Sendable {
    package let id: MessageID
    package let provider: Provider
    package let providerMessageID: String?
    package let status: Status
    /// Whether it was sent through us; otherwise we know it only from reports.
    package let isOurs: Bool
    package let recipient: String?
    package let sender: String?
    /// When we first knew of it: when it was accepted, or when the first report of it arrived.
    package let createdAt: Timestamp
    /// When we last changed it or got a report about it. Never falls, and like all else does not
    /// depend on the order in which its reports were stored.
    package let updatedAt: Timestamp
    /// The report that decides the status; nil before the first one.
    package let decisive: RecordedReport?
    /// The details that only a message of ours has; nil for others.
    package let sending: SendDetails?
    /// Its parts, where the provider reports on them one by one; nil otherwise.
    package let parts: MessageParts?
    /// Whether there is work left for it: to send it, or to query its final status. Then its status
    /// will change without any report.
    package let isOpen: Bool
    /// The country of the recipient's number, ISO 3166 alpha-2; nil if it is not known.
    package let country: String?

    package init(
        id: MessageID, provider: Provider, providerMessageID: String?, status: Status,
        isOurs: Bool, recipient: String?, sender: String?, createdAt: Timestamp,
        updatedAt: Timestamp, decisive: RecordedReport?, sending: SendDetails? = nil,
        parts: MessageParts? = nil, isOpen: Bool = false, country: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.providerMessageID = providerMessageID
        self.status = status
        self.isOurs = isOurs
        self.recipient = recipient
        self.sender = sender
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.decisive = decisive
        self.sending = sending
        self.parts = parts
        self.isOpen = isOpen
        self.country = country
    }
}

extension Message {
    /// Our own event, if that decides the status and not a report.
    package var decisiveEvent: SendEvent? {
        guard let event = sending?.lastProblem else { return nil }
        switch status {
        case .queued, .unknown, .failed, .rejected, .expired: break
        // An earlier problem is not the reason for the cancellation.
        case .cancelled: return event.kind == .cancelled ? event : nil
        case .accepted, .sent, .delivered, .undeliverable, .partiallyDelivered: return nil
        }
        return decisive == nil || isDecidedByUs ? event : nil
    }

    /// Whether our own result decides the status, though there are reports.
    package var isDecidedByUs: Bool {
        guard isOurs, let decisive, parts?.settlement?.status != status else { return false }
        return decisive.report.messageStatus != status
    }

    /// What all parts add up to, if their own reports decide; nil where one report says it of the whole.
    package var settlement: MessageParts.Settlement? {
        decisive?.report.part == nil ? nil : parts?.settlement
    }

    /// The status that is shown, with the parts taken into account.
    package var shownStatus: Status {
        guard let whole = parts?.status, whole.isFinal || !isDecidedByUs else { return status }
        return whole
    }

    /// The statuses of its parts, if there are several: from their own reports if there are any,
    /// otherwise all like the message. Agrees with `shownStatus`.
    package var partCounts: PartCounts? {
        if let parts { return parts.counts }
        let total = decisive?.report.segments.map(Int.init) ?? sending?.segments ?? 0
        return total > 1 ? PartCounts(total: total, all: shownStatus) : nil
    }
}

/// The details of a message that we sent.
package struct SendDetails: Sendable, Equatable {
    package let sendRequest: SendRequestID
    /// Nil of a message from before anybody noted it.
    package let submitter: Submitter?
    package let segments: Int
    package let encoding: Segmentation.Encoding
    package let validityMinutes: Int?
    package let sendAt: Timestamp?
    package let callbackData: String?
    /// The caller's own, a JSON object.
    package let metadata: String?
    /// What it says; nil where it was not asked for.
    package let text: String?
    /// Times that it was submitted to a provider.
    package let attempts: Int
    /// The latest event with a reason from the provider or us; nil if there is none.
    package let lastProblem: SendEvent?

    package init(
        sendRequest: SendRequestID, submitter: Submitter? = nil, segments: Int,
        encoding: Segmentation.Encoding, validityMinutes: Int?, sendAt: Timestamp?,
        callbackData: String?, metadata: String?, text: String? = nil, attempts: Int,
        lastProblem: SendEvent?
    ) {
        self.sendRequest = sendRequest
        self.submitter = submitter
        self.segments = segments
        self.encoding = encoding
        self.validityMinutes = validityMinutes
        self.sendAt = sendAt
        self.callbackData = callbackData
        self.metadata = metadata
        self.text = text
        self.attempts = attempts
        self.lastProblem = lastProblem
    }
}

/// A report in the ledger, with its time of receipt and its callback.
package struct RecordedReport: Sendable {
    package let report: Report
    package let receivedAt: Timestamp
    /// The archived callback that brought it first.
    package let callback: CallbackID
    /// The stored number, which a later version of the rule may compute differently.
    package let precedence: Precedence
    package let fingerprint: Int64

    package init(
        report: Report, receivedAt: Timestamp, callback: CallbackID, precedence: Precedence,
        fingerprint: Int64
    ) {
        self.report = report
        self.receivedAt = receivedAt
        self.callback = callback
        self.precedence = precedence
        self.fingerprint = fingerprint
    }
}
