/// Tells other processes that something has changed. Any thread; never blocks.
///
/// Rings are told together, soon, and may be lost while the database is away: who listens must look
/// by itself now and then.
package protocol Notifier: Sendable {
    func notify()
}
