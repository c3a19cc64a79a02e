import Domain
import FastCGI
import Telemetry

/// The thread of the live streams: the only one that knows which stream watches what.
struct LiveLoop: ~Copyable {
    let streams: LiveStreams
    var index = WatchIndex<LiveWatcher>()
    var open: [StreamID: OpenStream] = [:]
    /// Up to here every stream has got everything; nil while there is none.
    var position: ChangeSequence?
    /// Streams that have got more than that, from another process.
    var ahead: [StreamID: ChangeSequence] = [:]
    /// When streams with a filter were last told to ask again.
    var filterResetAt: ContinuousClock.Instant?
    /// Whether they have missed something since.
    var owesFilterReset = false

    private var nextLook: ContinuousClock.Instant
    private var nextHeartbeat: ContinuousClock.Instant
    private var nextCheck: ContinuousClock.Instant
    /// When streams whose time is over are looked for: each look goes through all of them.
    private var nextEnding: ContinuousClock.Instant
    private var lastLook: ContinuousClock.Instant

    var settings: LiveSettings { streams.settings }

    init(_ streams: LiveStreams) {
        self.streams = streams
        let now = ContinuousClock.now
        nextLook = now
        nextHeartbeat = now + streams.settings.heartbeat
        nextCheck = now + streams.settings.check
        nextEnding = now
        lastLook = now - streams.settings.spacing
    }

    /// Until the end of the service.
    mutating func run() {
        var isMore = false
        while true {
            if !isMore { streams.wait(until: nextStep) }
            if streams.isStopping { return sayGoodbye() }
            let mail = streams.takeMail()
            for stream in mail.ended { forget(stream) }
            if !mail.openings.isEmpty { admit(mail.openings) }
            isMore = mail.isMore
            streams.note(openStreams: open.count)
            guard !open.isEmpty else {
                position = nil
                streams.counts.note(caughtUpAt: nil)
                continue
            }
            // Whoever tells of changes from now on is heard at the next round.
            if streams.takeLook() { nextLook = min(nextLook, lastLook + settings.spacing) }
            let now = ContinuousClock.now
            if now >= nextLook { follow() }
            if now >= nextEnding {
                endOverdue(at: now)
                nextEnding = now + settings.look
            }
            if now >= nextCheck {
                check()
                nextCheck = .now + settings.check
            }
            if now >= nextHeartbeat {
                beat()
                nextHeartbeat = max(nextHeartbeat + settings.heartbeat, now)
            }
        }
    }

    private var nextStep: ContinuousClock.Instant {
        guard !open.isEmpty else { return .now + .seconds(60) }
        return min(nextLook, nextHeartbeat, nextCheck)
    }

    /// Reads what has changed, and shows it. If the database does not answer, the next look reads
    /// the same.
    mutating func follow() {
        lastLook = .now
        nextLook = lastLook + settings.look
        guard let place = position else { return }
        do throws(StoreFailure) {
            let page = try streams.reader.changes(after: place, limit: settings.lookChanges)
            guard page.isComplete else { return try startAgain() }
            try deliver(page.changes)
            if let last = page.changes.last { position = last.sequence }
            if page.changes.count >= settings.lookChanges {
                nextLook = .now
            } else {
                streams.counts.note(caughtUpAt: .now)
            }
            if owesFilterReset { resetFilters() }
        } catch {
            streams.logger.log(
                .warning, "live streams cannot read the changes", limitKey: "\(error.code)",
                ["error": "\(error)"])
        }
    }

    /// Changes were dropped before they could be read, or numbers were set back by a failover.
    private mutating func startAgain() throws(StoreFailure) {
        let latest = try streams.reader.latestChange()
        position = latest
        ahead = [:]
        streams.logger.log(.warning, "live streams have missed changes and are reset")
        reset(open.values.map(\.watcher.stream), at: latest, "changes_lost")
    }

    /// Shows every client that the line is alive, and what it need not ask for again.
    private func beat() {
        let time = Timestamp.now.description
        // The id of a stream that is ahead must not fall back.
        let event = EventText.event(
            "heartbeat", id: ahead.isEmpty ? position : nil, Array(#"{"at":"\#(time)"}"#.utf8))
        streams.hub.broadcast(event)
    }

    /// Tells each client to come back at another time, so that a restart meets no storm.
    private func sayGoodbye() {
        let all = Array(open.keys)
        guard !all.isEmpty else { return }
        let spread = max(
            settings.retry.upperBound - settings.retry.lowerBound,
            .seconds(1) * all.count / settings.returnsPerSecond)
        let groups = min(all.count, 200)
        for group in 0..<groups {
            let pause = settings.retry.lowerBound + spread * group / groups
            let members = stride(from: group, to: all.count, by: groups).map { all[$0] }
            streams.hub.send(EventText.retry(after: pause), to: members)
        }
    }
}

extension LiveLoop {
    /// A stream has ended.
    mutating func forget(_ stream: StreamID) {
        guard let gone = open.removeValue(forKey: stream) else { return }
        index.remove(gone.watcher, from: gone.subject)
        ahead[stream] = nil
    }

    /// Ends a stream by our own will.
    mutating func end(_ stream: StreamID) {
        streams.hub.close(stream)
        forget(stream)
    }

    /// Ends the streams whose time is over.
    private mutating func endOverdue(at now: ContinuousClock.Instant) {
        for (stream, state) in open {
            if let end = state.endsAt, end <= now { self.end(stream) }
        }
    }

    /// Looks at everybody who reads again, with one query.
    private mutating func check() {
        var readers: [StreamCredential: [StreamID]] = [:]
        for (stream, state) in open {
            if let credential = state.reader?.credential {
                readers[credential, default: []].append(stream)
            }
        }
        guard !readers.isEmpty else { return }
        do throws(StoreFailure) {
            let rights = try streams.admission.rights(of: Set(readers.keys))
            for (credential, readers) in readers {
                for stream in readers {
                    let reader = open[stream]?.reader
                    let isAdmitted = rights[credential]?
                        .admit(role: reader?.role, from: reader?.address)
                    if isAdmitted != true { end(stream) }
                }
            }
        } catch {
            // Nothing comes from a database that does not answer either.
            streams.logger.log(
                .warning, "the readers of live streams cannot be checked",
                limitKey: "\(error.code)",
                ["error": "\(error)"])
        }
    }
}
