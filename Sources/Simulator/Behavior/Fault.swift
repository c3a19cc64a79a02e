/// What happens to a whole request.
enum Fault: Equatable {
    /// It gets this status and none of it is accepted; `times` 0 is every time.
    case refuse(status: Int, times: Int = 0, retryAfter: Int? = nil)
    /// The connection is closed without an answer; if the request is not accepted, only once.
    case close(takes: Bool)
    /// It is answered after callers have given up; if the request is not accepted, only once.
    case stall(takes: Bool)
    /// It is accepted and answered slowly.
    case slow
    /// It is accepted, and answered when all callbacks are acknowledged.
    case early
    /// Every second message of it is rejected.
    case halfBad

    /// How often a message meets a fault that accepts nothing; nil for always.
    var refusals: Int? {
        switch self {
        case .refuse(_, let times, _): times == 0 ? nil : times
        case .close(takes: false), .stall(takes: false): 1
        case .close, .stall, .slow, .early, .halfBad: 0
        }
    }
}

extension Behavior {
    /// The fault that a message of this behaviour causes for its whole request.
    var fault: Fault? {
        switch self {
        case .badRequest: .refuse(status: 400)
        case .unauthorized: .refuse(status: 401)
        case .forbidden: .refuse(status: 403)
        case .tooMany: .refuse(status: 429, times: 1, retryAfter: 1)
        case .serverError: .refuse(status: 500)
        case .unavailable: .refuse(status: 503, times: 2)
        case .closedAfter: .close(takes: true)
        case .closedBefore: .close(takes: false)
        case .timeoutAfter: .stall(takes: true)
        case .timeoutBefore: .stall(takes: false)
        case .slow: .slow
        case .early: .early
        case .halfBad: .halfBad
        default: nil
        }
    }

    /// The final status of an accepted message.
    var finalStatus: FinalStatus {
        switch self {
        case .undeliverable: .undeliverable
        case .absent: .absent
        case .expired: .expired
        case .rejected: .rejected
        case .optedOut: .optedOut
        case .outOfCredit: .outOfCredit
        case .spam: .spam
        case .stuck: .stuck
        case .finalStatusUnknown: .finalStatusUnknown
        default: .delivered
        }
    }

    /// Whether an accepted message has no callbacks.
    var isSilent: Bool { self == .lost || self == .forgotten }
}

/// The final status of a message, for any provider.
enum FinalStatus: Sendable {
    case delivered
    case undeliverable
    case absent
    case expired
    case rejected
    case optedOut
    case outOfCredit
    case spam
    case stuck
    case finalStatusUnknown

    /// Whether the message never leaves the provider.
    var failsAtOnce: Bool {
        switch self {
        case .rejected, .optedOut, .outOfCredit: true
        default: false
        }
    }
}
