import Foundation
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
}
