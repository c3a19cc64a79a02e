private import Dispatch
import Domain
private import Foundation
package import Postgres
private import Synchronization

/// Rings by NOTIFY, on a thread and a connection of its own.
///
/// Rings that come within 10 ms of each other are one; while the database is away they are lost.
package final class PostgresNotifier: Notifier {
    private let settings: ConnectionSettings
    private let channel: String
    private let isRung = Atomic<Bool>(false)
    private let isStopped = Atomic<Bool>(false)
    private let bell = DispatchSemaphore(value: 0)
    private let stopSignal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private static let spacing = DispatchTimeInterval.milliseconds(10)
    /// A server that is away is not asked at every ring.
    private static let rest = DispatchTimeInterval.milliseconds(500)

    /// Starts its thread; it connects at the first ring.
    ///
    /// - Parameters:
    ///   - settings: where to.
    ///   - channel: exact name.
    package init(_ settings: ConnectionSettings, channel: String) {
        self.settings = settings
        self.channel = channel
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "notifier"
        thread.stackSize = 1 << 19
        thread.start()
    }

    package func notify() {
        guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
        bell.signal()
    }

    /// Ends the thread; what was rung before is told first, unless the database hangs.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
        stopSignal.signal()
        bell.signal()
        _ = ended.wait(timeout: .now() + .seconds(5))
    }

    private func run() {
        var connection: Connection?
        while true {
            bell.wait()
            // Before it is told: what comes from now on is another ring. What came before a stop is
            // told all the same.
            guard isRung.exchange(false, ordering: .sequentiallyConsistent) else {
                if isStopped.load(ordering: .acquiring) { return }
                continue
            }
            let isTold = tell(&connection)
            let pause = isTold ? Self.spacing : Self.rest
            _ = stopSignal.wait(timeout: .now() + pause)
        }
    }

    /// A connection that turns out to be lost is replaced once.
    private func tell(_ connection: inout Connection?) -> Bool {
        for _ in 0..<2 {
            do throws(PostgresError) {
                let open: Connection
                if let connection { open = connection } else { open = try connect() }
                connection = open
                try open.execute(SendNotification(channel: channel), within: .seconds(3))
                return true
            } catch {
                let wasOpen = connection != nil
                connection = nil
                guard wasOpen else { return false }
            }
        }
        return false
    }

    private func connect() throws(PostgresError) -> Connection {
        let connection = try Connection(settings)
        // A NOTIFY is a commit, and this one has nothing to keep.
        try connection.execute(script: "set synchronous_commit = off")
        return connection
    }
}
