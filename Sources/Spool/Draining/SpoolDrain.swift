package import Domain
import Synchronization
import System
package import Telemetry

/// Moves the spool into the database when that takes writes: the segments of this process, and
/// those that nobody holds, whoever wrote them.
///
/// Progress is kept in no file: a segment that was moved in part is moved again, which changes
/// nothing. Any thread.
package final class SpoolDrain: Sendable {
    /// How callbacks are read again and written.
    package struct Way: Sendable {
        let target: any ReportSink
        let probe: any WriterProbe
        let providers: [Int16: Provider]
        let read: @Sendable (SpoolRecord) -> Submission

        /// - Parameters:
        ///   - target: the writer to the database.
        ///   - probe: whether it takes anything.
        ///   - providers: those that the program knows.
        ///   - read: the reports of a callback, by today's parser.
        package init(
            _ target: any ReportSink, _ probe: any WriterProbe, providers: [Provider],
            read: @escaping @Sendable (SpoolRecord) -> Submission
        ) {
            self.target = target
            self.probe = probe
            self.providers = Dictionary(providers.map { ($0.code, $0) }) { first, _ in first }
            self.read = read
        }
    }

    private struct State {
        var rate = MovingRate()
        var orphans: [String] = []
        var orphanBytes = 0
        var fileBytes = 0
        var setAsideFiles = 0
        var problem: SpoolError?
        var server: DatabaseServer?
    }

    /// Between two looks at what is there.
    /// The longest that making a segment may take.
    private static let makingTime: Duration = .seconds(60)
    private static let pause: Duration = .seconds(1)
    /// The most that is moved a second.
    private static let perSecond = 2000

    private let spool: SpoolWriter
    private let way: Way
    /// How long segments are kept that the database has: longer than a failover takes.
    private let window: Duration
    private let server: @Sendable () -> DatabaseServer?
    private let metrics: SpoolMetrics
    private let logger: Logger
    private let state = Mutex(State())
    private let thread = ServiceThread("spool-drain", stackBytes: 1 << 20)

    /// Starts it.
    ///
    /// - Parameters:
    ///   - spool: whose segments, and whose folder.
    ///   - way: how to write.
    ///   - window: how long segments of write-through are kept.
    ///   - server: the database's server as last seen; must not wait.
    ///   - metrics: where it counts.
    ///   - logger: told of what is moved and set aside.
    package init(
        _ spool: SpoolWriter, _ way: Way, window: Duration,
        server: @escaping @Sendable () -> DatabaseServer?, metrics: SpoolMetrics, logger: Logger
    ) {
        self.spool = spool
        self.way = way
        self.window = window
        self.server = server
        self.metrics = metrics
        self.logger = logger
        // So that the first answer tells what an earlier process left.
        look()
        thread.startOrAbort { [self] in run() }
    }

    /// Ends it after the current portion; what is not moved stays.
    package func stop(within limit: Duration) -> Bool {
        thread.stop()
        return thread.join(until: .now + limit)
    }

    private func run() {
        repeat {
            removeUnfinished()
            compareServer()
            expire()
            look()
            if canWrite { drain() }
            if spool.problem != nil { spool.seal() }
        } while thread.pause(for: Self.pause)
    }

    private var canWrite: Bool {
        way.probe.writeProblem == nil && way.probe.writerState().awaySince == nil
    }

    /// Removes files that a process was making when it ended. Only old ones: for a moment a new one has a
    /// name and no lock.
    private func removeUnfinished() {
        guard let names = try? spool.files.names() else { return }
        let bound = Timestamp.now.advanced(by: .zero - Self.makingTime)
        for name in names where name.hasSuffix(SegmentName.newEnding) {
            if let made = SegmentName(unfinished: name), made.createdAt > bound { continue }
            guard let file = try? spool.files.open(name, locked: true) else { continue }
            try? spool.files.remove(name)
            _ = file
        }
    }

    /// Sees what is in the folder.
    private func look() {
        do throws(SpoolError) {
            let names = try spool.files.names()
            let own = spool.segments
            let mine = Set(
                ([own.active].compactMap { $0 } + own.sealed).map(\.name.description))
            // Another process's segments are that one's to tell of.
            let orphans = names.filter { name in
                name.hasSuffix(SegmentName.ending) && !mine.contains(name) && isFree(name)
            }
            let bytes = orphans.reduce(0) { $0 + ((try? spool.files.size(of: $1)) ?? 0) }
            let used = try SpoolRoom.usedBytes(spool.files)
            state.withLock { state in
                state.orphans = orphans
                state.orphanBytes = bytes
                state.fileBytes = used
                state.setAsideFiles = names.count { $0.hasSuffix(SegmentName.damagedEnding) }
                state.problem = nil
            }
        } catch {
            failed(error)
        }
    }

    /// Whether nobody holds a segment.
    private func isFree(_ name: String) -> Bool {
        do throws(SpoolError) {
            _ = try spool.files.open(name, locked: true)
            return true
        } catch {
            return error.code != .held
        }
    }

    private func drain() {
        if spool.segments.active?.content.isPending == true { spool.seal() }
        for segment in spool.segments.sealed where segment.content.isPending {
            guard drainOwn(segment), canWrite else { return }
        }
        for name in state.withLock({ $0.orphans }) {
            guard drainOrphan(name), canWrite else { return }
        }
    }

    /// Moves a segment of this process; false if it must stop.
    private func drainOwn(_ segment: Segment) -> Bool {
        do throws(SpoolError) {
            // Read by a descriptor of its own; the lock is held with the other one.
            let file = try spool.files.open(segment.name.description, locked: false)
            guard try move(file, segment.name.description) == .done else { return false }
            switch spool.mode {
            case .fallback: try spool.remove(segment)
            case .always: segment.isConfirmed()
            }
        } catch {
            failed(error)
        }
        return true
    }

    /// Moves a segment that another process left, unless it is held; false if it must stop.
    private func drainOrphan(_ name: String) -> Bool {
        do throws(SpoolError) {
            let file = try spool.files.open(name, locked: true)
            guard try move(file, name) == .done else { return false }
            try spool.files.remove(name)
            try spool.files.syncDirectory()
        } catch  where error.code == .held {
            // Of a process that lives.
        } catch {
            // Perhaps another process has moved it meanwhile.
            let isThere = (try? spool.files.names().contains(name)) ?? true
            if isThere { failed(error) }
        }
        return true
    }

    private func move(
        _ file: any SpoolFile, _ name: String
    ) throws(SpoolError) -> SegmentDrain.Outcome {
        var moved = 0
        let drain = SegmentDrain(
            files: spool.files, providers: way.providers, read: way.read, target: way.target,
            metrics: metrics,
            pause: { [thread] in $0 > .zero ? thread.pause(for: $0) : !thread.isStopping },
            tell: { [self] note in
                if case .moved(let count) = note {
                    moved += count
                    state.withLock { $0.rate.add(count, at: .now) }
                } else {
                    log(note, name)
                }
            })
        let outcome = try drain.run(file, name, perSecond: Self.perSecond)
        if moved > 0 {
            logger.log(
                .info, "callbacks moved from the spool to the database",
                ["segment": "\(name)", "callbacks": .integer(Int64(moved))])
        }
        return outcome
    }

    private func log(_ note: SegmentDrain.Note, _ name: String) {
        switch note {
        case .moved: break
        case .tornTail(let bytes):
            logger.log(
                .warning, "an unfinished group at the end of a segment; no caller was told of it",
                ["segment": "\(name)", "bytes": .integer(Int64(bytes))])
        case .setAside(let file, let bytes):
            logger.log(
                .error, "a damaged part of a segment was set aside",
                [
                    "segment": "\(name)", "file": "\(file)", "bytes": .integer(Int64(bytes)),
                ])
        case .refused(let failure):
            logger.log(
                .warning, "the database does not take callbacks of the spool",
                limitKey: "\(failure)", ["segment": "\(name)", "reason": "\(failure)"])
        }
    }

    private func failed(_ error: SpoolError) {
        state.withLock { $0.problem = error }
        logger.log(
            .error, "the spool cannot be drained", limitKey: error.code.rawValue,
            ["error": "\(error)"])
    }
}

