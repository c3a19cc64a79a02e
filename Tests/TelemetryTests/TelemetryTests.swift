import Foundation
import Telemetry
import Testing

@Suite("Telemetry")
struct TelemetryTests {
    @Test("A log line is one JSON object with time, level, message, request id and fields")
    func logLine() throws {
        let pipe = Pipe()
        let logger = Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        logger.log(.debug, "not written")
        logger.log(
            .warning, "a \"quoted\"\nmessage \u{1}", requestID: "r1",
            ["count": 3, "ratio": .number(0.25), "flag": true, "text": "ü\\"])
        #expect(logger.flush(within: .seconds(10)))
        try pipe.fileHandleForWriting.close()
        let data = try #require(try pipe.fileHandleForReading.readToEnd())
        #expect(data.filter { $0 == UInt8(ascii: "\n") }.count == 1 && data.last == 10)
        let line = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(line["level"] as? String == "warning")
        #expect(line["message"] as? String == "a \"quoted\"\nmessage \u{1}")
        #expect(line["request_id"] as? String == "r1")
        #expect(line["count"] as? Int == 3)
        #expect(line["ratio"] as? Double == 0.25)
        #expect(line["flag"] as? Bool == true)
        #expect(line["text"] as? String == "ü\\")
        let time = try #require(line["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test("Windows count what is in them and forget what has left them")
    func windows() {
        var count = WindowedCount()
        count.add(2, at: 1_000_000)
        count.add(at: 1_000_059)
        #expect(count.lastMinute(at: 1_000_059) == 3)
        #expect(count.lastMinute(at: 1_000_060) == 1)
        #expect(count.lastMinute(at: 1_000_119) == 0)
        #expect(count.lastHour(at: 1_000_119) == 3)
        #expect(count.lastHour(at: 1_000_000 + 3700) == 0)
        #expect(count.lastDay(at: 1_000_000 + 3700) == 3)
        #expect(count.lastDay(at: 1_000_000 + 90_000) == 0)
        #expect(count.lastDay(at: 1_000_000 + 9_000_000) == 0)
    }

    @Test("A clock that goes back a little loses nothing")
    func backwards() {
        var count = WindowedCount()
        count.add(at: 1_000_000)
        count.add(at: 999_990)
        #expect(count.lastMinute(at: 1_000_001) == 2)
    }

    @Test("Prometheus text has one family a name, escaped labels and cumulative buckets")
    func exposition() {
        let metrics = Metrics()
        let a = metrics.counter("x_total", "Help.", ["reason": "a\"b\\c\nd"])
        let b = metrics.counter("x_total", "Help.", ["reason": "e"])
        a.add()
        b.add(2)
        metrics.gauge("g", "Gauge.") { 1.5 }
        let histogram = metrics.histogram("h_seconds", "Histogram.", bounds: [0.1, 1])
        for value in [0.05, 0.5, 5] { histogram.record(value) }
        #expect(
            metrics.exposition() == """
                # HELP x_total Help.
                # TYPE x_total counter
                x_total{reason="a\\"b\\\\c\\nd"} 1
                x_total{reason="e"} 2
                # HELP g Gauge.
                # TYPE g gauge
                g 1.5
                # HELP h_seconds Histogram.
                # TYPE h_seconds histogram
                h_seconds_bucket{le="0.1"} 1
                h_seconds_bucket{le="1.0"} 2
                h_seconds_bucket{le="+Inf"} 3
                h_seconds_sum 5.55
                h_seconds_count 3

                """)
    }

    @Test("Quantiles are those of the recent values")
    func quantiles() {
        let histogram = Histogram(bounds: [1])
        #expect(histogram.quantile(0.5) == nil)
        for value in 1...100 { histogram.record(Double(value)) }
        #expect(histogram.quantile(0.5) == 51)
        #expect(histogram.quantile(0.99) == 100)
        for _ in 0..<2000 { histogram.record(7.0) }
        #expect(histogram.quantile(0.99) == 7)
    }
}
