import FastCGI
private import Synchronization
import Telemetry

/// What became of streams and their events. Any thread.
final class LiveCounts: Sendable {
    let sent: Counter
    let dropped: Counter
    let resets: Counter
    private let opened: Counter
    /// When the log was last read to its end; nil while no stream is open.
    private let caughtUp = Mutex<ContinuousClock.Instant?>(nil)

    init(_ metrics: Metrics) {
        opened = metrics.counter("waybill_streams_opened_total", "Live streams opened.")
        sent = metrics.counter(
            "waybill_stream_events_total", "Events sent, once for each stream that got it.")
        dropped = metrics.counter(
            "waybill_streams_dropped_total",
            "Live streams ended because their client did not read, or this process was too busy.")
        resets = metrics.counter(
            "waybill_stream_resets_total", "Streams told to ask again, because too much happened.")
    }

    func noteOpened() { opened.add() }

    func ended(_ end: StreamEnd) {
        switch end {
        case .tooSlow, .cutOff: dropped.add()
        case .peerClosed, .closed: break
        }
    }

    /// The log was read to its end just now; nil when nobody reads.
    func note(caughtUpAt time: ContinuousClock.Instant?) { caughtUp.withLock { $0 = time } }

    /// How long ago that was; zero while no stream is open.
    var lag: Duration { caughtUp.withLock { time in time.map { .now - $0 } ?? .zero } }
}
