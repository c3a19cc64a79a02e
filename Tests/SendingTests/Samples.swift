import Domain
import Testing

/// Gives the same numbers each time: the top of a range, or its bottom.
struct FixedNumbers: RandomNumberGenerator {
    var value: UInt64
    static let highest = FixedNumbers(value: .max)
    // Of 0 the standard library would draw again, for ever.
    static let lowest = FixedNumbers(value: 1)
    mutating func next() -> UInt64 { value }
}

enum Samples {
    static let start = Timestamp(microseconds: 1_790_000_000_000_000)
    static let problem = ProviderProblem(code: "E1", text: "No.")

    static func time(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    static func recipient(_ number: Int = 0) throws -> PhoneNumber {
        try PhoneNumber("+4179\(1_000_000 + number)")
    }

    static func outgoing(_ number: Int = 0, validityMinutes: Int? = nil) throws -> OutgoingMessage {
        OutgoingMessage(
            id: MessageID(high: 7, low: UInt64(number)),
            sendRequest: SendRequestID(high: 1, low: 1),
            recipient: try recipient(number), sender: "Waybill", text: "Hello",
            validityMinutes: validityMinutes)
    }

    static func leased(
        _ number: Int = 0, attempt: Int = 1, giveUpIn seconds: Int = 86_400,
        validityMinutes: Int? = nil, batchLimit: Int? = nil,
        earlierStop: LeasedMessage.EarlierStop? = nil
    ) throws -> LeasedMessage {
        LeasedMessage(
            outgoing: try outgoing(number, validityMinutes: validityMinutes), provider: .infobip,
            attempt: attempt, giveUpAt: time(seconds), batchLimit: batchLimit,
            earlierStop: earlierStop)
    }

    static func lease(_ messages: [LeasedMessage], number: Int = 9) -> Lease {
        Lease(
            id: LeaseID(high: 9, low: UInt64(number)), provider: .infobip, messages: messages,
            leasedAt: start)
    }

    static func check(
        isUnsure: Bool, status: Status = .unknown, attempts: Int = 1, checks: Int = 0,
        validityMinutes: Int? = nil, giveUpIn seconds: Int = 86_400, name: String? = nil
    ) throws -> OutboxCheck {
        OutboxCheck(
            lookUp: MessageLookUp(
                id: MessageID(high: 7, low: 0), providerMessageID: name,
                recipient: try recipient(), sentAt: start),
            isUnsure: isUnsure, status: status, attempts: attempts,
            checks: checks, validityMinutes: validityMinutes, giveUpAt: time(seconds))
    }

    static func report(_ status: Status) -> Report {
        Report(
            message: MessageID(high: 7, low: 0), isKeyDerived: false, provider: .plivo,
            providerMessageID: "p-1", status: status,
            outcome: Outcome(provider: .plivo),
            source: .poll)
    }
}
