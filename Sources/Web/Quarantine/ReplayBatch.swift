import Domain
import JSON
import Synchronization

/// Counts what comes of many replays, and answers once all have ended. Any thread.
final class ReplayBatch: Sendable {
    private struct State {
        var open: Int
        var replayed = 0
        var reports = 0
        var released = 0
        var refused = 0
        var unreadable = 0
        var failed = 0
        var notStored = 0
    }

    private let state: Mutex<State>
    private let callbacks: Int
    private let next: Int64?
    private let answer: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - callbacks: how many replays there are.
    ///   - next: where the next call goes on; nil if nothing is left.
    ///   - answer: gets the document, once, when all have ended and `finish` was called.
    init(callbacks: Int, next: Int64?, answer: @escaping @Sendable ([UInt8]) -> Void) {
        self.callbacks = callbacks
        self.next = next
        self.answer = answer
        // One more for whoever begins them.
        state = Mutex(State(open: callbacks + 1))
    }

    /// One of them has ended.
    func add(_ result: QuarantineReplay.Result) {
        end { state in
            switch result {
            case .replayed(let outcome):
                state.replayed += 1
                state.reports += outcome.reports
                state.released += outcome.released
            case .refused, .notReceived: state.refused += 1
            case .unreadable: state.unreadable += 1
            case .failed: state.failed += 1
            case .notStored: state.notStored += 1
            }
        }
    }

    /// All have begun.
    func finish() { end { _ in } }

    private func end(_ change: (inout State) -> Void) {
        let last = state.withLock { state -> State? in
            change(&state)
            state.open -= 1
            return state.open == 0 ? state : nil
        }
        guard let last else { return }
        answer(
            JSONWriter.document { json in
                json.member("callbacks", callbacks)
                json.member("replayed", last.replayed)
                json.member("reports", last.reports)
                json.member("released", last.released)
                json.member("refused", last.refused)
                json.member("unreadable", last.unreadable)
                json.member("gone", last.failed)
                json.member("not_stored", last.notStored)
                json.member("next", next)
            })
    }
}
