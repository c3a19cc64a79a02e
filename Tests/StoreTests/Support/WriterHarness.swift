import Domain
import Foundation
import Glibc
import Postgres
import Telemetry
import Testing

@testable import Store

/// A writer whose log is not mixed with the tests' output.
struct WriterHarness {
    let writer: ReportWriter
    let metrics = Metrics()

    init(
        _ database: ConnectionSettings, feed: ChangeFeed = ChangeFeed(),
        _ adjust: (inout ReportWriter.Settings) -> Void = { _ in }
    ) {
        var settings = ReportWriter.Settings()
        // A busy machine must not look like a slow database.
        settings.commitDeadline = .seconds(30)
        // Nor a blockade like a row that somebody holds.
        settings.lockWait = .seconds(30)
        // One connection by default; otherwise all of them work, even without a crowd.
        settings.connections = 1
        settings.crowdReports = 1
        adjust(&settings)
        writer = ReportWriter(
            database, settings: settings, feed: feed, metrics: metrics, logger: .silent)
    }

    /// The value of a metric, by the start of its line.
    func metric(_ name: String) -> Double? {
        metrics.exposition().split(separator: "\n")
            .first { $0.hasPrefix(name + " ") }
            .flatMap { $0.split(separator: " ").last }
            .flatMap { Double($0) }
    }

    /// Waits until the writer has committed something: then its connection is there.
    func connect(sourceLocation: SourceLocation = #_sourceLocation) {
        let answers = Answers()
        answers.submit(.sample([]), to: writer)
        #expect(answers.failures().isEmpty, sourceLocation: sourceLocation)
    }

    /// Submits all from one thread, waits for the answers, stops the writer, and returns the
    /// failures.
    func write(
        _ submissions: [Submission], sourceLocation: SourceLocation = #_sourceLocation
    ) -> [SinkFailure] {
        let answers = Answers()
        for submission in submissions { answers.submit(submission, to: writer) }
        let failures = answers.failures(sourceLocation: sourceLocation)
        stop(sourceLocation: sourceLocation)
        return failures
    }

    /// Stops the writer; all must be over within the limit.
    func stop(
        within limit: Duration = .seconds(20), sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(writer.stop(within: limit), sourceLocation: sourceLocation)
    }
}

extension Logger {
    /// Writes nowhere.
    static let silent = Logger(minimum: .error, descriptor: open("/dev/null", O_WRONLY | O_CLOEXEC))
}

/// A plain thread, as those that submit are.
final class Worker: Sendable {
    private let group = DispatchGroup()

    init(_ body: @escaping @Sendable () -> Void) {
        group.enter()
        let group = group
        Thread.detachNewThread {
            body()
            group.leave()
        }
    }

    /// Waits for its end; false if that does not come in time.
    func join(within limit: Duration = .seconds(30)) -> Bool {
        group.wait(timeout: .now() + limit / .seconds(1)) == .success
    }
}
