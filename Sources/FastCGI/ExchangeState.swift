/// Who may touch an exchange's request, as a pure state machine.
struct ExchangeState: Sendable {
    enum Phase: Sendable {
        /// Exits: reading (`readBody`), answered (an answer, a stream).
        case open
        /// A thread reads the body; parameters stay readable. Exits: open.
        case reading
        /// The request belongs to the one who answers, and is freed then. No exit.
        case answered
    }

    enum Input: Sendable, Equatable {
        /// No body was declared, none came, and its end was read. The connection is in step.
        case absent
        /// No body was declared, but one came.
        case excess
        /// Nothing of it was read. Exits: ended, broken, excess.
        case unread
        /// Read to its end. The connection is in step.
        case ended
        /// The peer failed in the middle of it.
        case broken
    }

    private(set) var phase = Phase.open
    private(set) var input: Input

    init(input: Input) { self.input = input }

    /// Parameters live until the answer.
    var isReadable: Bool { phase != .answered }

    /// What to read: the state of the input, or nothing when another thread is at it.
    mutating func beginReading() -> Input? {
        guard phase == .open else { return nil }
        phase = .reading
        return input
    }

    mutating func endReading(_ input: Input) {
        phase = .open
        self.input = input
    }

    /// Takes the request for good; nothing when that was done before, or somebody reads.
    mutating func beginAnswer() -> Input? {
        guard phase == .open else { return nil }
        phase = .answered
        return input
    }
}

extension ExchangeState.Input {
    /// What becomes of the connection behind a complete answer.
    func outcome(kept: Bool) -> ServerState.Outcome {
        switch self {
        case .absent, .ended: kept ? .keep : .close
        // Records of the body may still come, so the connection is out of step.
        case .unread, .excess: .discard
        case .broken: .close
        }
    }
}