// MARK: - Write-through

extension SpoolDrain {
    /// After a failover the database may have lost what it confirmed: the whole window is needed.
    private func compareServer() {
        guard spool.mode == .always, let now = server() else { return }
        let last = state.withLock { state in
            defer { state.server = now }
            return state.server
        }
        guard let last, last != now else { return }
        let segments = spool.segments
        for segment in segments.sealed + [segments.active].compactMap({ $0 }) { segment.isNeeded() }
        logger.log(
            .warning, "another server has become the database; the spool's window is replayed",
            [
                "timeline": .integer(Int64(now.timeline)),
                "last_timeline": .integer(Int64(last.timeline)),
                "segments": .integer(Int64(segments.sealed.count + 1)),
            ])
    }

    /// Removes segments past the window, and closes one that would become too old.
    private func expire() {
        guard spool.mode == .always else { return }
        let end = Timestamp.now.advanced(by: .zero - window)
        for segment in spool.segments.sealed {
            let content = segment.content
            guard !content.isPending, (content.newest ?? segment.madeAt) < end else {
                continue
            }
            do throws(SpoolError) {
                try spool.remove(segment)
            } catch {
                failed(error)
            }
        }
        let quarter = Timestamp.now.advanced(by: .zero - window / 4)
        if let oldest = spool.segments.active?.content.oldest, oldest < quarter { spool.seal() }
    }
}

extension SpoolDrain: SpoolProbe {
    package func spoolState() -> SpoolState {
        let own = spool.segments
        let pending = ([own.active].compactMap { $0 } + own.sealed).map(\.content)
            .filter(\.isPending)
        let oldest = pending.compactMap(\.oldest).min()
        let problem = spool.problem
        return state.withLock { state in
            let orphan = state.orphans.first.flatMap { SegmentName($0)?.createdAt }
            return SpoolState(
                mode: spool.mode, fileBytes: state.fileBytes, limitBytes: spool.room.limitBytes,
                waitingCallbacks: pending.reduce(0) { $0 + $1.callbacks },
                waitingBytes: pending.reduce(0) { $0 + $1.bytes } + state.orphanBytes,
                oldestAt: [oldest, orphan].compactMap { $0 }.min(),
                drainRate: state.rate.perSecond(at: .now), setAsideFiles: state.setAsideFiles,
                accepts: problem == nil, problem: (problem ?? state.problem).map { "\($0)" })
        }
    }
}
