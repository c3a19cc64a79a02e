/// What a server knows, as a pure state machine: events go in, what to do comes out.
///
/// The caller does it after unlocking. Connections are known by numbers that are never reused,
/// because a descriptor's number is, as soon as it is closed.
struct ServerState: Sendable {
    /// Numbers below this one belong to the listener, the timer and the wake-up.
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
        /// Watched, no thread. Exits: busy (event), claimed (drain).
        case idle
        /// Watched, no thread; a part of a request is there. Exits: busy (event), claimed (its
        /// deadline, drain).
        case receiving
        /// Being read or with the handler. Exits: idle, receiving, discarding, gone.
        case busy
        /// Answered without its input having been read to the end; the rest is thrown away, up to
        /// so many bytes, until the peer closes. Exits: busy (event), claimed (its deadline, drain).
        case discarding(left: Int)
        /// Somebody looks whether it is to be closed. Exits: the phase before, gone.
        case claimed
    }

    struct Connection: Sendable {
        let descriptor: Int32
        var phase: ConnectionPhase
        /// There while it is receiving, or claimed from that.
        var part: RequestPart?
        /// When it is closed if its peer stays silent, while it is receiving or discarding.
        var deadline: ContinuousClock.Instant?
    }

    enum Taken {
        /// The event is out of date.
        case nothing
        case serve(Int32, RequestPart?)
        case discard(Int32, left: Int)
    }

    enum Outcome { case keep, close, discard, gone }
    enum Action: Equatable { case arm, close, discard, nothing }

    let maxConnections: Int
    let maxInFlight: Int
    let partialBytes: Int
    /// How long a part may wait for the rest of its request.
    let patience: Duration
    private(set) var phase = Phase.running
    private(set) var listener = ListenerPhase.armed
    var connections: [UInt64: Connection] = [:]
    var inFlight = 0
    /// What all the parts hold.
    var heldBytes = 0
    /// Whether the timer of the deadlines runs.
    var isSweeping = false
    var runningWorkers = 0
    private var nextConnection = ServerState.firstConnection

    /// The bytes that are read and thrown away behind an early answer, such as a 413.
    static let discardLimit = 16 << 20

    init(
        maxConnections: Int, maxInFlight: Int, partialBytes: Int = 1 << 20,
        patience: Duration = .seconds(10)
    ) {
        self.maxConnections = maxConnections
        self.maxInFlight = maxInFlight
        self.partialBytes = partialBytes
        self.patience = patience
    }

    var isAccepting: Bool { listener == .accepting && phase == .running }
    private var hasRoom: Bool { connections.count < maxConnections }

    // MARK: The listener

    /// The listener is readable; false when it was closed meanwhile.
    mutating func beginAccepting() -> Bool {
        guard listener == .armed else { return false }
        listener = .accepting
        return true
    }

    /// Whether one more may be accepted.
    func mayAccept() -> Bool { isAccepting && hasRoom }

    /// A new connection; nothing when it came too late.
    mutating func admit(_ descriptor: Int32) -> UInt64? {
        guard mayAccept() else { return nil }
        defer { nextConnection += 1 }
        connections[nextConnection] = Connection(descriptor: descriptor, phase: .idle)
        return nextConnection
    }

    enum AfterAccepting { case arm, park, close }

    /// The worker lets go of the listener.
    mutating func endAccepting(refused: Bool) -> AfterAccepting {
        guard isAccepting else {
            listener = .closed
            return .close
        }
        listener = refused || !hasRoom ? .parked : .armed
        return listener == .armed ? .arm : .park
    }

    /// Whether to watch the listener again: after the back-off, or when a connection has gone.
    mutating func unpark() -> Bool {
        guard listener == .parked, hasRoom else { return false }
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
