/// What the state of a server must know of a complete request.
protocol WaitingRequest: Sendable {
    /// The number of the connection that it came on.
    var connection: UInt64 { get }
    /// What its body takes, in bytes.
    var bodyBytes: Int { get }
}

/// The state of a server, as a pure state machine: each event, with its time, gives one action.
///
/// The caller does the action after unlocking. Connections have numbers that are never reused; a
/// descriptor's number is reused as soon as it is closed.
struct ServerState<Request: WaitingRequest>: Sendable {
    /// Numbers below this one belong to the listener, the timers and the wake-ups.
    static var firstConnection: UInt64 { 16 }

    enum Phase: Sendable {
        /// Exits: draining.
        case running
        /// Answered connections close. Exits: stopped.
        case draining
        /// Workers leave. No exit.
        case stopped
    }

    enum ListenerPhase: Sendable {
        /// Watched. Exits: accepting (event), closed (stop).
        case armed
        /// Held by one worker, who closes it if told so. Exits: armed, parked, closed.
        case accepting
        /// Not watched, for want of room or descriptors. Exits: armed, closed.
        case parked
        /// No exit.
        case closed
    }

    enum ConnectionPhase: Sendable, Equatable {
        /// Watched, no thread; nothing has ever come. Exits: busy (event), claimed (its deadline,
        /// the bound, drain).
        case fresh
        /// Watched, no thread, between two requests. Exits: busy (event), claimed (the bound,
        /// drain).
        case idle
        /// Watched, no thread; a part of a request is there. Exits: busy (event), claimed (its
        /// deadline, drain).
        case receiving
        /// Being read or with the handler. Exits: idle, receiving, waiting, discarding, claimed
        /// (drain), gone.
        case busy
        /// Not watched, no thread; its request is complete and waits for room. Exits: busy.
        case waiting
        /// Answered before all of its input was read. The rest is read and dropped, up to so many
        /// bytes, until the peer closes. Exits: busy (event), claimed (its deadline, drain).
        case discarding(left: Int)
        /// A thread checks whether to close it. Exits: the phase before, gone.
        case claimed
    }

    struct Connection: Sendable {
        let descriptor: Int32
        var phase: ConnectionPhase
        /// Present while it is receiving, or claimed from that.
        var part: RequestPart?
        /// When it is closed if its peer stays silent, while it is fresh, receiving or discarding.
        var deadline: ContinuousClock.Instant?
        /// Since when it has been fresh or idle.
        var restsSince: ContinuousClock.Instant
        /// Whether it counts as in flight, while it is busy.
        var isInFlight = false
        /// Whether nothing has ever come.
        var isFresh = true
    }

    /// A connection that belongs to its caller until `release` or `forget`.
    typealias Claimed = (id: UInt64, connection: Connection)

    /// The answer to each event.
    enum Action {
        case nothing

        // The listener

        /// Take what waits at it, then `endAccepting`.
        case accept
        /// Watch it again.
        case watchListener
        /// Leave it alone until `unpark`.
        case parkListener
        case closeListener

        // The connection of the event

        /// Watch a new one, by this number.
        case watchNew(UInt64)
        /// Read its request.
        case serve(Int32, RequestPart?, hasRoom: Bool)
        /// Read and drop what it sends, up to so many bytes.
        case discard(Int32, left: Int)
        /// Watch it for what its peer sends next.
        case watch
        /// It has been claimed: close it unless its peer has just sent something.
        case retire
        /// Close it; the state has removed it.
        case close

        // Several connections, which have been claimed

        /// Their places are needed.
        case closeSurplus([Claimed])
        /// They are past their deadlines.
        case closeLate([Claimed])
        /// The server is being drained.
        case closeResting([Claimed])

        // Requests that wait

        /// There is room for one.
        case signalRoom
        case handle(Request)
        case refuse([Request])

        /// Let the timer of the deadlines fire then, and report it with `timerStarted`.
        case startTimer(ContinuousClock.Instant)
    }

    /// The timer of the deadlines. It is started after unlocking, by one thread at a time: with
    /// two, the later deadline could overwrite the earlier one.
    private enum Timer {
        /// Exits: `mustSweep` and `nextSweep` to starting.
        case off
        /// A thread starts it; it may have to start it again. Exits: `timerStarted` to running.
        case starting(for: ContinuousClock.Instant?)
        /// Exits: an earlier deadline, or its end, to starting; its end to off.
        case running(until: ContinuousClock.Instant)
    }

