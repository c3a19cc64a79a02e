/// What a pool is doing at one moment, and what it has done.
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
    /// Callers that waited in vain, since the start.
    package var exhausted = 0

    /// A pool that has done nothing.
    package init() {}
}
