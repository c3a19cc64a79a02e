import Domain
import Synchronization

/// Goes through the messages that a provider accepted, round after round, and removes those whose
/// final status is known, so that the outbox holds no more than is still open.
///
/// Most reports come within seconds, but the first status query about a message within the hour: by
/// then 2,000 messages a second would be seven millions. One thread.
final class SettledWalk: Sendable {
    private struct State {
        var place: Timestamp?
        var restUntil: Timestamp?
        var hasDropped = false
    }

    private let provider: Provider
    private let outbox: any Outbox
    private let state = Mutex(State())

    /// Five times as many as arrive at 2,000 a second, with one portion a second.
    private static let portion = 10_000
    /// After a round that found nothing to remove.
    private static let rest = Duration.seconds(10)

    init(_ provider: Provider, outbox: any Outbox) {
        self.provider = provider
        self.outbox = outbox
    }

    /// Checks the next portion.
    func go(at now: Timestamp) throws(StoreFailure) {
        let (place, rests) = state.withLock { state in
            (state.place, state.restUntil.map { now < $0 } ?? false)
        }
        guard !rests else { return }
        let (dropped, next) = try outbox.dropSettled(
            of: provider, after: place, limit: Self.portion)
        state.withLock { state in
            state.hasDropped = state.hasDropped || dropped > 0
            state.place = next
            guard next == nil else { return }
            state.restUntil = state.hasDropped ? nil : now.advanced(by: Self.rest)
            state.hasDropped = false
        }
    }
}