    /// The most that a server may hold.
    struct Bounds: Sendable {
        var connections: Int
        var inFlight: Int
        var partialBytes = 1 << 20
        /// How long a fresh connection may stay silent, and an incomplete request may take.
        var patience: Duration = .seconds(10)

        /// With those whose requests wait until others are answered, twice as many as usual.
        var connectionsAtMost: Int { 2 * connections }
    }

    let bounds: Bounds
    private(set) var phase = Phase.running
    private(set) var listener = ListenerPhase.armed
    var connections: [UInt64: Connection] = [:]
    /// Requests being read or not answered, without those that wait and those beyond the bound.
    var inFlight = 0
    var waiting = WaitingRequests<Request>()
    /// What all incomplete requests hold, in bytes.
    var heldBytes = 0
    private var timer = Timer.off
    private var nextConnection = Self.firstConnection

    /// The bytes that are read and dropped after an early answer, such as a 413.
    static var discardLimit: Int { 16 << 20 }

    init(_ bounds: Bounds) { self.bounds = bounds }

    var isAccepting: Bool { listener == .accepting && phase == .running }
    var hasRoom: Bool { connections.count < bounds.connectionsAtMost }
    /// Whether one more can be accepted, if need be by refusing a waiting request.
    private var canHaveRoom: Bool { hasRoom || !waiting.isEmpty }

    // MARK: The listener

    /// The listener is readable.
    mutating func beginAccepting() -> Action {
        guard listener == .armed else { return .nothing }
        listener = .accepting
        return .accept
    }

    /// Whether one more may be accepted.
    var mayAccept: Bool { isAccepting && hasRoom }

    /// A new connection, also while draining: what was accepted is served. It is closed when
    /// workers leave.
    mutating func admit(_ descriptor: Int32, at now: ContinuousClock.Instant) -> Action {
        guard phase != .stopped else { return .close }
        defer { nextConnection += 1 }
        connections[nextConnection] = Connection(
            descriptor: descriptor, phase: .fresh, deadline: now + freshTime, restsSince: now)
        return .watchNew(nextConnection)
    }

    /// The worker has finished accepting.
    mutating func endAccepting(refused: Bool) -> Action {
        guard isAccepting else {
            listener = .closed
            return .closeListener
        }
        listener = refused || !canHaveRoom ? .parked : .armed
        return listener == .armed ? .watchListener : .parkListener
    }

    /// The back-off is over, or a connection may have gone.
    mutating func unpark() -> Action {
        guard listener == .parked, canHaveRoom else { return .nothing }
        listener = .armed
        return .watchListener
    }

    /// No more connections. If a worker holds the listener, it closes it.
    mutating func stopAccepting() -> Action {
        if phase == .running { phase = .draining }
        switch listener {
        case .armed, .parked:
            listener = .closed
            return .closeListener
        case .accepting, .closed:
            return .nothing
        }
    }

    /// Workers leave; nothing is taken any more.
    mutating func stop() { phase = .stopped }

    // MARK: The timer

    /// A connection or a waiting request got a deadline.
    mutating func mustSweep(by deadline: ContinuousClock.Instant) -> Action {
        switch timer {
        case .running(let time) where time <= deadline: return .nothing
        case .starting(let time):
            timer = .starting(for: min(time ?? deadline, deadline))
            return .nothing
        case .off, .running:
            timer = .starting(for: deadline)
            return .startTimer(deadline)
        }
    }

    /// The timer fired, and what was due was removed: it goes on for the next deadline.
    mutating func sweepNext(at deadline: ContinuousClock.Instant?) -> Action {
        if case .starting = timer {
            timer = .starting(for: deadline)
            return .nothing
        }
        timer = deadline.map { .starting(for: $0) } ?? .off
        return deadline.map { .startTimer($0) } ?? .nothing
    }

    /// The timer was started for a deadline; another may be wanted by now.
    mutating func timerStarted(for deadline: ContinuousClock.Instant) -> Action {
        guard case .starting(let wanted?) = timer else {
            // It has fired, or will fire without effect: no deadline was added in between.
            timer = .off
            return .nothing
        }
        if wanted != deadline { return .startTimer(wanted) }
        timer = .running(until: deadline)
        return .nothing
    }
}
