package import Domain
import Synchronization
import System
package import Telemetry

/// Makes callbacks durable on the disk, by group commit: all that waits is one frame and one
/// fdatasync. Any thread; no caller waits.
package final class SpoolWriter: Sendable {
    /// Called once, on the spool's thread: the segment that has the callback on the disk, or nil if
    /// it could not be stored.
    package typealias Completion = @Sendable (Segment?) -> Void

    private struct Request {
        let submission: Submission
        let completion: Completion
    }

    private struct State {
        var waiting: [Request] = []
        var waitingBytes = 0
        var isClosed = false
        var isAsleep = false
        var mustSeal = false
        /// What is being written, and what was.
        var active: Segment?
        var sealed: [Segment] = []
        var problem: SpoolError?
    }

    private enum Work {
        case group([Request])
        case seal
        case end
    }

    /// A group is no larger, so that the first in it does not wait for long.
    private static let groupBytes = 4 << 20
    /// What may wait in memory.
    private static let mostWaitingBytes = 48 << 20
    /// Of a callback beside its body.
    private static let overheadBytes = 512

    let files: any SpoolFiles
    package let mode: SpoolState.Mode
    let room: SpoolRoom
    private let metrics: SpoolMetrics
    private let logger: Logger
    private let monitor = Monitor(State())
    private let thread = ServiceThread("spool", stackBytes: 1 << 20)

    /// Starts it, with a segment reserved ahead.
    ///
    /// - Parameters:
    ///   - files: its folder.
    ///   - mode: when callbacks come to it.
    ///   - limitBytes: the most that all files in the folder may take.
    ///   - metrics: where it counts.
    ///   - logger: told of failures.
    package init(
        _ files: any SpoolFiles, mode: SpoolState.Mode, limitBytes: Int, metrics: SpoolMetrics,
        logger: Logger
    ) {
        self.files = files
        self.mode = mode
        room = SpoolRoom(limitBytes: limitBytes)
        self.metrics = metrics
        self.logger = logger
        thread.startOrAbort(interrupt: { [monitor] in
            monitor.withLock { $0.isClosed = true }
            monitor.wakeAll()
        }) { [self] in run() }
    }

    /// Takes a callback; returns at once.
    package func append(_ submission: Submission, completion: @escaping Completion) {
        let bytes = submission.callback.body.count + Self.overheadBytes
        let (isTaken, mustWake) = monitor.withLock { state -> (Bool, Bool) in
            guard !state.isClosed, state.waitingBytes + bytes <= Self.mostWaitingBytes else {
                return (false, false)
            }
            state.waiting.append(Request(submission: submission, completion: completion))
            state.waitingBytes += bytes
            defer { state.isAsleep = false }
            return (true, state.isAsleep)
        }
        if mustWake { monitor.wakeAll() }
        guard !isTaken else { return }
        metrics.refused.add()
        completion(nil)
    }

    /// Ends the segment that is being written, if anything is in it, so that it can be drained; and
    /// tries again to reserve one if there was no room.
    func seal() {
        monitor.withLock { $0.mustSeal = true }
        monitor.wakeAll()
    }

    /// Writes what waits, and ends. Segments with callbacks stay for the next process.
    ///
    /// - Returns: false if the deadline passed first.
    package func stop(within limit: Duration) -> Bool {
        thread.stop()
        return thread.join(until: .now + limit)
    }
}

// MARK: - The segments, for the drain

extension SpoolWriter {
    /// All that this process has written and that is there.
    var segments: (active: Segment?, sealed: [Segment]) {
        monitor.withLock { ($0.active, $0.sealed) }
    }

    /// Why nothing can be written; nil if the last group could be.
    var problem: SpoolError? { monitor.withLock { $0.problem } }

    /// Removes a sealed segment's file.
    func remove(_ segment: Segment) throws(SpoolError) {
        try files.remove(segment.name.description)
        try files.syncDirectory()
        monitor.withLock { state in state.sealed.removeAll { $0 === segment } }
    }

    /// Keeps a segment of an ended process, whose lock we hold, and which the database has.
    func adopt(_ name: SegmentName, _ file: any SpoolFile) throws(SpoolError) {
        let segment = Segment(name, file, size: try file.size())
        monitor.withLock { $0.sealed.append(segment) }
    }

    /// Removes the oldest sealed segment that the database has confirmed.
    ///
    /// - Returns: whether there was one.
    private func removeOldestConfirmed() -> Bool {
        let oldest = monitor.withLock { state -> Segment? in
            guard let place = state.sealed.firstIndex(where: { !$0.content.isPending }) else {
                return nil
            }
            return state.sealed.remove(at: place)
        }
        guard let oldest else { return false }
        do throws(SpoolError) {
            try files.remove(oldest.name.description)
            try files.syncDirectory()
        } catch {
            logger.log(.error, "a segment of the spool cannot be removed", ["error": "\(error)"])
        }
        return true
    }
}

