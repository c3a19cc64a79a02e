import Domain
import Foundation
import Glibc
import Telemetry
import TestSupport
import Testing

@testable import Spool

@Suite("Writing to the spool", .blocking)
struct SpoolWriterTests {
    private let folder: TemporaryDirectory
    private let files: FaultyFiles

    init() throws {
        folder = try TemporaryDirectory()
        files = FaultyFiles(folder)
    }

    private func writer(limit: Int = 64 << 20, mode: SpoolState.Mode = .fallback) -> SpoolWriter {
        SpoolWriter(
            files, mode: mode, limitBytes: limit, metrics: SpoolMetrics(Metrics()),
            logger: .silent)
    }

    /// The numbers of all callbacks that are in the files.
    private func stored() throws -> [String] {
        try files.names().filter { $0.hasSuffix(".segment") }.flatMap { name in
            var reader = try SegmentReader(
                files.open(name, locked: false), SegmentName(name))
            var uris: [String] = []
            while let finding = try reader.next() {
                guard case .frame(let records, _) = finding else { continue }
                uris += try records.map {
                    try #require(SpoolRecord($0, providers: [:])).callback.uri
                }
            }
            return uris
        }
    }

    @Test("What is answered is on the disk, in the order in which it came")
    func stores() throws {
        let spool = writer()
        let answers = SpoolAnswers()
        for number in 0..<500 { answers.append(.sample(number), to: spool) }
        #expect(answers.wait(for: 500) == Array(repeating: true, count: 500))
        #expect(try stored() == (0..<500).map { "/callbacks/sample?n=\($0)" })
        #expect(spool.segments.active?.content.callbacks == 500)
        #expect(spool.segments.active?.content.isPending == true)
        #expect(spool.stop(within: .seconds(10)))
        #expect(try stored().count == 500)
        answers.append(.sample(501), to: spool)
        #expect(answers.wait(for: 501).last == false)
    }

    @Test("The folder and its files are for their user alone, and an unused segment goes")
    func privateFiles() throws {
        let spool = writer()
        #expect(waitUntil(within: .seconds(10)) { spool.segments.active != nil })
        let path = folder.path(of: "spool")
        for name in [""] + (try files.names()) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            let mode = attributes[.posixPermissions] as? Int
            #expect(mode == (name.isEmpty ? 0o700 : 0o600))
        }
        #expect(try files.names().count == 1)
        #expect(try files.size(of: files.names()[0]) == 16 << 20)
        #expect(spool.stop(within: .seconds(10)))
        #expect(try files.names().isEmpty)
    }

    @Test("A segment that is full is followed by another; a large callback gets a larger one")
    func rolls() throws {
        let spool = writer(limit: 256 << 20)
        let answers = SpoolAnswers()
        for number in 0..<4 { answers.append(.sample(number, bodyBytes: 6 << 20), to: spool) }
        answers.append(.sample(4, bodyBytes: 20 << 20), to: spool)
        #expect(answers.wait(for: 5) == Array(repeating: true, count: 5))
        #expect(try stored().count == 5)
        #expect(try files.names().count > 2)
        #expect(spool.stop(within: .seconds(10)))
        for name in try files.names() {
            let summary = try SegmentSummary(files, name)
            #expect(summary.damagedBytes == 0 && summary.tornBytes == 0)
        }
    }

    @Test(
        "After a failed write or sync the file is left alone, and a new one takes the group",
        arguments: [FaultyFiles.Fault.write, .sync], [EIO, ENOSPC])
    func failsOnce(fault: FaultyFiles.Fault, number: Int32) throws {
        let spool = writer()
        let answers = SpoolAnswers()
        answers.append(.sample(0), to: spool)
        #expect(answers.wait(for: 1) == [true])
        files.fail(fault, with: number)
        answers.append(.sample(1), to: spool)
        answers.append(.sample(2), to: spool)
        #expect(answers.wait(for: 3) == [true, true, true])
        let found = Set(try stored())
        #expect(found == Set((0..<3).map { "/callbacks/sample?n=\($0)" }))
        #expect(files.syncsAfterFailure == 0)
        #expect(try files.names().count == 2)
        #expect(spool.stop(within: .seconds(10)))
        #expect(files.syncsAfterFailure == 0)
    }

    @Test("If the new file fails, too, nothing is acknowledged; the next group is tried again")
    func failsTwice() throws {
        let spool = writer()
        let answers = SpoolAnswers()
        answers.append(.sample(0), to: spool)
        #expect(answers.wait(for: 1) == [true])
        files.fail(.write, times: 2)
        answers.append(.sample(1), to: spool)
        #expect(answers.wait(for: 2) == [true, false])
        answers.append(.sample(2), to: spool)
        #expect(answers.wait(for: 3) == [true, false, true])
        #expect(spool.problem == nil)
        #expect(files.syncsAfterFailure == 0)
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("A disk that fails at the start is tried again with the first callback")
    func noDiskAtStart() throws {
        files.fail(.create)
        let spool = writer()
        #expect(waitUntil(within: .seconds(10)) { spool.problem != nil })
        let answers = SpoolAnswers()
        answers.append(.sample(0), to: spool)
        #expect(answers.wait(for: 1) == [true])
        #expect(spool.problem == nil)
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("The limit holds; what is removed makes room")
    func full() throws {
        let spool = writer(limit: 32 << 20)
        let answers = SpoolAnswers()
        for number in 0..<12 { answers.append(.sample(number, bodyBytes: 3 << 20), to: spool) }
        let first = answers.wait(for: 12)
        #expect(first.contains(false) && first.prefix(5) == [true, true, true, true, true])
        #expect(try SpoolRoom.usedBytes(files) <= 32 << 20)
        #expect(spool.problem?.code == .full)
        #expect(try stored().count == first.count { $0 })
        for segment in spool.segments.sealed { try spool.remove(segment) }
        answers.append(.sample(12, bodyBytes: 3 << 20), to: spool)
        #expect(answers.wait(for: 13).last == true)
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("Others keep a part of the disk")
    func spared() throws {
        files.setFree(1 << 20)
        let spool = writer()
        let answers = SpoolAnswers()
        answers.append(.sample(0), to: spool)
        #expect(answers.wait(for: 1) == [false])
        #expect(spool.problem?.code == .full)
        files.setFree(nil)
        answers.append(.sample(1), to: spool)
        #expect(answers.wait(for: 2) == [false, true])
        #expect(spool.stop(within: .seconds(10)))
    }

    @Test("Write-through makes room by removing what the database has")
    func makesRoom() throws {
        let spool = writer(limit: 32 << 20, mode: .always)
        let answers = SpoolAnswers()
        for number in 0..<20 {
            answers.append(.sample(number, bodyBytes: 3 << 20), to: spool)
            #expect(answers.wait(for: number + 1).last == true)
        }
        #expect(try SpoolRoom.usedBytes(files) <= 32 << 20)
        // But nothing that it has not confirmed.
        for segment in spool.segments.sealed + [spool.segments.active].compactMap({ $0 }) {
            segment.isNeeded()
        }
        // Five of this size fill a segment.
        answers.append(.sample(20, bodyBytes: 3 << 20), to: spool)
        #expect(answers.wait(for: 21).last == false)
        #expect(spool.stop(within: .seconds(10)))
    }
}
