import Domain
import TestSupport
import Testing

@testable import Store

@Suite("The search for messages", .blocking, .timeLimit(.minutes(10)))
struct MessageFinderTests {
    private let database: TestDatabase
    private let finder: MessageFinder
    private var samples: SearchSamples

    init() throws {
        database = try TestDatabase()
        finder = MessageFinder(
            try database.pool(), logger: .silent, providers: Provider.samples
        ) { _, name in MessageID(high: 0x8000, low: UInt64(name.utf8.count) | 1 << 63) }
        samples = SearchSamples(count: 300, seed: 20_261_125)
        try samples.write(to: database)
    }

    /// Every page of a filter, each checked for its form.
    private func all(
        _ filter: MessageFilter, limit: Int, budget: Duration = .seconds(5), scanned: Int = 5000,
        between: (MessagePage) throws -> Void = { _ in }
    ) throws -> [MessageID] {
        var ids: [MessageID] = []
        var position: SearchPosition?
        for _ in 0..<2000 {
            let page = try finder.page(
                of: filter, limit: limit, after: position, within: budget, scanned: scanned
            ).page
            #expect(page.messages.count <= limit)
            ids += page.messages.map(\.id)
            guard let next = page.next else {
                #expect(page.searchedBackTo == nil)
                return ids
            }
            #expect(page.searchedBackTo != nil || page.messages.count == limit)
            try between(page)
            position = next
        }
        Issue.record("the pages do not end")
        return ids
    }

    @Test("finds what a look at every message finds, on pages of any size")
    func agreesWithOracle() throws {
        var samples = samples
        var found = 0
        for _ in 0..<250 {
            let filter = samples.filter()
            let limit = Int.random(in: 1...40, using: &samples.generator)
            let expected = samples.found(by: filter)
            #expect(try all(filter, limit: limit) == expected, "\(filter)")
            found += expected.count
        }
        #expect(found > 1000)
    }

    @Test("looks only at hours that may have something, and misses nothing by it")
    func usesCounts() throws {
        let database = try TestDatabase()
        var samples = SearchSamples(count: 300, seed: 11)
        try samples.write(to: database, isCounted: true)
        let finder = MessageFinder(
            try database.pool(), logger: .silent, providers: Provider.samples
        ) { _, name in MessageID(high: 0x8000, low: UInt64(name.utf8.count) | 1 << 63) }
        for _ in 0..<150 {
            let filter = samples.filter()
            var ids: [MessageID] = []
            var position: SearchPosition?
            repeat {
                // A look takes in few, so that the counts are asked.
                let (page, _) = try finder.page(
                    of: filter, limit: 5, after: position, within: .seconds(5), scanned: 50)
                ids += page.messages.map(\.id)
                position = page.next
            } while position != nil
            #expect(ids == samples.found(by: filter), "\(filter)")
        }
    }

    @Test("without time finds the same in more pages, and tells how far back it has looked")
    func isHonest() throws {
        var samples = samples
        var partial = 0
        for _ in 0..<30 {
            let filter = samples.filter()
            let expected = samples.messages.filter { $0.meets(filter) }
            var seen: Set<MessageID> = []
            let ids = try all(filter, limit: 20, budget: .zero, scanned: 50) { page in
                seen.formUnion(page.messages.map(\.id))
                guard let searched = page.searchedBackTo else { return }
                partial += 1
                let missed = expected.filter {
                    $0.createdAt > searched && !seen.contains($0.id)
                }
                #expect(missed.isEmpty, "\(filter)")
            }
            #expect(ids == samples.found(by: filter), "\(filter)")
        }
        #expect(partial > 10)
    }

    @Test("walks through everything in batches")
    func walks() throws {
        var samples = samples
        for _ in 0..<20 {
            let filter = samples.filter()
            let walk = finder.walk(filter)
            var ids: [MessageID] = []
            while let batch = try walk.next() { ids += batch.messages.map(\.id) }
            #expect(ids == samples.found(by: filter), "\(filter)")
        }
    }

    @Test("neither repeats nor leaves out a message while others come and some get an earlier time")
    func isStable() throws {
        // As of now, because only what is young can get another time.
        try database.run("delete from message")
        let now = Timestamp.now
        let rows = (0..<60).map { number in
            SampleMessage(
                id: MessageID(high: 0x8000 | UInt64(number) << 16, low: 1 << 63 | UInt64(number)),
                createdAt: now.advanced(by: .milliseconds(-100 * number)), provider: .infobip,
                status: .sent)
        }
        try database.run(rows.map(SearchSamples.sql).joined())
        var count = 100
        let ids = try all(MessageFilter(), limit: 7) { page in
            // One that was found moves to behind all that was found; a new one comes.
            let moved = try #require(page.messages.first)
            try database.run(
                """
                update message set created_at = '\(now.advanced(by: .seconds(-6)))'
                    where id = '\(moved.id)'
                """)
            count += 1
            let new = SampleMessage(
                id: MessageID(high: 0x8000 | UInt64(count) << 16, low: 1 << 63 | UInt64(count)),
                createdAt: .now, provider: .infobip, status: .sent)
            try database.run(SearchSamples.sql(new))
        }
        #expect(ids.count == Set(ids).count)
        #expect(Set(rows.map(\.id)).isSubset(of: ids))
    }
}
