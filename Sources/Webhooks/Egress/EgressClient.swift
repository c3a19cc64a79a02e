private import Synchronization
package import System

/// Makes requests to the egress proxy over its Unix socket, thousands at the same time, on one thread.
package final class EgressClient: EgressTransport {
    private struct Order: Sendable {
        let bytes: [UInt8]
        let deadline: ContinuousClock.Instant
        let completion: @Sendable (EgressOutcome) -> Void
    }

    private let path: String
    private let inbox = Mutex<[Order]>([])
    private let thread = ServiceThread("egress")
    private let wakeup: EventDescriptor

    /// Starts its thread.
    ///
    /// - Parameter path: of the proxy's socket.
    /// - Throws: `SystemError` for a path that is none, or when there are no descriptors left.
    package init(path: String) throws(SystemError) {
        let address = try UnixAddress(path: path)
        self.path = path
        wakeup = try EventDescriptor()
        let loop = EgressLoop(address, wakeup.descriptor)
        thread.startOrAbort(interrupt: { [weak self] in self?.wakeup.signal() }) {
            [self] in run(loop)
        }
    }

    package func send(
        _ request: EgressRequest, within limit: Duration,
        _ completion: @escaping @Sendable (EgressOutcome) -> Void
    ) {
        let order = Order(
            bytes: request.bytes, deadline: .now + limit, completion: completion)
        inbox.withLock { $0.append(order) }
        wakeup.signal()
    }

    /// Ends the thread; requests without an answer fail.
    package func stop() {
        thread.stop()
        thread.join()
    }

    private func run(_ loop: EgressLoop) {
        var loop = loop
        while true {
            wakeup.clear()
            let orders = inbox.withLock { inbox in
                defer { inbox = [] }
                return inbox
            }
            for order in orders {
                loop.begin(order.bytes, until: order.deadline, order.completion)
            }
            if thread.isStopping {
                loop.endAll()
                return
            }
            loop.turn()
        }
    }
}

/// What a request came to.
package enum EgressOutcome: Sendable {
    case answer(EgressAnswer)
    /// Nothing came in time; an answer may have been under way.
    case timedOut
    /// The proxy itself cannot be reached, or does not answer; for people.
    case proxyFailed(String)
}

/// Makes requests; a seam for tests.
package protocol EgressTransport: Sendable {
    /// The completion comes on another thread, in time.
    func send(
        _ request: EgressRequest, within limit: Duration,
        _ completion: @escaping @Sendable (EgressOutcome) -> Void)
}
