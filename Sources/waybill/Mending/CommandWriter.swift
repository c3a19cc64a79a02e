import Domain
import Postgres
import Settings
import Store
import Synchronization
import System
import Telemetry

/// Writes reports as the responder does, for a command: one connection, and failures as one line.
final class CommandWriter: Sendable {
    let sink: ReportWriter
    private let notifier: PostgresNotifier

    /// Connects when something is written.
    ///
    /// - Parameters:
    ///   - database: where to write.
    ///   - optOuts: what makes entries of the opt-outs.
    init(_ database: ConnectionSettings, optOuts: OptOutRules) {
        var settings = ReportWriter.Settings()
        settings.optOuts = optOuts
        settings.connections = 1
        // Nobody waits for an answer: a busy database only makes it slower.
        settings.commitDeadline = .seconds(60)
        notifier = PostgresNotifier(database, channel: .changes)
        sink = ReportWriter(
            database, settings: settings, feed: ChangeFeed([ChangeNotifier(notifier)]),
            metrics: Metrics(), logger: Logger(descriptor: -1))
    }

    /// Writes all of them.
    ///
    /// - Throws: `CommandFailure` if one was not written, or nobody knows; a repetition is safe.
    func write(_ submissions: [Submission]) throws(CommandFailure) {
        let results = Awaited<Result<Void, SinkFailure>>(submissions.count)
        for submission in submissions { sink.submit(submission) { results.add($0) } }
        for result in results.wait() {
            guard case .failure(let failure) = result else { continue }
            throw Self.failure(failure)
        }
    }

    /// What a failed write is called.
    static func failure(_ failure: SinkFailure) -> CommandFailure {
        switch failure {
        case .unavailable:
            CommandFailure("the database does not take the reports; the command can be repeated")
        case .full, .stopping:
            CommandFailure("the writer is full; the command can be repeated")
        }
    }

    /// Ends its threads, once all is written.
    func stop() {
        _ = sink.stop(within: .seconds(60))
        notifier.stop()
    }
}

/// As many results as were begun, which come on other threads.
final class Awaited<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let count: Int
    private let wakeup = Wakeup()

    init(_ count: Int) {
        self.count = count
        if count == 0 { wakeup.signal() }
    }

    func add(_ value: Value) {
        let isLast = values.withLock { values in
            values.append(value)
            return values.count == count
        }
        if isLast { wakeup.signal() }
    }

    /// Waits for all of them; each comes in the end.
    func wait() -> [Value] {
        wakeup.wait()
        return values.withLock { $0 }
    }
}
