import Domain
import Foundation
import Glibc
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Spool

@Suite("Draining the spool", .blocking)
struct SpoolDrainTests {
    private let folder: TemporaryDirectory
    private let files: FaultyFiles
    private let target = Target()
    private let counts = Metrics()

    init() throws {
        folder = try TemporaryDirectory()
        files = FaultyFiles(folder)
    }

    private func writer(_ mode: SpoolState.Mode = .fallback) -> SpoolWriter {
        SpoolWriter(
            files, mode: mode, limitBytes: 256 << 20, metrics: SpoolMetrics(counts),
            logger: .silent)
    }

    private func drain(
        _ spool: SpoolWriter, window: Duration = .seconds(300),
        server: @escaping @Sendable () -> DatabaseServer? = { nil }
    ) -> SpoolDrain {
        let way = SpoolDrain.Way(target, target, providers: [.sample]) { record in
            Submission(callback: record.callback, reports: [], rejects: record.rejects)
        }
        return SpoolDrain(
            spool, way, window: window, server: server, metrics: SpoolMetrics(Metrics()),
            logger: .silent)
    }

    /// Spools callbacks as a process that ends: its segments are held by nobody afterwards.
    private func leave(_ numbers: Range<Int>) -> [CallbackID] {
        let spool = writer()
        let ids = append(numbers, to: spool)
        #expect(spool.stop(within: .seconds(10)))
        return ids
    }

    private func append(_ numbers: Range<Int>, to spool: SpoolWriter) -> [CallbackID] {
        let answers = SpoolAnswers()
        let submissions = numbers.map { Submission.sample($0) }
        for submission in submissions { answers.append(submission, to: spool) }
        #expect(answers.wait(for: numbers.count).allSatisfy { $0 })
        return submissions.map(\.callback.id)
    }

    private func segments() throws -> [String] {
        try files.names().filter { $0.hasSuffix(".segment") }
    }

