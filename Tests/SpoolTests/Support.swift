import Domain
import Foundation
import Glibc
import Spool
import Synchronization
import Telemetry
import TestSupport

/// A callback with a recognisable body.
func sampleCallback(_ number: Int, bodyBytes: Int = 40) -> ReceivedCallback {
    let time = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(number) * 1000)
    var body = Array("{\"number\":\(number)}".utf8)
    body += [UInt8](repeating: UInt8(ascii: " "), count: max(0, bodyBytes - body.count))
    return ReceivedCallback(
        id: .new(at: time), provider: .sample, uri: "/callbacks/sample?n=\(number)",
        contentType: number % 2 == 0 ? "application/json" : nil,
        message: number % 3 == 0 ? .new(at: time) : nil, receivedAt: time, body: body)
}

extension Provider {
    static let sample = Provider(code: 7, name: "sample", messageNames: .itsOwn)
}

extension Submission {
    static func sample(_ number: Int, bodyBytes: Int = 40) -> Submission {
        Submission(
            callback: sampleCallback(number, bodyBytes: bodyBytes), reports: [], rejects: [])
    }
}

extension Logger {
    static let silent = Logger(descriptor: -1)
}

/// The real folder behind calls that fail when the test wants it.
final class FaultyFiles: SpoolFiles {
    /// Which calls fail, and with what.
    enum Fault: Hashable, Sendable {
        case write, sync, create, remove, read
    }

    private struct State {
        var failing: [Fault: (skip: Int, times: Int, errno: Int32)] = [:]
        var syncedAfterFailure = 0
        var freeBytes: Int?
    }

    private let state = Mutex(State())
    let real: DiskFiles

    init(_ directory: TemporaryDirectory) {
        real = DiskFiles(directory: directory.path(of: "spool"))
    }

    /// Lets calls pass, and then so many fail.
    func fail(_ fault: Fault, after skip: Int = 0, times: Int = 1, with number: Int32 = EIO) {
        state.withLock { $0.failing[fault] = (skip, times, number) }
    }

    /// What the disk has left, as far as the spool is told.
    func setFree(_ bytes: Int?) { state.withLock { $0.freeBytes = bytes } }

    /// Syncs of files of which a write or sync had failed.
    var syncsAfterFailure: Int { state.withLock { $0.syncedAfterFailure } }

    fileprivate func noteSyncAfterFailure() {
        state.withLock { $0.syncedAfterFailure += 1 }
    }

    fileprivate func check(_ fault: Fault) throws(SpoolError) {
        let number = state.withLock { state -> Int32? in
            guard var plan = state.failing[fault], plan.times > 0 else { return nil }
            defer { state.failing[fault] = plan }
            if plan.skip > 0 {
                plan.skip -= 1
                return nil
            }
            plan.times -= 1
            return plan.errno
        }
        if let number { throw .system("a planned failure of \(fault)", number) }
    }

    func names() throws(SpoolError) -> [String] { try real.names() }

    func create(_ name: String, bytes: Int) throws(SpoolError) -> any SpoolFile {
        try check(.create)
        return FaultyFile(try real.create(name, bytes: bytes), self)
    }

    func open(_ name: String, locked: Bool) throws(SpoolError) -> any SpoolFile {
        FaultyFile(try real.open(name, locked: locked), self)
    }

    func rename(_ name: String, to new: String) throws(SpoolError) {
        try real.rename(name, to: new)
    }

    func remove(_ name: String) throws(SpoolError) {
        try check(.remove)
        try real.remove(name)
    }

    func syncDirectory() throws(SpoolError) { try real.syncDirectory() }

    func space() throws(SpoolError) -> (free: Int, total: Int) {
        let space = try real.space()
        return (state.withLock { $0.freeBytes } ?? space.free, space.total)
    }

    func size(of name: String) throws(SpoolError) -> Int { try real.size(of: name) }
}

private final class FaultyFile: SpoolFile {
    private let real: any SpoolFile
    private let folder: FaultyFiles
    private let hasFailed = Atomic<Bool>(false)

    init(_ real: any SpoolFile, _ folder: FaultyFiles) {
        self.real = real
        self.folder = folder
    }

    func size() throws(SpoolError) -> Int { try real.size() }

    func write(_ bytes: [UInt8], at offset: Int) throws(SpoolError) {
        do throws(SpoolError) {
            try folder.check(.write)
        } catch {
            hasFailed.store(true, ordering: .relaxed)
            // As a full disk does: a part of it is there.
            try real.write(Array(bytes[..<(bytes.count / 2)]), at: offset)
            throw error
        }
        try real.write(bytes, at: offset)
    }

    func sync() throws(SpoolError) {
        if hasFailed.load(ordering: .relaxed) { folder.noteSyncAfterFailure() }
        do throws(SpoolError) {
            try folder.check(.sync)
        } catch {
            hasFailed.store(true, ordering: .relaxed)
            throw error
        }
        try real.sync()
    }

    func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8] {
        try folder.check(.read)
        return try real.read(count, at: offset)
    }
}

/// A writer to a database that keeps what it took, or refuses.
final class Target: ReportSink, WriterProbe {
    private struct State {
        var taken: [Submission] = []
        var refusals = 0
        var isAway = false
    }

    private let state = Mutex(State())

    func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        let result = state.withLock { state -> Result<Void, SinkFailure> in
            if state.isAway { return .failure(.unavailable) }
            if state.refusals > 0 {
                state.refusals -= 1
                return .failure(.full)
            }
            state.taken.append(submission)
            return .success(())
        }
        completion(result)
    }

    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    func refuse(_ count: Int) { state.withLock { $0.refusals = count } }

    var taken: [Submission] { state.withLock { $0.taken } }
    var takenIDs: Set<CallbackID> { Set(taken.map(\.callback.id)) }

    func writerState() -> WriterState {
        WriterState(
            queuedReports: 0, capacity: 100, commitP50: nil, commitP99: nil,
            awaySince: state.withLock { $0.isAway } ? .now : nil)
    }

    var writeProblem: String? { state.withLock { $0.isAway } ? "away" : nil }
}

/// The answers of a spool to many callbacks.
final class SpoolAnswers: Sendable {
    private let state = Mutex<[Bool]>([])

    func append(_ submission: Submission, to spool: SpoolWriter) {
        spool.append(submission) { segment in
            self.state.withLock { $0.append(segment != nil) }
        }
    }

    /// Waits for so many; those that were stored are true.
    func wait(for count: Int) -> [Bool] {
        _ = waitUntil(within: .seconds(20)) { state.withLock { $0.count } >= count }
        return state.withLock { $0 }
    }
}