// MARK: - The spool's thread

extension SpoolWriter {
    private func run() {
        var open: OpenSegment?
        prepare(&open)
        while true {
            switch nextWork() {
            case .group(let group): write(group, to: &open)
            case .seal:
                if let active = open, !active.isEmpty { retire(&open) }
                prepare(&open)
            case .end:
                close(&open)
                return
            }
        }
    }

    private func nextWork() -> Work {
        monitor.wait { state in
            if state.mustSeal {
                state.mustSeal = false
                return .seal
            }
            guard !state.waiting.isEmpty else {
                state.isAsleep = true
                return state.isClosed ? .end : nil
            }
            var bytes = 0
            let count = state.waiting.prefix { request in
                let isFirst = bytes == 0
                bytes += request.submission.callback.body.count + Self.overheadBytes
                return isFirst || bytes <= Self.groupBytes
            }.count
            let group = Array(state.waiting[..<count])
            state.waiting.removeFirst(count)
            state.waitingBytes -= group.reduce(0) {
                $0 + $1.submission.callback.body.count + Self.overheadBytes
            }
            return .group(group)
        }
    }

    /// Writes a group to the segment, or to a new one if that fails, and tells the callers.
    private func write(_ group: [Request], to open: inout OpenSegment?) {
        let records = group.map { SpoolRecord($0.submission).encoded() }
        let frame = FrameHeader.size + records.reduce(0) { $0 + 4 + $1.count }
        var stored: Segment?
        for _ in 0..<2 where stored == nil {
            if let active = open, !active.hasRoom(for: frame) { retire(&open) }
            prepare(&open, for: frame)
            guard open != nil else { break }
            let started = ContinuousClock.now
            do throws(SpoolError) {
                guard let end = try open?.append(records), let segment = open?.segment else {
                    break
                }
                metrics.sync.record(.now - started)
                segment.grew(
                    to: end, by: group.map(\.submission.callback), isPending: mode == .fallback)
                stored = segment
            } catch {
                failed(error)
                // The system reports a failed write once: what it says of this file from now on
                // proves nothing.
                retire(&open, isWhole: false)
            }
        }
        if stored != nil {
            monitor.withLock { $0.problem = nil }
            metrics.spooled.add(group.count)
        } else {
            metrics.refused.add(group.count)
        }
        for request in group { request.completion(stored) }
    }

    /// Opens a segment if there is none.
    private func prepare(_ open: inout OpenSegment?, for frame: Int = 0) {
        guard open == nil else { return }
        do throws(SpoolError) {
            let new = try newSegment(for: frame)
            open = new
            monitor.withLock { state in
                state.active = new.segment
                state.problem = nil
            }
        } catch {
            failed(error)
        }
    }

    /// Makes a segment, a smaller one where there is no room for an ordinary one.
    private func newSegment(for frame: Int) throws(SpoolError) -> OpenSegment {
        var size = room.size(for: frame)
        while true {
            do throws(SpoolError) {
                try makeRoom(for: size)
                return try OpenSegment(files, size: size, at: .now)
            } catch {
                guard error.code == .full, let smaller = room.smaller(than: size, for: frame) else {
                    throw error
                }
                size = smaller
            }
        }
    }

    private func makeRoom(for size: Int) throws(SpoolError) {
        while true {
            do throws(SpoolError) {
                return try room.check(size, files)
            } catch {
                // What the database has is kept for a failover only.
                guard error.code == .full, removeOldestConfirmed() else { throw error }
            }
        }
    }

    private func failed(_ error: SpoolError) {
        metrics.failures.add()
        monitor.withLock { $0.problem = error }
        logger.log(
            .error, "the spool cannot store callbacks", limitKey: error.code.rawValue,
            ["error": "\(error)"])
    }

    /// Leaves the segment to be drained.
    private func retire(_ open: inout OpenSegment?, isWhole: Bool = true) {
        guard let segment = open?.segment else { return }
        if isWhole { open?.finish() } else { segment.isNeeded() }
        open = nil
        monitor.withLock { state in
            state.active = nil
            state.sealed.append(segment)
        }
    }

    private func close(_ open: inout OpenSegment?) {
        if let active = open {
            let isEmpty = active.isEmpty
            retire(&open)
            if isEmpty { try? remove(active.segment) }
        }
        // With the references go the locks: whoever drains next may have the files.
        monitor.withLock { $0.sealed = [] }
    }
}
