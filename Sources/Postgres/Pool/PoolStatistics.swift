/// The state of a pool at one moment, and its totals since the start.
package struct PoolStatistics: Equatable, Sendable {
    /// Connections that are lent.
    package var inUse = 0
    /// Connections that wait for a caller.
    package var idle = 0
    /// Connections being opened.
    package var connecting = 0
    /// Callers that wait for a connection.
    package var waiting = 0
    /// Connections opened since the start.
    package var opened = 0
    /// Attempts to open one that failed, since the start.
    package var failed = 0
    /// Callers that waited too long, since the start.
    package var exhausted = 0

    /// A pool that has done nothing.
    package init() {}
}
