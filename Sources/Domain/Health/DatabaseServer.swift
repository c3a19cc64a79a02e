/// Which server the database is: it changes with a failover, which may lose what an asynchronous
/// standby did not have.
package struct DatabaseServer: Hashable, Sendable {
    /// Of the cluster, from its initdb.
    package let systemIdentifier: Int64
    /// Grows with each promotion of a standby.
    package let timeline: Int

    package init(systemIdentifier: Int64, timeline: Int) {
        self.systemIdentifier = systemIdentifier
        self.timeline = timeline
    }
}
