/// The state of a process's live streams. Counts are since its start.
package struct LiveState: Sendable, Equatable {
    /// Open now.
    package let streams: Int
    package let limit: Int
    /// Events, once for each stream that got it.
    package let sent: Int
    /// Streams that were ended because their client did not read, or the process was too busy.
    package let dropped: Int
    /// Streams that were told to ask again.
    package let resets: Int
    /// How long ago the log of changes was read to its end; zero while no stream is open.
    package let lag: Duration

    package init(
        streams: Int = 0, limit: Int = 0, sent: Int = 0, dropped: Int = 0, resets: Int = 0,
        lag: Duration = .zero
    ) {
        self.streams = streams
        self.limit = limit
        self.sent = sent
        self.dropped = dropped
        self.resets = resets
        self.lag = lag
    }
}

/// Gives the state of live streams.
package protocol LiveProbe: Sendable {
    /// As of now; never blocks.
    var liveState: LiveState { get }
}