    @Test("What is spooled is moved when the database is back, as replays, and its file goes")
    func own() throws {
        target.setAway(true)
        let spool = writer()
        let drain = drain(spool)
        let ids = append(0..<300, to: spool)
        #expect(
            waitUntil(within: .seconds(10)) { drain.spoolState().waitingCallbacks == 300 })
        #expect(drain.spoolState().oldestAt != nil)
        #expect(target.taken.isEmpty)
        target.setAway(false)
        #expect(waitUntil(within: .seconds(20)) { target.takenIDs == Set(ids) })
        #expect(target.taken.allSatisfy { $0.archiving == .addIfMissing })
        #expect(target.taken.count == 300)
        #expect(
            try waitUntil(within: .seconds(10)) {
                // Only the one that is reserved ahead.
                try segments() == [spool.segments.active?.name.description]
            })
        #expect(waitUntil(within: .seconds(10)) { drain.spoolState().oldestAt == nil })
        #expect(drain.spoolState().waitingCallbacks == 0)
        #expect(drain.spoolState().drainRate > 0)
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
        #expect(try files.names().isEmpty)
    }

    @Test("A starting process drains whatever nobody holds, and only that")
    func orphans() throws {
        let left = leave(0..<50)
        let orphans = try segments()
        let living = writer()
        let held = append(50..<60, to: living)
        let spool = writer()
        let drain = drain(spool)
        #expect(waitUntil(within: .seconds(20)) { target.takenIDs == Set(left) })
        #expect(
            try waitUntil(within: .seconds(10)) {
                try segments().allSatisfy { !orphans.contains($0) }
            })
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
        #expect(target.takenIDs.isDisjoint(with: held))
        #expect(living.stop(within: .seconds(10)))
        #expect(try segments().count == 1)
    }

    @Test("What the database refuses is tried again until it takes it")
    func refused() throws {
        let left = leave(0..<20)
        target.refuse(5)
        let spool = writer()
        let drain = drain(spool)
        #expect(waitUntil(within: .seconds(20)) { target.takenIDs == Set(left) })
        #expect(target.taken.count == 20)
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
    }

    @Test("Damage is set aside, byte for byte, and all the rest is moved")
    func damage() throws {
        let spool = writer()
        let first = append(0..<1, to: spool)
        let second = append(1..<2, to: spool)
        let third = append(2..<3, to: spool)
        let name = try #require(spool.segments.active?.name.description)
        #expect(spool.stop(within: .seconds(10)))
        let path = folder.path(of: "spool") + "/" + name
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let size = FrameHeader(Array(bytes[..<48])[...])?.frameSize ?? 0
        bytes[size + 60] ^= 0xFF
        try bytes.write(to: URL(fileURLWithPath: path))
        let next = writer()
        let drain = drain(next)
        #expect(waitUntil(within: .seconds(20)) { target.takenIDs == Set(first + third) })
        #expect(try waitUntil(within: .seconds(10)) { try segments().count == 1 })
        #expect(target.takenIDs.isDisjoint(with: second))
        #expect(waitUntil(within: .seconds(10)) { drain.spoolState().setAsideFiles == 1 })
        let kept = try #require(try files.names().first { $0.hasSuffix(".damaged") })
        let copy = try Data(contentsOf: URL(fileURLWithPath: folder.path(of: "spool/" + kept)))
        #expect(copy == bytes[size..<size + copy.count])
        #expect(drain.stop(within: .seconds(10)) && next.stop(within: .seconds(10)))
    }

    @Test("A torn tail is cut, and what was acknowledged before it is moved")
    func torn() throws {
        let left = leave(0..<10)
        let name = try #require(try segments().first)
        let path = folder.path(of: "spool") + "/" + name
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let summary = try SegmentSummary(files, name)
        try handle.seek(toOffset: UInt64(summary.usedBytes))
        try handle.write(contentsOf: Data("half a frame".utf8))
        try handle.close()
        let spool = writer()
        let drain = drain(spool)
        #expect(waitUntil(within: .seconds(20)) { target.takenIDs == Set(left) })
        #expect(try waitUntil(within: .seconds(10)) { try segments().count == 1 })
        #expect(try files.names().count == 1)
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
    }

    @Test("A file that nobody finished making goes; any other file stays")
    func unfinished() throws {
        _ = try files.create("0000000000000001-0000000000000001.new", bytes: 4096)
        _ = try files.create("notes.txt", bytes: 10)
        let spool = writer()
        let drain = drain(spool)
        #expect(
            try waitUntil(within: .seconds(10)) {
                try !files.names().contains { $0.hasSuffix(".new") }
            })
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
        #expect(try files.names() == ["notes.txt"])
    }

    @Test("A segment that cannot be removed is moved again, and nothing is lost")
    func unremovable() throws {
        let left = leave(0..<10)
        files.fail(.remove)
        let spool = writer()
        let drain = drain(spool)
        #expect(
            try waitUntil(within: .seconds(20)) {
                try target.taken.count == 20 && segments().count == 1
            })
        #expect(target.takenIDs == Set(left))
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
    }

    @Test("Write-through keeps what the database has, and replays it when another server is there")
    func writeThrough() throws {
        let server = Server()
        let spool = writer(.always)
        let drain = drain(spool, server: { server.current })
        let sink = SpoolingSink(target, spool: spool)
        let answered = Atomic<Int>(0)
        for number in 0..<100 {
            sink.submit(.sample(number)) { result in
                if case .success = result { answered.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        #expect(waitUntil(within: .seconds(10)) { answered.load(ordering: .relaxed) == 100 })
        #expect(target.taken.count == 100)
        #expect(target.taken.allSatisfy { $0.archiving == .add })
        #expect(drain.spoolState().waitingCallbacks == 0)
        // It has seen the first server by then.
        #expect(waitUntil(within: .seconds(10)) { drain.spoolState().fileBytes > 0 })
        server.failOver()
        #expect(waitUntil(within: .seconds(20)) { target.taken.count == 200 })
        #expect(target.taken[100...].allSatisfy { $0.archiving == .addIfMissing })
        // The window stays: the next failover may come.
        #expect(waitUntil(within: .seconds(10)) { drain.spoolState().waitingCallbacks == 0 })
        #expect(!spool.segments.sealed.isEmpty)
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
    }

    @Test("Segments of write-through go after the window")
    func expiry() throws {
        let spool = writer(.always)
        let drain = drain(spool, window: .milliseconds(200))
        let ids = append(0..<10, to: spool)
        #expect(ids.count == 10)
        #expect(
            try waitUntil(within: .seconds(20)) {
                try segments().count == 1 && spool.segments.active?.content.callbacks == 0
            })
        #expect(drain.stop(within: .seconds(10)) && spool.stop(within: .seconds(10)))
    }
}

/// The server that a test's database is.
private final class Server: Sendable {
    private let timeline = Mutex(1)

    var current: DatabaseServer {
        DatabaseServer(systemIdentifier: 1, timeline: timeline.withLock { $0 })
    }

    func failOver() { timeline.withLock { $0 += 1 } }
}

@Suite("A writer with a spool behind it", .blocking)
struct SpoolingSinkTests {
    private let folder: TemporaryDirectory
    private let files: FaultyFiles
    private let target = Target()

    init() throws {
        folder = try TemporaryDirectory()
        files = FaultyFiles(folder)
    }

    private func answer(
        _ mode: SpoolState.Mode, _ prepare: () -> Void = {}
    ) -> (result: Result<Void, SinkFailure>?, spool: SpoolWriter) {
        let spool = SpoolWriter(
            files, mode: mode, limitBytes: 64 << 20, metrics: SpoolMetrics(Metrics()),
            logger: .silent)
        _ = waitUntil(within: .seconds(10)) { spool.segments.active != nil }
        prepare()
        let result = Mutex<Result<Void, SinkFailure>?>(nil)
        SpoolingSink(target, spool: spool).submit(.sample(1)) { answer in
            result.withLock { $0 = answer }
        }
        _ = waitUntil(within: .seconds(10)) { result.withLock { $0 != nil } }
        return (result.withLock { $0 }, spool)
    }

    @Test("What the database takes is not spooled")
    func taken() {
        let (result, spool) = answer(.fallback)
        #expect(result == .success)
        #expect(spool.segments.active?.content.callbacks == 0)
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("What it does not take is", arguments: [SpoolState.Mode.fallback, .always])
    func spooled(mode: SpoolState.Mode) {
        target.setAway(true)
        let (result, spool) = answer(mode)
        #expect(result == .success)
        #expect(spool.segments.active?.content.callbacks == 1)
        #expect(spool.segments.active?.content.isPending == true)
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("If neither takes it, the writer's reason is the answer")
    func neither() {
        target.setAway(true)
        let (result, spool) = answer(.fallback) { files.fail(.write, times: 2) }
        #expect(result == .failure(.unavailable))
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("Write-through is stored when both have it, and not when only the database has")
    func both() {
        let (result, spool) = answer(.always)
        #expect(result == .success)
        #expect(spool.segments.active?.content.isPending == false)
        #expect(spool.stop(within: .seconds(10)))
        let (other, second) = answer(.always) { files.fail(.sync, times: 2) }
        #expect(other == .failure(.unavailable))
        #expect(second.stop(within: .seconds(10)))
    }
}

private func == (
    result: Result<Void, SinkFailure>?, wanted: Wanted
) -> Bool {
    switch (result, wanted) {
    case (.success, .success): true
    case (.failure(let failure), .failure(let other)): failure == other
    default: false
    }
}

private enum Wanted {
    case success
    case failure(SinkFailure)
}
