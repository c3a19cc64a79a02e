import Domain
import Synchronization
import System
import Telemetry

/// Writes the results of attempts by group commit: all that came while the last transaction was
/// written go into the next one.
///
/// While the database cannot be reached, results wait here. Their number is bounded by that of the
/// requests in flight, because a request's slot is free only once its results are written.
final class Recorder: Sendable {
    /// The result of one request.
    struct Entry: Sendable {
        let provider: Provider
        var changes: [OutboxChange] = []
        var counts = SendCounts()
        var stop: StopChange?
        /// Called on the recorder's thread once it is written, or abandoned.
        var completion: @Sendable () -> Void = {}
    }

    /// A change of a provider's stop that all dispatchers must see.
    enum StopChange: Sendable {
        case set(ProviderStop)
        case clear
    }

    private let outbox: any Outbox
    private let notifier: any Notifier
    private let databaseLimit: Duration
    private let logger: Logger
    private let waiting = Mutex<[Entry]>([])
    private let thread = ServiceThread("recorder", stackBytes: 1 << 20)
    let heartbeat = Heartbeat()

    private static let rest = Duration.milliseconds(500)

    /// The limit is the longest that one call of the outbox may take.
    init(
        _ outbox: any Outbox, notifier: any Notifier, databaseLimit: Duration, logger: Logger
    ) {
        self.databaseLimit = databaseLimit
        self.outbox = outbox
        self.notifier = notifier
        self.logger = logger
    }

    func start() {
        thread.startOrAbort { [self] in run() }
    }

    /// Takes an entry and returns at once. Any thread.
    func add(_ entry: Entry) {
        waiting.withLock { $0.append(entry) }
        thread.wake()
    }

    /// Writes what waits and ends; false if the time was over first.
    func stop(within limit: Duration) -> Bool {
        thread.stop()
        return thread.join(until: .now + limit)
    }

    private func run() {
        while true {
            // Read before the queue, so that entries added before the stop are still written.
            let isLast = thread.isStopping
            heartbeat.beat()
            let entries = take()
            if !entries.isEmpty {
                write(entries)
            } else if isLast {
                return
            } else {
                thread.wait(for: .seconds(1))
            }
        }
    }

    private func take() -> [Entry] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Returns once all is written, or found to be unwritable.
    private func write(_ first: [Entry]) {
        var entries = first
        while true {
            do throws(StoreFailure) {
                try writeOnce(entries)
                return
            } catch {
                heartbeat.beat()
                logger.log(
                    .error, "results could not be recorded", limitKey: "\(error.code)",
                    ["error": "\(error)", "requests": .integer(Int64(entries.count))])
                if error.code == .failed {
                    for entry in entries { writeApart(entry) }
                    return
                }
                thread.waitForWake(for: Self.rest)
                entries += take()
            }
        }
    }

    /// If the database refuses an entry for good, only that entry is lost: its lease expires, and
    /// the provider is asked. The rest of its request is written.
    private func writeApart(_ entry: Entry) {
        guard !isWritten(entry) else { return }
        guard entry.changes.count > 1 else {
            logger.log(
                .error, "a result was dropped; the provider will be asked",
                ["message": "\(entry.changes.first.map { "\($0.message)" } ?? "none")"])
            return entry.completion()
        }
        let middle = entry.changes.count / 2
        writeApart(Entry(provider: entry.provider, changes: Array(entry.changes[..<middle])))
        var rest = entry
        rest.changes = Array(entry.changes[middle...])
        writeApart(rest)
    }

    /// False if the database refuses it for good; waits while it cannot be reached.
    private func isWritten(_ entry: Entry) -> Bool {
        while true {
            do throws(StoreFailure) {
                try writeOnce([entry])
                return true
            } catch {
                heartbeat.beat()
                guard error.code == .unavailable else { return false }
                thread.waitForWake(for: Self.rest)
            }
        }
    }

    private func writeOnce(_ entries: [Entry]) throws(StoreFailure) {
        var counts: [Provider: SendCounts] = [:]
        for entry in entries { counts[entry.provider, default: SendCounts()] += entry.counts }
        let changes = entries.flatMap(\.changes)
        let isWorthAWrite = !changes.isEmpty || counts.contains { $0.value != SendCounts() }
        // The stops first, because they are idempotent; a repetition must not count them twice.
        for entry in entries {
            heartbeat.beat(allowing: databaseLimit)
            switch entry.stop {
            case .set(let stop): try outbox.setStop(stop, of: entry.provider)
            case .clear: try outbox.setStop(nil, of: entry.provider)
            case nil: break
            }
        }
        heartbeat.beat(allowing: databaseLimit)
        if isWorthAWrite { try outbox.record(changes, counts: counts) }
        for entry in entries { entry.completion() }
        if !changes.isEmpty { notifier.notify() }
        heartbeat.beat()
    }
}
