internal import Glibc
internal import System

/// Identifies a stream for as long as the process lives.
package struct StreamID: Hashable, Sendable {
    let number: UInt64
}

/// Why a stream ended.
package enum StreamEnd: Sendable, Equatable {
    /// The browser or nginx closed.
    case peerClosed
    /// More bytes than the limit waited for it.
    case tooSlow
    /// By `close` or a drain; everything was written.
    case closed
    /// By a drain whose deadline passed before everything was written.
    case cutOff
}

/// Writes to many open streams from one thread.
///
/// Every method may be called from any thread and none waits for a peer: bytes are queued in order
/// for the hub's thread. A hub lives until it is drained, because its thread holds it.
package final class StreamHub: Sendable {
    /// The bounds of a hub.
    package struct Limits: Sendable, Equatable {
        /// Streams open at a time, 1...1,000,000.
        package var maxStreams: Int
        /// Bytes that may wait for one peer before its stream is closed, 1...1 GiB.
        package var streamBytes: Int
        /// Bytes that may wait for the hub's thread, 1...1 GiB; a broadcast counts once.
        package var queueBytes: Int

        /// Limits that suit browsers that follow small events.
        package init(
            maxStreams: Int = 10_000, streamBytes: Int = 256 << 10, queueBytes: Int = 16 << 20
        ) {
            self.maxStreams = maxStreams
            self.streamBytes = streamBytes
            self.queueBytes = queueBytes
        }

        func check() throws(FastCGIError) {
            guard (1...1_000_000).contains(maxStreams) else {
                throw FastCGIError(.badLimit, "maxStreams \(maxStreams)")
            }
            guard (1...1 << 30).contains(streamBytes) else {
                throw FastCGIError(.badLimit, "streamBytes \(streamBytes)")
            }
            guard (1...1 << 30).contains(queueBytes) else {
                throw FastCGIError(.badLimit, "queueBytes \(queueBytes)")
            }
        }
    }

    struct State: Sendable {
        var commands: [StreamCommand] = []
        var queuedBytes = 0
        /// Reserved or alive.
        var open = 0
        var isDraining = false
        /// The thread has ended, and nothing reads the queue any more.
        var isOver = false
        var nextID: UInt64 = 1
    }

    /// The bounds of this hub.
    package let limits: Limits
    let poller: Poller
    let wakeup: EventDescriptor
    let thread = ServiceThread("streams")
    let monitor = Monitor(State())
    let onClose: @Sendable (StreamID, StreamEnd) -> Void

    /// Starts the hub's thread.
    ///
    /// - Parameters:
    ///   - limits: The bounds.
    ///   - onClose: Called once for every stream that ended, on the hub's thread; must not block.
    /// - Returns: The hub.
    /// - Throws: `badLimit`, or `system`.
    package static func start(
        limits: Limits = Limits(),
        onClose: @escaping @Sendable (StreamID, StreamEnd) -> Void = { _, _ in }
    ) throws(FastCGIError) -> StreamHub {
        try limits.check()
        let hub = try StreamHub(limits: limits, onClose: onClose)
        do throws(SystemError) {
            try hub.thread.start(interrupt: { hub.wakeup.signal() }) {
                var loop = StreamLoop(hub)
                loop.run()
            }
        } catch {
            throw FastCGIError(error)
        }
        return hub
    }

    private init(
        limits: Limits, onClose: @escaping @Sendable (StreamID, StreamEnd) -> Void
    ) throws(FastCGIError) {
        self.limits = limits
        self.onClose = onClose
        poller = try Poller()
        do throws(SystemError) {
            wakeup = try EventDescriptor()
        } catch {
            throw FastCGIError(error)
        }
        guard poller.add(wakeup.descriptor, id: 0, .input) else {
            throw .system("epoll_ctl", ENOSPC)
        }
    }

    /// The streams open now.
    package var count: Int { monitor.withLock { $0.open } }

    /// Answers an exchange with a stream of this hub.
    ///
    /// - Parameters:
    ///   - exchange: One whose answer is the stream.
    ///   - status: Usually 200.
    ///   - headers: As of `Exchange.openStream`.
    /// - Returns: The stream's name.
    /// - Throws: `tooManyStreams` or `draining`, and the exchange must still be answered; or what
    ///   `Exchange.openStream` throws.
    package func adopt(
        _ exchange: Exchange, _ status: HTTPStatus = .ok, headers: [HeaderField]
    ) throws(FastCGIError) -> StreamID {
        let reserved: Result<StreamID, FastCGIError> = monitor.withLock { state in
            guard !state.isDraining else { return .failure(FastCGIError(.draining, "streams")) }
            guard state.open < limits.maxStreams else {
                return .failure(FastCGIError(.tooManyStreams, "\(limits.maxStreams)"))
            }
            state.open += 1
            defer { state.nextID += 1 }
            return .success(StreamID(number: state.nextID))
        }
        let id = try reserved.get()
        do {
            let connection = try exchange.openStream(status, headers: headers)
            let requestID = connection.requestID
            queue(.add(id, descriptor: connection.take(), requestID: requestID), always: true)
            return id
        } catch {
            released()
            throw error
        }
    }

    /// Writes to every stream open now.
    ///
    /// - Returns: False when the queue is full and it was dropped.
    @discardableResult
    package func broadcast(_ bytes: [UInt8]) -> Bool { queue(.broadcast(bytes)) }

    /// Writes to one stream; to one that has ended it does nothing.
    ///
    /// - Returns: False when the queue is full and it was dropped.
    @discardableResult
    package func send(_ bytes: [UInt8], to id: StreamID) -> Bool { queue(.send(bytes, id)) }

    /// Writes the same to some streams; what they have not taken yet is held once for all of them.
    /// Those that have ended are left out.
    ///
    /// - Returns: False when the queue is full and it was dropped.
    @discardableResult
    package func send(_ bytes: [UInt8], to ids: [StreamID]) -> Bool {
        queue(.multicast(bytes, ids))
    }

    /// Ends one stream once everything queued for it is written.
    package func close(_ id: StreamID) { queue(.close(id), always: true) }

    /// Ends all streams once everything queued for them is written, then the hub's thread. Blocks.
    ///
    /// - Parameter deadline: When to close those that do not read.
    /// - Returns: How many were cut off.
    @discardableResult
    package func drain(deadline: ContinuousClock.Instant) -> Int {
        monitor.withLock { $0.isDraining = true }
        queue(.closeAll, always: true)
        _ = monitor.wait(until: deadline) { $0.open == 0 ? true : nil }
        let left = count
        thread.stop()
        thread.join()
        return left
    }

    /// A stream is gone, or was never opened.
    func released() {
        monitor.withLock { $0.open -= 1 }
        monitor.wakeAll()
    }

    @discardableResult
    private func queue(_ command: StreamCommand, always: Bool = false) -> Bool {
        let wasEmpty: Bool? = monitor.withLock { state in
            // The thread has ended: nobody would close the descriptor of a late `add`.
            guard !state.isOver else { return nil }
            guard always || state.queuedBytes + command.bytes <= limits.queueBytes else {
                return nil
            }
            state.queuedBytes += command.bytes
            state.commands.append(command)
            return state.commands.count == 1
        }
        guard let wasEmpty else {
            if case .add(_, let descriptor, _) = command {
                Glibc.close(descriptor)
                released()
            }
            return false
        }
        // One wake-up is enough for all that is queued before the thread takes it.
        if wasEmpty { wakeup.signal() }
        return true
    }
}
