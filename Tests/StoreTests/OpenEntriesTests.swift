import Domain
import TestSupport
import Testing

@testable import Store

@Suite("What a committer has taken and nobody has answered")
struct OpenEntriesTests {
    private func entries(_ limits: [Int]) -> OpenEntries {
        OpenEntries(
            limits.enumerated().map { number, seconds in
                SubmissionQueue.Entry(
                    submission: .sample([.sample(number)]), deadline: .now + .seconds(seconds),
                    completion: { _ in })
            })
    }

    private func messages(_ entries: [SubmissionQueue.Entry]) -> [MessageID] {
        entries.compactMap(\.submission.reports.first?.message)
    }

    @Test("an entry is closed once, by its answer or its deadline")
    func closes() {
        let taken = entries([60, -1, 60, -1])
        #expect(messages(taken.open) == (0..<4).map { .test($0) })
        #expect(taken.close(0..<2).count == 2)
        #expect(taken.close(0..<2).isEmpty)
        #expect(messages(taken.closeExpired(at: .now)) == [.test(3)])
        #expect(messages(taken.open) == [.test(2)])
        #expect(taken[1] == nil && taken[2] != nil)
        #expect(taken.closeExpired(at: .now).isEmpty)
        #expect(taken.closeExpired(at: .now + .seconds(99)).count == 1)
        #expect(taken.open.isEmpty && taken.closeAll().isEmpty)
    }

    @Test("all are closed at once, but for those that were closed before")
    func closesAll() {
        let whole = entries([60, 60])
        #expect(whole.closeAll().count == 2)
        #expect(whole.closeAll().isEmpty && whole.open.isEmpty && whole.indices.isEmpty)
        let partly = entries([60, -1, 60])
        #expect(partly.closeExpired(at: .now).count == 1)
        #expect(messages(partly.closeAll()) == [.test(0), .test(2)])
    }

    @Test("the oldest deadline is that of what is open, and none once all is closed")
    func tellsDeadlines() throws {
        #expect(OpenEntries().oldestDeadline == nil)
        let taken = entries([10, -1, 60])
        let oldest = try #require(taken.oldestDeadline)
        #expect(oldest < .now)
        _ = taken.closeExpired(at: .now)
        let next = try #require(taken.oldestDeadline)
        let last = try #require(taken.lastDeadline)
        #expect(next > .now && next < .now + .seconds(11))
        #expect(last > .now + .seconds(50))
        _ = taken.closeAll()
        #expect(taken.oldestDeadline == nil && taken.lastDeadline == nil)
    }
}
