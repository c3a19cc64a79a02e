package import Domain
package import Postgres
private import Synchronization
import System
package import Telemetry

/// Looks every minute whether providers fare as usual, and raises and clears alarms.
///
/// Any number of processes may: each of an alarm's steps is taken by one of them. All that it knows is
/// in the database, so a restart forgets nothing. Also moves there how old reports are, which their
/// receivers count in memory.
package final class DriftWatch: AlarmProbe {
    private let store: DriftStore
    private let ages: ReportAges
    private let name: @Sendable (TrafficSubject) -> String
    private let logger: Logger
    private let failures: Counter
    private let known = Mutex<[Alarm]>([])
    private let thread = ServiceThread("drift")

    private static let interval: Duration = .seconds(60)
    /// How old the alarms may be that a status shows.
    private static let readInterval: Duration = .seconds(10)

    /// Starts its thread.
    ///
    /// - Parameters:
    ///   - pool: shared with others: a look takes one connection for some milliseconds.
    ///   - ages: what this process's receivers count.
    ///   - providers: those whose alarms are shown as metrics.
    ///   - name: of a subject in sentences.
    ///   - metrics: where alarms and failures are counted.
    ///   - logger: told of alarms and failures.
    package init(
        _ pool: ConnectionPool, ages: ReportAges, providers: [Provider],
        name: @escaping @Sendable (TrafficSubject) -> String, metrics: Metrics = Metrics(),
        logger: Logger
    ) {
        store = DriftStore(pool, logger: logger)
        self.ages = ages
        self.name = name
        self.logger = logger
        failures = metrics.counter(
            "waybill_drift_failures_total", "Looks for what is other than usual that failed.")
        for provider in providers {
            for kind in DriftKind.allCases {
                metrics.gauge(
                    "waybill_alarms", "Alarms that are on, by provider and kind.",
                    ["provider": provider.name, "kind": kind.rawValue]
                ) { [self] in
                    Double(
                        alarms.count { $0.subject.provider == provider && $0.kind == kind })
                }
            }
        }
        thread.startOrAbort { [self] in run() }
    }

    package var alarms: [Alarm] { known.withLock { $0 } }

    /// Ends the thread after its current look, unless the database hangs.
    package func stop() {
        thread.stop()
        _ = thread.join(until: .now + .seconds(5))
    }

    private func run() {
        var nextLook = ContinuousClock.now
        while !thread.isStopping {
            var taken: [ReportAges.Key: [Int64]] = [:]
            do throws(StoreFailure) {
                taken = ages.take()
                try store.add(taken)
                taken = [:]
                if .now >= nextLook {
                    try look()
                    nextLook = .now + Self.interval
                }
                let alarms = try store.alarms()
                known.withLock { $0 = alarms }
            } catch {
                // The ages of some seconds are no loss; the failure has been logged.
                failures.add()
            }
            thread.pause(for: Self.readInterval)
        }
    }

    /// One look: what is on, what is found, what follows.
    func look() throws(StoreFailure) {
        let (now, subjects) = try store.histories()
        var verdicts: [Alarm.Topic: DriftVerdict] = [:]
        for (subject, history) in subjects {
            for (kind, verdict) in DriftJudge(history).verdicts {
                verdicts[Alarm.Topic(subject, kind)] = verdict
            }
        }
        let open = try store.alarms()
        for action in AlarmRules.actions(open: open, verdicts: verdicts, at: now) {
            switch action {
            case .raise(let topic, let finding):
                let sentence = try sentence(finding, topic)
                guard try store.raise(topic, sentence) != nil else { continue }
                log("alarm", topic, sentence)
            case .keep(let topic, let finding):
                var words: String?
                if let finding { words = try sentence(finding, topic) }
                try store.keep(topic, words)
            case .clear(let topic):
                guard try store.clear(topic) else { continue }
                log("alarm is over", topic, open.first { $0.topic == topic }?.sentence ?? "")
            case .absorb(let topic): _ = try store.absorb(topic)
            }
        }
    }

    private func sentence(
        _ finding: DriftFinding, _ topic: Alarm.Topic
    ) throws(StoreFailure) -> String {
        var outcome: String?
        if let id = finding.outcome { outcome = try store.outcomeName(id) }
        return finding.sentence(about: name(topic.subject), outcome: outcome)
    }

    private func log(_ message: String, _ topic: Alarm.Topic, _ sentence: String) {
        logger.log(
            .warning, message,
            [
                "provider": "\(topic.subject.provider.name)", "kind": "\(topic.kind.rawValue)",
                "country": "\(topic.subject.country?.description ?? "")", "sentence": "\(sentence)",
            ])
    }
}
