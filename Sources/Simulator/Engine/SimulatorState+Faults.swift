import Domain

/// The parts of a requested message that decide about faults.
struct RequestedMessage {
    let recipient: String
    let fingerprint: UInt64
    let behavior: Behavior
}

extension SimulatorState {
    /// The behaviour of a recipient's messages; nothing else decides it.
    func behavior(of recipient: String) -> Behavior {
        Behavior(recipient: recipient) ?? settings.behavior
    }

    /// What happens to a request with these messages, and which of them causes it.
    ///
    /// The first message with a fault decides. One that was accepted before, or has been refused
    /// often enough, has none.
    mutating func fault(of messages: [RequestedMessage]) -> (fault: Fault, index: Int)? {
        counts.messagesReceived += messages.count
        counts.largestRequest = max(counts.largestRequest, messages.count)
        guard let found = findFault(messages) else { return nil }
        switch found.fault {
        case .refuse, .close(takes: false), .stall(takes: false):
            counts.requestsRefused += 1
            for message in messages { book.refuse(message.fingerprint) }
        case .close, .stall, .slow, .early, .halfBad: break
        }
        return found
    }

    private mutating func findFault(_ messages: [RequestedMessage]) -> (fault: Fault, index: Int)? {
        if queue.isFull { return (.refuse(status: 503, retryAfter: 1), 0) }
        if settings.fail_next > 0, let fault = settings.fail_with.fault {
            settings.fail_next -= 1
            return (fault, 0)
        }
        for (index, message) in messages.enumerated() {
            guard let fault = message.behavior.fault,
                book.serial(ofFingerprint: message.fingerprint) == nil
            else { continue }
            if let limit = fault.refusals, limit > 0,
                book.refusals(of: message.fingerprint) >= limit
            {
                continue
            }
            return (fault, index)
        }
        return nil
    }

    /// When a request of this fault is answered.
    func moment(of fault: Fault?, gate: AnswerGate?) -> SimulatorReply.Moment {
        switch fault {
        case .stall: .after(.milliseconds(settings.timeout_ms))
        case .slow: .after(.milliseconds(settings.slow_ms))
        case .early: gate.map { .behind($0) } ?? .now
        case .refuse, .close, .halfBad, nil: .now
        }
    }
}
