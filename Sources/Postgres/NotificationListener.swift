import CPostgres
import Dispatch
import Foundation
import Glibc
import Synchronization

/// What another session sent by NOTIFY.
package struct Notification: Hashable, Sendable {
    /// The channel's name.
    package let channel: String
    /// The text sent along; empty if none was. At most 8000 bytes.
    package let payload: String
}

/// Listens on channels with a connection and a thread of its own, and reconnects for ever.
///
/// What was sent while there was no connection is lost: PostgreSQL keeps nothing for those who are
/// away. So `onConnect` runs after every connect, when the listening has begun, to catch up by a
/// query. Safe to use from any thread.
package final class NotificationListener: Sendable {
    private let settings: ConnectionSettings
    private let channels: [String]
    private let backoff: ReconnectBackoff
    private let onConnect: @Sendable () -> Void
    private let onNotification: @Sendable (Notification) -> Void
    private let wakeup: Wakeup
    private let ended = DispatchGroup()
    private let isStopped = Atomic<Bool>(false)

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - settings: where to.
    ///   - channels: exact names.
    ///   - backoff: how long to rest between attempts to connect.
    ///   - onConnect: called on the listener's thread after each connect, the first included.
    ///   - onNotification: called on the listener's thread, in the order of the commits.
    /// - Throws: `other` when there are no descriptors left. That the server is away is not an
    ///   error, but tried again.
    package init(
        _ settings: ConnectionSettings, channels: [String],
        backoff: ReconnectBackoff = ReconnectBackoff(first: .milliseconds(50), cap: .seconds(5)),
        onConnect: @escaping @Sendable () -> Void,
        onNotification: @escaping @Sendable (Notification) -> Void
    ) throws(PostgresError) {
        self.settings = settings
        self.channels = channels
        self.backoff = backoff
        self.onConnect = onConnect
        self.onNotification = onNotification
        wakeup = try Wakeup()
        ended.enter()
        let thread = Thread { [self] in
            run()
            ended.leave()
        }
        thread.name = "notifications"
        thread.start()
    }

    /// Stops, and waits for the thread; an attempt to connect that is under way is waited for.
    ///
    /// Must not be called from the callbacks. The listener lives until it is stopped.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
        wakeup.signal()
        ended.wait()
    }

    private func run() {
        var failures = 0
        while !isStopped.load(ordering: .acquiring) {
            do throws(PostgresError) {
                let connection = try Connection(settings)
                for channel in channels {
                    try connection.execute(script: "listen \(connection.quoted(channel))")
                }
                failures = 0
                onConnect()
                try deliver(from: connection)
            } catch {
                failures += 1
                let rest = backoff.rest(failures: failures, jitter: .random(in: 0...1))
                wakeup.wait(for: rest)
            }
        }
    }

    /// Returns when stopped, throws when the connection is lost.
    private func deliver(from connection: Connection) throws(PostgresError) {
        while !isStopped.load(ordering: .acquiring) {
            while let notification = connection.nextNotification() { onNotification(notification) }
            wakeup.wait(orFor: connection.handle.socket)
            try connection.readInput()
        }
    }
}

extension Connection {
    fileprivate func quoted(_ identifier: String) throws(PostgresError) -> String {
        guard let text = handle.quoted(identifier: identifier) else {
            throw PostgresError(.data, handle.errorText)
        }
        return text
    }

    fileprivate func nextNotification() -> Notification? { handle.nextNotification() }

    /// Takes in what has arrived, without waiting.
    fileprivate func readInput() throws(PostgresError) {
        guard PQconsumeInput(handle.pointer) == 1, !handle.isBad else { throw lost() }
    }
}

/// An eventfd: ends a wait in poll(2) from another thread.
struct Wakeup: ~Copyable, Sendable {
    private let descriptor: Int32

    init() throws(PostgresError) {
        descriptor = waybill_postgres_eventfd()
        guard descriptor >= 0 else { throw PostgresError(.other, "no descriptors left") }
    }

    deinit {
        close(descriptor)
    }

    /// Wakes all waits from now on.
    func signal() {
        var one: UInt64 = 1
        // It fails only when the counter is full, and then the waits end as well.
        _ = write(descriptor, &one, 8)
    }

    /// Waits for the signal or the time.
    func wait(for limit: Duration) {
        _ = SocketReadiness.wait(descriptor, for: POLLIN, until: .now + limit)
    }

    /// Waits for the signal or for something to read.
    func wait(orFor socket: Int32) {
        var polled = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        ]
        // An interruption is no harm: the caller looks around and comes back.
        poll(&polled, 2, -1)
    }
}
