/// What happens to a whole request.
enum Fault: Equatable {
    /// It is answered with this status and nothing of it is taken; `times` 0 is every time.
    case refuse(status: Int, times: Int = 0, retryAfter: Int? = nil)
    /// It is taken or not, and the connection closed without an answer; not taken only once.
    case close(takes: Bool)
    /// It is taken or not, and answered when callers have given up; not taken only once.
    case stall(takes: Bool)
    /// It is taken and answered slowly.
    case slow
    /// It is taken, and answered when all callbacks are acknowledged.
    case early
    /// Every second message of it is rejected.
    case halfBad

    /// How often a message meets a fault that takes nothing; nil if there is no end to it.
    var refusals: Int? {
        switch self {
        case .refuse(_, let times, _): times == 0 ? nil : times
        case .close(takes: false), .stall(takes: false): 1
        case .close, .stall, .slow, .early, .halfBad: 0
        }
    }
}

extension Behavior {
    /// What a message of this behaviour brings over its whole request.
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

    /// What becomes of a message that was taken.
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

    /// Whether a taken message tells nobody of itself.
    var isSilent: Bool { self == .lost || self == .forgotten }
}

/// What becomes of a message, whoever the provider is.
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
