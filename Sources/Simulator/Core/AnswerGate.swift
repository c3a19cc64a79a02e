import Synchronization

/// Holds an answer back until the callbacks of its messages are acknowledged, or time is over.
final class AnswerGate: Sendable {
    fileprivate struct State {
        var expected = 0
        var arrived = 0
        var answer: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// One more message has to be acknowledged.
    func expect() { state.withLock { $0.expected += 1 } }

    /// A message was acknowledged; the last one sends the answer.
    func arrive() {
        let answer = state.withLock { state in
            state.arrived += 1
            return state.take(when: state.arrived >= state.expected)
        }
        answer?()
    }

    /// Sets the answer, and sends it if no message is waited for.
    func answer(_ body: @escaping @Sendable () -> Void) {
        let answer = state.withLock { state in
            state.answer = body
            return state.take(when: state.arrived >= state.expected)
        }
        answer?()
    }

    /// Sends the answer now, if it has not been sent.
    func open() {
        state.withLock { $0.take(when: true) }?()
    }
}

extension AnswerGate.State {
    fileprivate mutating func take(when condition: Bool) -> (@Sendable () -> Void)? {
        guard condition else { return nil }
        defer { answer = nil }
        return answer
    }
}
