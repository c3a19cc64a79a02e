package import Domain
package import FastCGI
private import Synchronization
import System
package import Telemetry

/// The live streams of this process.
///
/// One thread follows the log of changes and shows each stream what it watches, in the log's order,
/// so that every stream gets every change once, whoever committed it. It opens streams between two
/// looks, many at a time; another thread, the hub's, writes to the clients. Nothing here runs on a
/// thread that writes reports: those only leave word that there is something to look at.
package final class LiveStreams: Sendable, ChangeSubscriber, LiveProbe {
    /// What others leave for the thread.
    struct Mail: Sendable {
        var openings: [LiveOpening] = []
        var ended: [(stream: StreamID, end: StreamEnd)] = []
        var isClosed = false
    }

    let reader: any LiveReader
    let admission: any StreamAdmission
    let settings: LiveSettings
    let logger: Logger
    let counts: LiveCounts
    let hub: StreamHub
    private let box: Box

    /// What the hub's thread knows of this object.
    private final class Box: Sendable {
        let mail = Mutex(Mail())
        let thread = ServiceThread("live")
        let isLookWanted = Atomic<Bool>(false)
        let openCount = Atomic<Int>(0)
    }

    /// Starts both threads, which live until `drain`.
    ///
    /// - Throws: `FastCGIError` if the system refuses.
    package init(
        _ reader: any LiveReader, admission: any StreamAdmission,
        limits: StreamHub.Limits = StreamHub.Limits(), settings: LiveSettings = LiveSettings(),
        metrics: Metrics, logger: Logger
    ) throws(FastCGIError) {
        self.reader = reader
        self.admission = admission
        self.settings = settings
        self.logger = logger
        let counts = LiveCounts(metrics)
        self.counts = counts
        let box = Box()
        self.box = box
        hub = try StreamHub.start(limits: limits) { stream, end in
            counts.ended(end)
            box.mail.withLock { $0.ended.append((stream, end)) }
        }
        metrics.gauge("waybill_streams", "Live streams that are open.") { [hub] in
            Double(hub.count)
        }
        metrics.gauge("waybill_streams_limit", "Beyond which live streams get 503.") {
            Double(limits.maxStreams)
        }
        metrics.gauge(
            "waybill_stream_lag_seconds",
            "How long ago the log of changes was read to its end, while streams are open."
        ) { [counts] in counts.lag / .seconds(1) }
        box.thread.startOrAbort { [self] in
            var loop = LiveLoop(self)
            loop.run()
        }
    }

    package var liveState: LiveState {
        LiveState(
            streams: hub.count, limit: hub.limits.maxStreams, sent: counts.sent.value,
            dropped: counts.dropped.value, resets: counts.resets.value, lag: counts.lag)
    }

    // MARK: From any thread

    package func statusesChanged(_ changes: [StatusChange]) { look() }

    /// Something may have changed. Never blocks.
    package func look() {
        guard box.openCount.load(ordering: .acquiring) > 0,
            !box.isLookWanted.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        box.thread.wake()
    }

    /// Opens a stream soon; false if too many wait, and the exchange must still be answered.
    func open(_ opening: LiveOpening) -> Bool {
        let isTaken = box.mail.withLock { mail in
            guard !mail.isClosed, mail.openings.count < settings.waitingOpenings else {
                return false
            }
            mail.openings.append(opening)
            return true
        }
        if isTaken { box.thread.wake() }
        return isTaken
    }

    /// Ends all streams, each client with another time after which it comes back, and the threads.
    /// Blocks.
    ///
    /// - Parameter deadline: when to close those that do not read.
    package func drain(deadline: ContinuousClock.Instant) {
        let left = box.mail.withLock { mail in
            mail.isClosed = true
            defer { mail.openings = [] }
            return mail.openings
        }
        for opening in left { Self.refuse(opening, .streamsEnd) }
        box.thread.stop()
        _ = box.thread.join(until: deadline)
        hub.drain(deadline: max(deadline, .now + .milliseconds(200)))
    }

    static func refuse(_ opening: LiveOpening, _ problem: Problem) {
        opening.exchange.respond(problem.response(requestID: opening.requestID))
    }

    // MARK: From the loop

    var isStopping: Bool { box.thread.isStopping }

    func wait(until deadline: ContinuousClock.Instant) { box.thread.wait(until: deadline) }

    /// Whether somebody has told of changes since the last call.
    func takeLook() -> Bool { box.isLookWanted.exchange(false, ordering: .acquiringAndReleasing) }

    /// Whether anybody is told of changes at all.
    func note(openStreams count: Int) { box.openCount.store(count, ordering: .releasing) }

    /// Some openings, and the streams that have ended; and whether more openings wait.
    func takeMail() -> (openings: [LiveOpening], ended: [StreamID], isMore: Bool) {
        box.mail.withLock { mail in
            let openings = Array(mail.openings.prefix(settings.openings))
            mail.openings.removeFirst(openings.count)
            defer { mail.ended = [] }
            return (openings, mail.ended.map(\.stream), !mail.openings.isEmpty)
        }
    }
}

extension Problem {
    static let streamsEnd = Problem.unavailable(
        "stopping", "This process ends; come back in a few seconds.")
    static let tooManyStreams = Problem.unavailable(
        "too_many_streams", "As many live streams are open as there may be; come back later.")
    static let unknownMessage = Problem(
        .notFound, "unknown_message",
        "Nobody has sent this message through us or reported on it.")
    static let unknownSendRequest = Problem(
        .notFound, "unknown_send_request", "There is no send request of this id.")
}
