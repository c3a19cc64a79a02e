import Domain
import Synchronization

/// Records the changes that it gets.
final class ChangeRecorder: ChangeSubscriber {
    private let calls = Mutex<[[StatusChange]]>([])
    private let onChange: @Sendable ([StatusChange]) -> Void

    /// - Parameter onChange: called with the changes before they are recorded.
    init(onChange: @escaping @Sendable ([StatusChange]) -> Void = { _ in }) {
        self.onChange = onChange
    }

    func statusesChanged(_ changes: [StatusChange]) {
        onChange(changes)
        calls.withLock { $0.append(changes) }
    }

    /// All changes in the order in which they came.
    var all: [StatusChange] { calls.withLock { $0.flatMap(\.self) } }

    /// The changes of a message, in the order in which they came.
    func changes(of message: MessageID) -> [Status] {
        all.filter { $0.message == message }.map(\.status)
    }

    /// Whether each call was in the order of the sequence.
    var isOrdered: Bool {
        calls.withLock { calls in
            calls.allSatisfy { call in
                zip(call, call.dropFirst()).allSatisfy { $0.sequence < $1.sequence }
            }
        }
    }
}
