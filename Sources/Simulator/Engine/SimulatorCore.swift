import Domain
import Synchronization
import System

/// The state, and the thread that sends callbacks from it.
///
/// One thread finds what is due and makes the requests; everything else only wakes it.
final class SimulatorCore: Sendable {
    let state: Mutex<SimulatorState>
    private let providers: [any SimulatedProvider]
    private let relay: CallbackRelay
    private let transport: any HTTPTransport
    private let thread = ServiceThread("callbacks")

    /// How long a callback may take. Source: providers.md, B.2 (Plivo); Infobip's is not known.
    private static let patience = Duration.seconds(8)

    init(
        _ settings: SimulatorSettings, providers: [any SimulatedProvider], relay: CallbackRelay,
        transport: any HTTPTransport
    ) {
        state = Mutex(SimulatorState(settings))
        self.providers = providers
        self.relay = relay
        self.transport = transport
        thread.startOrAbort { [self] in
            while !thread.isStopping { pump() }
        }
    }

    /// The provider of the API that a message came through.
    func provider(of api: API) -> (any SimulatedProvider)? {
        providers.first { $0.provider == api.provider }
    }

    /// The provider of a name; the first one for none.
    func provider(named name: String?) -> (any SimulatedProvider)? {
        providers.first { name == nil || $0.name == name }
    }

    /// The provider of the API that a path belongs to; nil if there is none.
    func provider(at path: String) -> (any SimulatedProvider)? {
        providers.first { path.hasPrefix($0.pathPrefix) }
    }

    /// Wakes the thread. Any thread.
    func wake() { thread.wake() }

    /// Sends no more callbacks.
    func stop() { thread.stop() }

    /// Sends what is due, and waits until more is.
    private func pump() {
        let now = Timestamp.now
        let (work, posts, nextLook) = state.withLock { state in
            let (deliveries, nextReport) = state.pump(at: now)
            let posts = state.inbound.take(at: now)
            let nextLook = [nextReport, state.inbound.nextPost].compactMap { $0 }.min()
            let work = deliveries.map { delivery in
                // A copy of each record, so that bodies are written outside of the lock.
                (
                    delivery,
                    delivery.items.filter { state.book.has($0.serial) }
                        .map { (item: $0, record: state.book[$0.serial]) }
                )
            }
            return (work, posts, nextLook)
        }
        for (delivery, items) in work { send(delivery, items) }
        for post in posts { send(post) }
        if let nextLook {
            thread.wait(for: max(.zero, nextLook.since(now)))
        } else {
            thread.wait()
        }
    }

    // MARK: Requests

    private func send(_ delivery: Delivery, _ items: [(item: CallbackItem, record: MessageRecord)])
    {
        // Removed meanwhile: there is nothing to report.
        guard !items.isEmpty, let provider = provider(of: delivery.api),
            let request = provider.callback(delivery, items)
        else { return finish(delivery, isAcknowledged: true) }
        transport.send(relay.request(for: request), within: Self.patience) { [self] result in
            let isAcknowledged =
                if case .answered(let response) = result {
                    (200..<300).contains(response.status)
                } else { false }
            finish(delivery, isAcknowledged: isAcknowledged)
        }
    }

    /// Posts what somebody sent; one that is not acknowledged is repeated as a report is.
    private func send(_ post: InboundPost) {
        transport.send(relay.request(for: post.request), within: Self.patience) {
            [self] result in
            let isAcknowledged =
                if case .answered(let response) = result {
                    (200..<300).contains(response.status)
                } else { false }
            let delay = provider(named: post.provider)?.retryDelay(afterAttempt: post.attempt)
            state.withLock { state in
                if isAcknowledged {
                    state.inbound.acknowledged(post)
                } else if let delay {
                    var next = post
                    next.attempt += 1
                    state.inbound.schedule(
                        next, due: .now.advanced(by: delay * state.settings.retry_scale))
                }
            }
            wake()
        }
    }

    private func finish(_ delivery: Delivery, isAcknowledged: Bool) {
        let retryDelay = provider(of: delivery.api)?.retryDelay(afterAttempt: delivery.attempt)
        let gates = state.withLock {
            $0.finish(
                delivery, isAcknowledged: isAcknowledged, retryDelay: retryDelay, at: .now)
        }
        for gate in gates { gate.arrive() }
        wake()
    }
}
