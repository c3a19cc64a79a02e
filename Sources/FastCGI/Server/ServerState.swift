/// What a server knows, as a pure state machine: events go in, what to do comes out.
///
/// The caller does it after unlocking. Connections are known by numbers that are never reused,
/// because a descriptor's number is, as soon as it is closed.
struct ServerState: Sendable {
    /// Numbers below this one belong to the listener, the timers and the wake-ups.
    static let firstConnection: UInt64 = 16

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
        /// Answered without its input having been read to the end; the rest is thrown away, up to
        /// so many bytes, until the peer closes. Exits: busy (event), claimed (its deadline,
        /// drain).
        case discarding(left: Int)
        /// Somebody looks whether it is to be closed. Exits: the phase before, gone.
        case claimed
    }

    struct Connection: Sendable {
        let descriptor: Int32
        var phase: ConnectionPhase
        /// There while it is receiving, or claimed from that.
        var part: RequestPart?
        /// When it is closed if its peer stays silent, while it is fresh, receiving or discarding.
        var deadline: ContinuousClock.Instant?
        /// Since when it has nothing to do, while it is fresh or idle.
        var restsSince: ContinuousClock.Instant
        /// Whether it counts as in flight, while it is busy.
        var isInFlight = false
        /// Whether nothing has ever come.
        var isFresh = true
    }

    enum Taken {
        /// The event is out of date.
        case nothing
        case serve(Int32, RequestPart?, hasRoom: Bool)
        case discard(Int32, left: Int)
    }

    enum Action: Equatable { case arm, close, discard, nothing, retire }

    /// The most of what a server may hold.
    struct Bounds: Sendable {
        var connections: Int
        var inFlight: Int
        var partialBytes = 1 << 20
        /// How long a fresh connection may stay silent, and a part wait for the rest.
        var patience: Duration = .seconds(10)

        /// As many again as there may be: connections whose requests wait until others are
        /// answered.
        var connectionsAtMost: Int { 2 * connections }
    }

    let bounds: Bounds
    private(set) var phase = Phase.running
    private(set) var listener = ListenerPhase.armed
    var connections: [UInt64: Connection] = [:]
    /// Requests being read or not answered, but for those that wait and those beyond the bound.
    var inFlight = 0
    var waiting = WaitingRequests()
    /// What all the parts hold.
    var heldBytes = 0
    /// When the timer of the deadlines fires; nil while it does not run.
    var sweepTime: ContinuousClock.Instant?
    private var nextConnection = ServerState.firstConnection

    /// The bytes that are read and thrown away behind an early answer, such as a 413.
    static let discardLimit = 16 << 20

    init(_ bounds: Bounds) { self.bounds = bounds }

    var isAccepting: Bool { listener == .accepting && phase == .running }
    var hasRoom: Bool { connections.count < bounds.connectionsAtMost }
    /// Whether one more can be accepted, if need be in the place of what waits.
    private var canHaveRoom: Bool { hasRoom || !waiting.isEmpty }

    // MARK: The listener

    /// The listener is readable; false when it was closed meanwhile.
    mutating func beginAccepting() -> Bool {
        guard listener == .armed else { return false }
        listener = .accepting
        return true
    }

    /// Whether one more may be accepted.
    func mayAccept() -> Bool { isAccepting && hasRoom }

    /// A new connection, also while draining: what was accepted is served. Nothing when workers
    /// leave.
    mutating func admit(_ descriptor: Int32, at now: ContinuousClock.Instant) -> UInt64? {
        guard phase != .stopped else { return nil }
        defer { nextConnection += 1 }
        connections[nextConnection] = Connection(
            descriptor: descriptor, phase: .fresh, deadline: now + freshTime, restsSince: now)
        return nextConnection
    }

    enum AfterAccepting { case arm, park, close }

    /// The worker lets go of the listener.
    mutating func endAccepting(refused: Bool) -> AfterAccepting {
        guard isAccepting else {
            listener = .closed
            return .close
        }
        listener = refused || !canHaveRoom ? .parked : .armed
        return listener == .armed ? .arm : .park
    }

    /// Whether to watch the listener again: after the back-off, or when a connection has gone.
    mutating func unpark() -> Bool {
        guard listener == .parked, canHaveRoom else { return false }
        listener = .armed
        return true
    }

    /// No more connections. True when the caller closes the socket; else its holder does.
    mutating func stopAccepting() -> Bool {
        if phase == .running { phase = .draining }
        switch listener {
        case .armed, .parked:
            listener = .closed
            return true
        case .accepting, .closed:
            return false
        }
    }

    /// Workers leave; nothing is taken any more.
    mutating func stop() { phase = .stopped }
}
