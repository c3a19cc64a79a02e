import Synchronization

/// Counts calls from any thread.
final class CallCounter: Sendable {
    private let count = Atomic<Int>(0)

    /// The number of this call, from 1.
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }

    var value: Int { count.load(ordering: .relaxed) }
}
