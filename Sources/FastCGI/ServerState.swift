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
        /// Being read or with the handler. Exits: idle, discarding, gone.
        case busy
        /// Answered without its input having been read to the end; the rest is thrown away, up to
        /// so many bytes, until the peer closes. Exits: gone.
        case discarding(left: Int)
        /// The drain looks whether a request waits in it. Exits: idle, gone.
        case claimed
    }

    struct Connection: Sendable {
        let descriptor: Int32
        var phase: ConnectionPhase
    }

    enum Taken: Equatable {
        /// The event is out of date.
        case nothing
        case serve(Int32)
        case discard(Int32, left: Int)
    }

    enum Outcome { case keep, close, discard, gone }
    enum Action: Equatable { case arm, close, discard, nothing }

    let maxConnections: Int
    let maxInFlight: Int
    private(set) var phase = Phase.running
    private(set) var listener = ListenerPhase.armed
    private(set) var connections: [UInt64: Connection] = [:]
    private(set) var inFlight = 0
    var runningWorkers = 0
    private var nextConnection = ServerState.firstConnection

    /// The bytes that are read and thrown away behind an early answer, such as a 413.
    static let discardLimit = 16 << 20

    init(maxConnections: Int, maxInFlight: Int) {
        self.maxConnections = maxConnections
        self.maxInFlight = maxInFlight
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

    // MARK: Connections

    /// A connection is readable. Nothing (nil) while as many requests as allowed are in flight.
    mutating func take(_ id: UInt64) -> Taken? {
        guard phase != .stopped, let connection = connections[id] else { return .nothing }
        switch connection.phase {
        case .busy, .claimed:
            return .nothing
        case .discarding(let left):
            connections[id]?.phase = .busy
            inFlight += 1
            return .discard(connection.descriptor, left: left)
        case .idle:
            guard inFlight < maxInFlight else { return nil }
            connections[id]?.phase = .busy
            inFlight += 1
            return .serve(connection.descriptor)
        }
    }

    /// A busy connection's request is over.
    mutating func finish(
        _ id: UInt64, _ outcome: Outcome, discarding left: Int = discardLimit
    ) -> Action {
        inFlight -= 1
        switch outcome {
        case .keep where phase == .running:
            connections[id]?.phase = .idle
            return .arm
        case .discard where phase == .running && left > 0:
            connections[id]?.phase = .discarding(left: left)
            return .discard
        case .gone:
            connections[id] = nil
            return .nothing
        case .keep, .close, .discard:
            connections[id] = nil
            return .close
        }
    }

    // MARK: The drain

    /// The connections without a request; they are the caller's until `release` or `forget`.
    mutating func claimIdle() -> [(id: UInt64, connection: Connection)] {
        let idle = connections.filter { $0.value.phase != .busy && $0.value.phase != .claimed }
        for id in idle.keys { connections[id]?.phase = .claimed }
        return idle.map { (id: $0.key, connection: $0.value) }
    }

    /// A claimed connection does hold a request.
    mutating func release(_ id: UInt64) { connections[id]?.phase = .idle }

    /// True when the caller closes the connection; false when somebody else has done so.
    mutating func forget(_ id: UInt64) -> Bool { connections.removeValue(forKey: id) != nil }

    /// Workers leave; nothing is taken any more.
    mutating func stop() { phase = .stopped }
}
