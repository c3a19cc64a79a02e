import CPostgres
import System

/// What another session sent by NOTIFY.
package struct Notification: Hashable, Sendable {
    /// The channel's name.
    package let channel: String
    /// The text of the notification, which may be empty. At most 8000 bytes.
    package let payload: String
}

/// Listens on channels with its own connection and thread, and reconnects without limit.
///
/// Notifications sent while there was no connection are lost: PostgreSQL does not keep them. So
/// `onConnect` runs after every connect, when LISTEN is active, to catch up with a query. Safe to
/// use from any thread.
package final class NotificationListener: Sendable {
    private let settings: ConnectionSettings
    private let channels: [String]
    private let backoff: ReconnectBackoff
    private let pulse: Pulse?
    private let onConnect: @Sendable () -> Void
    private let onNotification: @Sendable (Notification) -> Void
    private let onLoss: @Sendable (PostgresError) -> Void
    private let wakeup: EventDescriptor
    private let thread = ServiceThread("notifications")

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - settings: where to.
    ///   - channels: exact names.
    ///   - backoff: how long to pause between attempts to connect.
    ///   - pulse: how it is found out that notifications come at all; nil for never.
    ///   - onConnect: called on the listener's thread after each connect, the first included.
    ///   - onNotification: called on the listener's thread, in the order of the commits.
    ///   - onLoss: called on the listener's thread when a connection is lost, hears nothing, or is not
    ///     had; each attempt counts.
    /// - Throws: `other` when there are no descriptors left. A server that cannot be reached is no
    ///   error; the connect is tried again.
    package init(
        _ settings: ConnectionSettings, channels: [String],
        backoff: ReconnectBackoff = ReconnectBackoff(first: .milliseconds(50), cap: .seconds(5)),
        pulse: Pulse? = nil,
        onConnect: @escaping @Sendable () -> Void,
        onNotification: @escaping @Sendable (Notification) -> Void,
        onLoss: @escaping @Sendable (PostgresError) -> Void = { _ in }
    ) throws(PostgresError) {
        self.settings = settings
        self.channels = channels
        self.backoff = backoff
        self.pulse = pulse
        self.onConnect = onConnect
        self.onNotification = onNotification
        self.onLoss = onLoss
        do throws(SystemError) {
            wakeup = try EventDescriptor()
            try thread.start(interrupt: { [self] in wakeup.signal() }) { [self] in run() }
        } catch {
            throw PostgresError(.other, error.debugDescription)
        }
    }

    /// Stops, and waits for the thread; an attempt to connect that is under way is waited for.
    ///
    /// Must not be called from the callbacks. The listener lives until it is stopped.
    package func stop() {
        thread.stop()
        thread.join()
    }

    private func run() {
        var failures = 0
        while !thread.isStopping {
            do throws(PostgresError) {
                let connection = try Connection(settings)
                for channel in channels {
                    try connection.execute(script: "listen \(connection.quoted(channel))")
                }
                failures = 0
                onConnect()
                try deliver(from: connection)
            } catch {
                onLoss(error)
                failures += 1
                let rest = backoff.rest(failures: failures, jitter: .random(in: 0...1))
                thread.pause(for: rest)
            }
        }
    }

    /// Returns when stopped, throws when the connection is lost.
    private func deliver(from connection: Connection) throws(PostgresError) {
        var watch = pulse.map { PulseWatch($0, at: .now) }
        while !thread.isStopping {
            while let notification = connection.nextNotification() {
                guard !notification.isPulse else {
                    watch?.heard(notification.payload, at: .now)
                    continue
                }
                onNotification(notification)
            }
            switch watch?.step(at: .now) {
            case .send(let payload)?:
                // Another listener's takes it for a pulse, too, and does nothing.
                let channel = try connection.quoted(channels[0])
                try connection.execute(script: "notify \(channel), '\(payload)'")
                continue
            case .lost?:
                throw PostgresError(.connection, "notifications do not come back")
            case .wait(let end)?:
                wakeup.wait(orFor: connection.handle.socket, until: end)
            case nil:
                wakeup.wait(orFor: connection.handle.socket)
            }
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

    /// Reads what has arrived, without waiting.
    fileprivate func readInput() throws(PostgresError) {
        guard PQconsumeInput(handle.pointer) == 1, !handle.isBad else { throw lost() }
    }
}
