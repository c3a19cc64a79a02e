import Domain

/// One of the simulated providers; the folder of each has its number.
struct PlayedProvider: Sendable, Hashable {
    let number: UInt8
}

/// The API through which a message came; it decides the shape of answers and reports.
struct API: Sendable, Hashable {
    let provider: PlayedProvider
    let version: UInt8
    /// Whether reports for one URL are sent together, and not each in a callback of its own.
    let gathersReports: Bool
    /// Whether the provider chooses the names, so that a message sent twice becomes two messages.
    let namesMessages: Bool
}

/// A provider's name for a message. Most are UUIDs, which take a fifth of a text's memory.
enum MessageName: Hashable, Sendable, CustomStringConvertible {
    case uuid(MessageID)
    case text(String)

    init(_ text: String) {
        self = MessageID(text).map { .uuid($0) } ?? .text(text)
    }

    var description: String {
        switch self {
        case .uuid(let id): id.description
        case .text(let text): text
        }
    }
}

/// How far a message has come.
enum Stage: UInt8, Sendable, Comparable {
    case accepted = 0
    case sent = 1
    case done = 2

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The stages of a message that its provider reports.
struct ReportedStages: OptionSet, Sendable {
    let rawValue: UInt8

    static let accepted = ReportedStages(rawValue: 1 << Stage.accepted.rawValue)
    static let sent = ReportedStages(rawValue: 1 << Stage.sent.rawValue)
    static let done = ReportedStages(rawValue: 1 << Stage.done.rawValue)

    func contains(_ stage: Stage) -> Bool { rawValue & 1 << stage.rawValue != 0 }
}

/// A message that was accepted.
struct MessageRecord: Sendable {
    let api: API
    /// Infobip: chosen by the caller; Plivo: ours.
    let name: MessageName
    let recipient: String
    let sender: String?
    let text: String
    /// Where its callbacks go; nil if it wants none.
    let url: String?
    /// Plivo: whether callbacks are made by GET.
    let usesGet: Bool
    let callbackData: String?
    let bulkID: String?
    /// Which stages are reported; see `isReported(_:)`.
    let reportedStages: ReportedStages
    let behavior: Behavior
    /// The number of SMS that it takes.
    let segments: Int
    /// How many callbacks report it, one per part.
    let reportedParts: Int
    /// Equal for what counts as one message that was sent twice.
    let fingerprint: UInt64
    let acceptedAt: Timestamp
    /// When it is to be sent; nil for at once.
    var sendAt: Timestamp?
    /// How long delivery is tried, if the caller set it.
    var validity: Duration?

    var stage = Stage.accepted
    var sentAt: Timestamp?
    var doneAt: Timestamp?
    /// Whether its validity ran out before a final status.
    var isExpired = false
    /// Requests that held it, refused ones included.
    var timesReceived = 1
    /// Requests that were accepted with it: more than 1 is a message sent twice.
    var timesAccepted = 1
    var callbacksSent = 0
    var callbacksAcknowledged = 0
    /// Whether `/reports` has returned its report.
    var isReported = false
    /// The serial of the record before this one with the same recipient.
    var previous: Int?

    var finalStatus: FinalStatus { isExpired ? .expired : behavior.finalStatus }

    /// When the provider begins with it.
    var startsAt: Timestamp { max(acceptedAt, sendAt ?? acceptedAt) }

    /// Whether a stage is reported. A message that never ends reports that it was sent, because it
    /// has no other report.
    func isReported(_ stage: Stage) -> Bool {
        reportedStages.contains(stage) || stage == .sent && finalStatus == .stuck
    }

    /// The name of one of its parts, from 1 on; the first one's is the message's own.
    func name(ofPart part: Int) -> MessageName {
        guard part > 1, case .uuid(let id) = name else { return name }
        return .uuid(MessageID(high: id.high, low: id.low &+ UInt64(part - 1)))
    }

    /// The final status of a part.
    func finalStatus(ofPart part: Int) -> FinalStatus {
        behavior == .parts && part % 2 == 0 ? .undeliverable : finalStatus
    }

    /// Whether queries find it.
    var isKnown: Bool { behavior != .forgotten }
}
