package import Domain
import Synchronization
import System
package import Telemetry

/// Submits queued messages to their providers, one lane for each, and polls for final statuses that
/// no callback brings.
///
/// Every lease is a request in flight: messages are leased just before their request is made, as
/// many as there are free slots. An outcome that was not recorded is settled by asking the
/// provider.
package final class Dispatcher: Sendable {
    /// How messages go to one provider.
    package struct Lane: Sendable {
        package let provider: any SendingProvider
        /// Requests at the same time.
        package var concurrency: Int
        /// The most messages in one request, if fewer than the provider takes.
        package var batchLimit: Int
        /// Messages a second, of all dispatchers together; nil for no limit.
        package var rate: Double?
        /// When to query the final status of a message, counted from its sending.
        package var reconcile: [Duration]

        package init(
            provider: any SendingProvider, concurrency: Int, batchLimit: Int, rate: Double?,
            reconcile: [Duration]
        ) {
            self.provider = provider
            self.concurrency = concurrency
            self.batchLimit = batchLimit
            self.rate = rate
            self.reconcile = reconcile
        }
    }

    /// What all lanes have in common.
    package struct Settings: Sendable {
        /// Of one request, from name look-up to the last byte.
        package var sendTimeout = Duration.seconds(30)
        /// Attempts that count, before a message is given up.
        package var maxAttempts = 10
        /// Whether a healthy provider takes over from an unhealthy one.
        package var isFailoverOn = true
        /// An answer that takes longer is a bad sign, and so is a pause.
        package var slow = Duration.seconds(10)
        /// The longest that one call of the outbox may take, with all of its statements: longer
        /// than any of their own time limits.
        package var databaseLimit = Duration.seconds(600)

        package init() {}
    }

    private let lanes: [Provider: Sending.Lane]
    private let recorder: Recorder
    private let sweeper: Sweeper
    private let settings: Settings
    private let logger: Logger

    /// Starts everything. If the database cannot be reached, work begins when it can.
    ///
    /// - Parameters:
    ///   - lanes: one a provider.
    ///   - settings: of all of them.
    ///   - outbox: the queue.
    ///   - transport: makes the requests.
    ///   - sink: makes durable the reports that were found by polling.
    ///   - inbound: tells which messages from people are stored; nil asks no provider for lost ones.
    ///   - notifier: notified when results are recorded.
    ///   - logger: gets failures and takeovers.
    package init(
        _ lanes: [Lane], settings: Settings, outbox: any Outbox, transport: any HTTPTransport,
        sink: any ReportSink, inbound: (any InboundIndex)? = nil, notifier: any Notifier,
        logger: Logger
    ) {
        self.settings = settings
        self.logger = logger
        let recorder = Recorder(
            outbox, notifier: notifier, databaseLimit: settings.databaseLimit, logger: logger)
        let registration = DispatcherRegistration(outbox, logger: logger)
        let made = lanes.map {
            Sending.Lane(
                $0, common: settings, outbox: outbox, transport: transport, recorder: recorder,
                registration: registration, logger: logger)
        }
        self.recorder = recorder
        self.lanes = Dictionary(
            made.map { ($0.provider.provider, $0) }, uniquingKeysWith: { first, _ in first })
        sweeper = Sweeper(
            made, settings: settings, outbox: outbox, transport: transport, sink: sink,
            inbound: inbound, recorder: recorder, registration: registration, logger: logger)
        for lane in lanes {
            logger.log(
                .info, "sending",
                [
                    "provider": "\(lane.provider.provider.name)",
                    "requests": .integer(Int64(lane.concurrency)),
                    "messages_a_request": .integer(
                        Int64(min(lane.batchLimit, lane.provider.batchLimit))),
                    "messages_per_second": lane.rate.map { .number($0) } ?? "unlimited",
                ])
        }
        recorder.start()
        for lane in made { lane.start { [weak self] in self?.unhealthy(but: lane) ?? [] } }
        sweeper.start()
    }

    /// There is new work. Any thread.
    package func wake() {
        for lane in lanes.values { lane.wake() }
    }

    /// Requests to all providers that have no answer yet. Any thread.
    package var requestsInFlight: Int {
        lanes.values.reduce(0) { $0 + $1.requestsInFlight }
    }

    /// The threads that hang: each has ended nothing for longer than its waits may take. A slow or
    /// unreachable database or provider does not count.
    ///
    /// - Parameter now: the time; for tests.
    /// - Returns: `lane of` a provider, for example; empty if there is none.
    package func stuck(at now: ContinuousClock.Instant = .now) -> [String] {
        let stuckLanes = lanes.values.filter { $0.isStuck(at: now) }
            .map { "lane of \($0.provider.provider.name)" }
        let threads = [("recorder", recorder.heartbeat), ("sweeper", sweeper.heartbeat)]
            .filter { $0.1.isLate(at: now) }.map(\.0)
        return stuckLanes.sorted() + threads
    }

    /// Leases nothing more, waits for the requests in flight, and records their results.
    ///
    /// - Returns: false if the time was over first; the remaining outcomes will be queried.
    package func stop(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        for lane in lanes.values { lane.stop() }
        sweeper.stop()
        let areWritten = lanes.values.map { $0.wait(until: end) }.allSatisfy { $0 }
        let hasSwept = sweeper.wait(until: end)
        let isFlushed = recorder.stop(within: max(.milliseconds(100), end - .now))
        return areWritten && hasSwept && isFlushed
    }

    private func unhealthy(but lane: Sending.Lane) -> [Provider] {
        guard settings.isFailoverOn else { return [] }
        let now = Timestamp.now
        let others = lanes.filter {
            $0.key != lane.provider.provider && $0.value.isUnhealthy(at: now)
        }
        let unserved = sweeper.unservedProviders.filter { lanes[$0] == nil }
        return (others.map(\.key) + unserved).sorted { $0.code < $1.code }
    }
}
