internal import Glibc
import System

/// The exchanges of one thread, over poll(2).
struct EgressLoop {
    private struct Exchange {
        let request: [UInt8]
        let deadline: ContinuousClock.Instant
        let completion: @Sendable (EgressOutcome) -> Void
        var sent = 0
        var received: [UInt8] = []
    }

    private let address: UnixAddress
    /// The first one wakes the thread, the others are those of the exchanges.
    private var polled: [pollfd]
    /// At the same places, from 1 on.
    private var exchanges: [Exchange?] = [nil]
    /// Those for which the socket's queue was full.
    private var pending: [Exchange] = []
    private var nextExpiry = ContinuousClock.now

    private static let expiryInterval = Duration.milliseconds(100)
    /// In milliseconds.
    private static let usualWait: Int32 = 100
    private static let fullQueueWait: Int32 = 2
    private static let readBytes = 16 << 10

    init(_ address: UnixAddress, _ wakeup: Int32) {
        self.address = address
        polled = [pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0)]
    }

    /// Connects and sends as much as is taken at once.
    mutating func begin(
        _ request: [UInt8], until deadline: ContinuousClock.Instant,
        _ completion: @escaping @Sendable (EgressOutcome) -> Void
    ) {
        connect(Exchange(request: request, deadline: deadline, completion: completion))
    }

    /// Waits for something to happen, a moment at most, and does what follows.
    mutating func turn() {
        let limit = pending.isEmpty ? Self.usualWait : Self.fullQueueWait
        if poll(&polled, nfds_t(polled.count), limit) > 0 {
            // Backwards: the place of one that ends is taken by the last one.
            for place in stride(from: polled.count - 1, to: 0, by: -1)
            where polled[place].revents != 0 {
                progress(place, Int32(polled[place].revents))
            }
        }
        let waiting = pending
        pending = []
        for exchange in waiting { connect(exchange) }
        expire()
    }

    /// Fails all that have no answer.
    mutating func endAll() {
        while polled.count > 1 { end(polled.count - 1, .timedOut) }
        for exchange in pending { exchange.completion(.timedOut) }
        pending = []
    }

    private mutating func connect(_ exchange: Exchange) {
        guard exchange.deadline > .now else { return exchange.completion(.timedOut) }
        do throws(SystemError) {
            let socket = try UnixSocket(.stream, isBlocking: false)
            do throws(SystemError) {
                try socket.connect(to: address)
            } catch {
                guard error.errorNumber == EAGAIN else { throw error }
                pending.append(exchange)
                return
            }
            polled.append(pollfd(fd: socket.take(), events: 0, revents: 0))
            exchanges.append(exchange)
            // A proxy that takes nothing closes, which is noticed when its answer is read.
            _ = sendMore(polled.count - 1)
        } catch {
            exchange.completion(
                .proxyFailed(
                    "the egress proxy cannot be reached: \(error.context), \(error.reason)"))
        }
    }

    private mutating func progress(_ place: Int, _ events: Int32) {
        if events & POLLOUT != 0, !sendMore(place) { return end(place, Self.closed) }
        guard events & ~POLLOUT != 0 else { return }
        let hasEnded = receiveMore(place)
        if hasEnded || EgressAnswer.isEnough(exchanges[place]?.received ?? []) {
            end(place, Self.closed)
        }
    }

    private mutating func expire() {
        let now = ContinuousClock.now
        guard now >= nextExpiry else { return }
        nextExpiry = now + Self.expiryInterval
        for place in stride(from: polled.count - 1, to: 0, by: -1) {
            if let exchange = exchanges[place], exchange.deadline <= now { end(place, .timedOut) }
        }
    }

    private static let closed = EgressOutcome.proxyFailed(
        "the egress proxy closed the connection without an answer")

    /// An answer whose head has come is one, however its body ends.
    private mutating func end(_ place: Int, _ otherwise: EgressOutcome) {
        let ended = exchanges[place]
        close(polled[place].fd)
        polled.swapAt(place, polled.count - 1)
        exchanges.swapAt(place, exchanges.count - 1)
        polled.removeLast()
        exchanges.removeLast()
        guard let ended else { return }
        ended.completion(EgressAnswer(ended.received).map { .answer($0) } ?? otherwise)
    }

    /// - Returns: false if the proxy takes no more.
    private mutating func sendMore(_ place: Int) -> Bool {
        guard var exchange = exchanges[place] else { return false }
        var isOpen = true
        while exchange.sent < exchange.request.count {
            let count = exchange.request.withUnsafeBytes { bytes in
                send(
                    polled[place].fd, bytes.baseAddress?.advanced(by: exchange.sent),
                    bytes.count - exchange.sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                isOpen = errno == EAGAIN || errno == EINTR
                break
            }
            exchange.sent += count
        }
        exchanges[place] = exchange
        let isWhole = exchange.sent == exchange.request.count
        polled[place].events = Int16(isWhole || !isOpen ? POLLIN : POLLIN | POLLOUT)
        return isOpen
    }

    /// - Returns: whether nothing more will come.
    private mutating func receiveMore(_ place: Int) -> Bool {
        let descriptor = polled[place].fd
        var status = 0
        let piece = [UInt8](unsafeUninitializedCapacity: Self.readBytes) { buffer, count in
            status = recv(descriptor, buffer.baseAddress, Self.readBytes, 0)
            count = max(0, status)
        }
        exchanges[place]?.received += piece
        return status == 0 || status < 0 && errno != EAGAIN && errno != EINTR
    }
}
