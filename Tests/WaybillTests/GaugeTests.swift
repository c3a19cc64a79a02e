import Domain
import Providers
import Foundation
import Synchronization
import Telemetry
import Testing

@testable import waybill

@Suite("Gauges")
struct GaugeTests {
    @Test("Lost log lines are a metric")
    func droppedLines() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let logger = Logger(descriptor: descriptor)
        let metrics = Metrics()
        LogGauges.register(logger, in: metrics)
        #expect(metrics.exposition().contains("\nwaybill_log_dropped_total 0\n"))
        for _ in 0..<3 { logger.log(.info, "lost") }
        #expect(logger.flush(within: .seconds(10)))
        #expect(metrics.exposition().contains("\nwaybill_log_dropped_total 3\n"))
    }

    @Test("The state of sending is queried once; when the query fails, the metrics say so")
    func sending() throws {
        let probe = States()
        let metrics = Metrics()
        SendingGauges.register(probe, in: metrics)
        let text = metrics.exposition()
        #expect(probe.looks.value == 1)
        #expect(
            text.contains(
                """
                # HELP waybill_sending_recovered_total Messages whose final status no callback told and a \
                status query did.
                # TYPE waybill_sending_recovered_total counter
                waybill_sending_recovered_total{provider="infobip"} 7
                waybill_sending_recovered_total{provider="plivo"} 7

                """))
        #expect(text.contains("\nwaybill_sending_known 1\n"))
        #expect(text.contains("\nwaybill_sending_look_failures_total 0\n"))
        #expect(text.contains("# TYPE waybill_sending_queued gauge\n"))
        #expect(text.contains("\nwaybill_sending_queued{provider=\"plivo\"} 3\n"))
        #expect(text.contains("\nwaybill_sending_running{provider=\"infobip\"} 1\n"))
        #expect(text.contains("\nwaybill_sending_stopped{provider=\"infobip\"} 0\n"))
        #expect(text.contains("\nwaybill_sending_oldest_due_seconds{provider=\"plivo\"} 0\n"))
        probe.isAway.store(true, ordering: .relaxed)
        let away = metrics.exposition()
        #expect(away.contains("\nwaybill_sending_known 0\n"))
        #expect(!away.contains("waybill_sending_queued"))
        // Counted where the next reading can see it.
        #expect(metrics.exposition().contains("\nwaybill_sending_look_failures_total 1\n"))
    }
}

private final class States: SendingProbe {
    let isAway = Atomic<Bool>(false)
    let looks = Counter()

    func sendingStates() throws(StoreFailure) -> [SendingState] {
        looks.add()
        if isAway.load(ordering: .relaxed) { throw StoreFailure(.unavailable, "away") }
        var counts = SendCounts()
        counts.recovered = 7
        return [Provider.infobip, .plivo].map { provider in
            SendingState(
                provider: provider, presence: ProviderPresence(seenAt: .now, stop: nil), ready: 3,
                leased: 0, unsure: 0, awaitingReport: 0, oldestDueAt: nil, counts: counts)
        }
    }
}
