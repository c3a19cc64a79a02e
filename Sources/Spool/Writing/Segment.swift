import Domain
import Synchronization

/// A segment that this process writes or has written, with its lock. Any thread.
package final class Segment: Sendable {
    /// What it holds.
    struct Content: Sendable {
        /// Up to where it is durable.
        var bytes = 0
        var callbacks = 0
        /// When the first and the last of its callbacks came.
        var oldest: Timestamp?
        var newest: Timestamp?
        /// Whether it holds what the database has not confirmed.
        var isPending = false
    }

    let name: SegmentName
    /// What its file takes.
    let size: Int
    /// When this process made it, or took it over.
    let madeAt = Timestamp.now
    /// Held for its lock, too.
    let file: any SpoolFile
    private let state = Mutex(Content())

    init(_ name: SegmentName, _ file: any SpoolFile, size: Int) {
        self.name = name
        self.file = file
        self.size = size
    }

    var content: Content { state.withLock { $0 } }

    /// A group is on the disk.
    func grew(to bytes: Int, by callbacks: some Collection<ReceivedCallback>, isPending: Bool) {
        state.withLock { state in
            state.bytes = bytes
            state.callbacks += callbacks.count
            for callback in callbacks {
                state.oldest = min(state.oldest ?? callback.receivedAt, callback.receivedAt)
                state.newest = max(state.newest ?? callback.receivedAt, callback.receivedAt)
            }
            if isPending { state.isPending = true }
        }
    }

    /// The database has not taken something in it, or may have lost it.
    func isNeeded() {
        state.withLock { $0.isPending = true }
    }

    /// The database has all of it.
    func isConfirmed() {
        state.withLock { $0.isPending = false }
    }
}
