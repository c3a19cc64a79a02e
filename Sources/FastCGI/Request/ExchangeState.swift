/// Who may touch an exchange's request, as a pure state machine.
struct ExchangeState: Sendable {
    enum Phase: Sendable {
        /// Exits: answered (an answer, a stream).
        case open
        /// The request belongs to the thread that answers, which frees it. No exit.
        case answered
    }

    enum Input: Sendable, Equatable {
        /// All of it, which nobody has taken. Exits: taken, refused.
        case whole([UInt8])
        /// Read, and it was what CONTENT_LENGTH said. No exit.
        case taken
        /// CONTENT_LENGTH was not a number, beyond the reader's limit, or not the body's length. No
        /// exit.
        case refused
        /// It was beyond the listener's limit and is dropped; the peer may still be sending. No
        /// exit.
        case tooLarge
    }

    private(set) var phase = Phase.open
    private(set) var input: Input
    /// Header lines that every answer gets, whoever gives it.
    var headerLines: [UInt8] = []

    init(input: consuming Input) { self.input = input }

    /// Parameters live until the answer.
    var isReadable: Bool { phase != .answered }

    /// Gives the body, once.
    ///
    /// - Parameters:
    ///   - length: What CONTENT_LENGTH says, 0 without one; nil when it is not a number.
    ///   - isTold: Whether there is a length at all; else the end of the input says it.
    ///   - limit: The most bytes the reader takes.
    /// - Returns: As many bytes as the length says.
    /// - Throws: As `Exchange.readBody`.
    mutating func takeBody(
        length: Int?, isTold: Bool, limit: Int
    ) throws(FastCGIError) -> [UInt8] {
        guard phase == .open else { throw FastCGIError(.bodyUnavailable, "body") }
        switch input {
        case .taken, .refused:
            throw FastCGIError(.bodyUnavailable, "body")
        case .tooLarge:
            throw FastCGIError(.bodyTooLarge, "\(limit) bytes")
        case .whole(let body):
            input = .refused
            guard let length = isTold ? length : body.count else {
                throw FastCGIError(.malformedLength, "body")
            }
            guard length <= limit else {
                throw FastCGIError(.bodyTooLarge, "\(limit) bytes")
            }
            guard body.count == length else {
                throw FastCGIError(.lengthMismatch, "body")
            }
            // An empty body stays `whole`: it can be read again, and the connection can be kept.
            input = length == 0 ? .whole([]) : .taken
            return body
        }
    }

    /// Takes the request for good; nothing when that was done before.
    mutating func beginAnswer() -> (input: Input, headerLines: [UInt8])? {
        guard phase == .open else { return nil }
        phase = .answered
        return (input, headerLines)
    }
}

extension ExchangeState.Input {
    /// What happens to the connection after a complete answer.
    func outcome(kept: Bool) -> ConnectionOutcome {
        switch self {
        case .taken: kept ? .keep : .close
        // A body that was not read, or whose length is wrong, hints at a faulty peer: do not keep
        // it.
        case .whole(let body): kept && body.isEmpty ? .keep : .close
        case .refused: .close
        case .tooLarge: .discard
        }
    }
}
