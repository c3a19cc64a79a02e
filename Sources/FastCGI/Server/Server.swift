internal import Glibc
internal import Synchronization
internal import System

/// Takes requests; the exchange may be answered later and on any thread.
package protocol ExchangeHandler: Sendable {
    /// Called on a worker, which reads no other request while it runs, or on a handler's thread
    /// where the listener has some.
    func handle(_ exchange: Exchange)

    /// Whether `handle` answers this request without waiting for anything. Then it is called at
    /// once, even beyond the bound on requests in flight or while all handlers are busy.
    func answersAtOnce(_ exchange: Exchange) -> Bool

    /// Refuses a request for which there was no room in time, without waiting for anything.
    func refuse(_ exchange: Exchange)
}

extension ExchangeHandler {
    package func answersAtOnce(_ exchange: Exchange) -> Bool { false }

    package func refuse(_ exchange: Exchange) { exchange.respond(PreparedResponse.overloaded) }
}

/// One listener with its connections and workers.
///
/// The workers themselves wait on one epoll instance that holds the listener and the idle
/// connections, each armed for one event. So a request costs no hand-over between threads, and an
/// idle connection costs no worker. A worker never waits for a peer to send (it keeps the
/// incomplete request and goes on), nor for room (a complete request waits in a queue). A server
/// lives until it is drained, because its threads hold it.
package final class Server: Sendable {
    typealias State = ServerState<Exchange>

    let limits: Listener.Limits
    let handler: any ExchangeHandler
    let socket: ListeningSocket
    let poller: Poller
    let wakeup: EventDescriptor
    let timer: OneShotTimer
    let sweepTimer: OneShotTimer
    /// Wakes a worker when there is room for a waiting request; the other one wakes handlers.
    let room: EventDescriptor
    let work: CountingSemaphore
    let monitor: Monitor<State>
    /// How many threads are about to watch a connection again that others may claim already.
    let arming = Atomic<Int>(0)
    let counters = ServerCounters()
    let threads = Mutex<[ServiceThread]>([])
    private let incident: @Sendable (Incident) -> Void

    static let listenerID: UInt64 = 0
    static let wakeupID: UInt64 = 1
    static let timerID: UInt64 = 2
    static let sweepTimerID: UInt64 = 3
    static let roomID: UInt64 = 4

    /// Opens the listener and starts its workers.
    ///
    /// - Parameters:
    ///   - listener: What to listen on.
    ///   - handler: Gets every request.
    ///   - onIncident: Called for every `Incident`; must not block.
    /// - Returns: The server, which takes requests already.
    /// - Throws: `badLimit`, `badPath`, `unknownGroup`, `addressInUse`, `notASocket` or
    ///   `notListening` for a bad listener; `system` when the system refuses.
    package static func start(
        _ listener: Listener, handler: any ExchangeHandler,
        onIncident: @escaping @Sendable (Incident) -> Void = { _ in }
    ) throws(FastCGIError) -> Server {
        ignoreBrokenPipes()
        try listener.limits.check()
        guard Library.status == 0 else { throw .system("FCGX_Init", Library.status) }
        let server = try Server(listener, handler: handler, incident: onIncident)
        do {
            try server.startWorkers(listener)
        } catch {
            _ = server.drain(deadline: .now)
            throw error
        }
        return server
    }

    /// Makes writes to a closed peer fail instead of killing the process. `start` does it too.
    package static func ignoreBrokenPipes() { Library.ignoreBrokenPipes() }

    private init(
        _ listener: Listener, handler: any ExchangeHandler,
        incident: @escaping @Sendable (Incident) -> Void
    ) throws(FastCGIError) {
        limits = listener.limits
        self.handler = handler
        self.incident = incident
        monitor = Monitor(
            State(
                State.Bounds(
                    connections: limits.maxConnections, inFlight: limits.maxInFlight,
                    partialBytes: limits.partialBytes, patience: limits.ioTimeout)))
        poller = try Poller()
        timer = try OneShotTimer()
        sweepTimer = try OneShotTimer()
        work = CountingSemaphore()
        do throws(SystemError) {
            wakeup = try EventDescriptor()
            room = try EventDescriptor()
        } catch {
            throw FastCGIError(error)
        }
        socket = try listener.open()
        // Stays armed and is never cleared, so once signalled it reaches every worker.
        guard poller.add(wakeup.descriptor, id: Self.wakeupID, .input),
            poller.add(timer.descriptor, id: Self.timerID, [.input, .once]),
            poller.add(sweepTimer.descriptor, id: Self.sweepTimerID, [.input, .once]),
            poller.add(room.descriptor, id: Self.roomID, [.input, .once]),
            poller.add(socket.descriptor, id: Self.listenerID, [.input, .once])
        else {
            socket.shut()
            throw .system("epoll_ctl", ENOSPC)
        }
    }

    private func startWorkers(_ listener: Listener) throws(FastCGIError) {
        for number in 1...limits.workers {
            try startThread("\(listener.threadName)-\(number)", interrupt: { $0.wakeup.signal() }) {
                $0.readRequests()
            }
        }
        for number in 0..<limits.handlers {
            try startThread(
                "\(listener.threadName)-h\(number + 1)", interrupt: { $0.work.signal() }
            ) { $0.handleWaiting() }
        }
    }

    private func startThread(
        _ name: String, interrupt: @escaping @Sendable (Server) -> Void,
        _ body: @escaping @Sendable (Server) -> Void
    ) throws(FastCGIError) {
        let thread = ServiceThread(name)
        do throws(SystemError) {
            try thread.start(interrupt: { interrupt(self) }) { body(self) }
        } catch {
            throw FastCGIError(error)
        }
        threads.withLock { $0.append(thread) }
    }

    /// The numbers of this moment.
    package var metrics: ServerMetrics {
        let (open, inFlight, waiting) = monitor.withLock { state in
            (state.connections.count, state.inFlight, state.waiting.count)
        }
        return counters.metrics(open: open, inFlight: inFlight, waiting: waiting)
    }

    func report(_ incident: Incident) {
        counters.count(incident)
        self.incident(incident)
    }
}

extension Server: ExchangeOwner {
    func finish(_ id: UInt64, _ descriptor: Int32, _ outcome: ConnectionOutcome) {
        finish(id, descriptor, outcome, discarding: State.discardLimit)
    }
}
