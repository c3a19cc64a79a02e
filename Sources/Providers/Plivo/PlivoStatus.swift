import Domain

extension Status {
    /// What Plivo's `Status` means.
    ///
    /// `read` comes only of WhatsApp, and only after `delivered`. A status that is new is
    /// `unknown`, which is not final. Source: Plivo's documentation,
    /// messaging/concepts/message-status-callbacks.
    init(plivo word: String) {
        switch Word.normalized(word) {
        case "QUEUED": self = .accepted
        case "SENT": self = .sent
        case "DELIVERED", "READ": self = .delivered
        case "UNDELIVERED": self = .undeliverable
        case "FAILED": self = .failed
        case "REJECTED": self = .rejected
        default: self = .unknown
        }
    }

    /// Which of Plivo's times says when this status was reached: the first one that is given.
    ///
    /// A callback repeats the times of the earlier steps, so the status says which one is its own.
    /// A message that failed before it was sent has neither a receipt's time nor that of sending;
    /// then the queue's is the last known.
    var plivoTimes: [PlivoField] {
        switch self {
        case .accepted, .queued: [.queuedTime, .messageTime]
        case .sent: [.sentTime, .queuedTime, .messageTime]
        case .delivered, .undeliverable, .expired, .rejected, .failed, .unknown, .cancelled,
            .partiallyDelivered:
            [.deliveryReportTime, .sentTime, .queuedTime, .messageTime]
        }
    }
}

/// The parameters that have a column; all others go into the report's attributes.
enum PlivoField: String, CaseIterable {
    case messageUUID = "MessageUUID"
    case status = "Status"
    case errorCode = "ErrorCode"
    case from = "From"
    case to = "To"
    case units = "Units"
    case totalAmount = "TotalAmount"
    case mobileCountryCode = "MCC"
    case mobileNetworkCode = "MNC"
    case messageTime = "MessageTime"
    case queuedTime = "QueuedTime"
    case sentTime = "SentTime"
    case deliveryReportTime = "DeliveryReportTime"
}
