/// Holds the connection of an exchange and decides what happens to it after the answer.
protocol ExchangeOwner: AnyObject, Sendable {
    /// Ends a connection's request. From any thread.
    func finish(_ id: UInt64, _ descriptor: Int32, _ outcome: ConnectionOutcome)

    /// A connection becomes a stream's and is no longer the owner's.
    func handOver(_ id: UInt64, _ descriptor: Int32)

    /// Reports an event that no answer shows.
    func report(_ incident: Incident)
}

/// What happens to a connection after its request.
enum ConnectionOutcome: Sendable {
    /// It waits for the next request.
    case keep
    /// It is closed.
    case close
    /// What the peer still sends is read and dropped, then it is closed.
    case discard
    /// It is closed already, or belongs to a stream.
    case gone
}
