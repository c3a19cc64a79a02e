import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("What interrupted streams have missed", .blocking)
struct MissedChangesTests {
    private let database: TestDatabase

    init() throws {
        database = try TestDatabase()
    }

    private func store() throws -> LiveStore {
        let pool = try database.pool()
        return LiveStore(
            pool,
            search: MessageFinder(
                pool, logger: .silent, providers: Provider.samples,
                key: { _, _ in .test(0) }), logger: .silent)
    }

    /// Each list in a transaction of its own.
    private func write(_ lists: [[Report]]) throws {
        for list in lists {
            let harness = WriterHarness(try database.responder)
            #expect(harness.write([.sample(list)]).isEmpty)
        }
    }

    private func all() throws -> [StatusChange] {
        try ChangeLog(try database.pool(), logger: .silent)
            .changes(after: .start, limit: 10_000).changes
    }

    @Test("They are those after a place up to another one, in order, wherever both are")
    func between() throws {
        // Blocks of several changes, and of one.
        try write((0..<6).map { block in (0..<(block % 3 + 1)).map { .sample(block * 10 + $0) } })
        let all = try all()
        #expect(all.count == 12)
        let store = try store()
        for first in -1..<all.count {
            let after = first < 0 ? ChangeSequence.start : all[first].sequence
            for end in max(first, 0)..<all.count {
                let missed = try store.missedChanges(
                    after: after, through: all[end].sequence, limit: 1000)
                #expect(missed.changes == Array(all[(first + 1)..<(end + 1)]))
                #expect(missed.beginning <= after || first < 0)
                #expect(missed.end >= all[all.count - 1].sequence)
            }
        }
    }

    @Test("A limit keeps the latest ones, and says how far back they reach")
    func limit() throws {
        try write((0..<30).map { [.sample($0)] })
        let all = try all()
        let store = try store()
        let last = try #require(all.last).sequence
        let missed = try store.missedChanges(after: .start, through: last, limit: 10)
        #expect(missed.changes == Array(all.suffix(missed.changes.count)))
        #expect((10..<30).contains(missed.changes.count))
        let first = try #require(missed.changes.first)
        // Whoever has everything before the first is served, and nobody whose place is earlier.
        let before = all[all.count - missed.changes.count - 1].sequence
        #expect(missed.beginning < first.sequence && missed.beginning >= before)
        #expect(missed.beginning > all[all.count - missed.changes.count - 2].sequence)
        // Exactly as many as the limit, of a stream that has all before.
        let exact = try store.missedChanges(after: all[19].sequence, through: last, limit: 10)
        #expect(exact.changes == Array(all[20...]))
        #expect(exact.beginning <= all[20].sequence)
    }

    @Test("Dropped changes are no place to go on from, and neither is one that nobody gave")
    func dropped() throws {
        let store = try store()
        let nothing = try store.missedChanges(after: .start, through: .start, limit: 10)
        #expect(nothing == MissedChanges(changes: [], beginning: .start, end: .start))
        try write((0..<9).map { [.sample($0)] })
        let all = try all()
        let last = try #require(all.last).sequence
        try database.run("delete from status_change where block <= \(all[3].sequence.block)")
        let missed = try store.missedChanges(after: .start, through: last, limit: 1000)
        #expect(missed.changes == Array(all[4...]))
        #expect(missed.beginning > all[2].sequence && missed.beginning <= all[3].sequence)
        // The server's numbers were set back by a failover that lost commits.
        #expect(missed.end < ChangeSequence(rawValue: last.rawValue + 1_000_000))
        #expect(missed.end >= last)
    }

    @Test("Fewer than the limit of a block that is read whole are no gap")
    func wholeBlocks() throws {
        try write([(0..<50).map { .sample($0) }, (50..<53).map { .sample($0) }])
        let all = try all()
        #expect(all.count == 53)
        let missed = try store().missedChanges(
            after: all[10].sequence, through: all[52].sequence, limit: 1000)
        #expect(missed.changes == Array(all[11...]))
        #expect(missed.beginning <= all[10].sequence)
    }
}
