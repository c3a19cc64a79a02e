import Domain
import Testing

@testable import Store

@Suite("The rows of one commit")
struct WriteBatchTests {
    @Test("repeated reports are merged and the earliest arrival stays")
    func mergesRepetitions() {
        let report = Report.sample(1)
        let late = Submission.sample([report], receivedAt: .noon(plus: 9))
        let early = Submission.sample([report, report], receivedAt: .noon(plus: 2))
        let rows = WriteBatch([late, early])
        #expect(rows.reports.count == 1)
        #expect(rows.reports.first?.receivedAt == .noon(plus: 2))
        #expect(rows.reports.first?.callback == early.callback.id)
        #expect(rows.decisive.count == 1)
        #expect(rows.outcomes.count == 1)
        // The archive keeps every callback, repeated ones too.
        #expect(rows.callbacks.count == 2)
    }

    @Test("each message has one deciding report: the greatest precedence, then fingerprint")
    func findsDecisive() throws {
        let sent = Report.sample(1, .sent, at: 90)
        let failed = Report.sample(1, .failed, at: 5)
        let delivered = Report.sample(1, .delivered, at: 5)
        let twin = Report.sample(1, .delivered, at: 5, callbackData: "other")
        let rows = WriteBatch([.sample([delivered, sent]), .sample([twin, failed])])
        let winner = delivered.fingerprint > twin.fingerprint ? delivered : twin
        #expect(rows.reports.count == 4)
        #expect(rows.decisive.map(\.report) == [winner])
    }

    @Test("every table's rows are in the order of its key, which is the server's order")
    func sorts() {
        var generator = SeededGenerator(seed: 1)
        let reports = (0..<300).map { _ in Report.random(messages: 40, using: &generator) }
        let rows = WriteBatch([.sample(reports)])
        let keys = rows.reports.map { ($0.report.message, $0.report.fingerprint) }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
        let decisive = rows.decisive.map(\.report.message)
        #expect(zip(decisive, decisive.dropFirst()).allSatisfy { $0 < $1 })
        let outcomes = rows.outcomes.map(\.id)
        #expect(zip(outcomes, outcomes.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("the order of submissions changes nothing", arguments: 1...20)
    func isCommutative(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let reports = (0..<100).map { _ in Report.random(messages: 10, using: &generator) }
        let submissions = reports.chunked(upTo: 8, using: &generator).map { Submission.sample($0) }
        let one = WriteBatch(submissions)
        let other = WriteBatch(submissions.shuffled(using: &generator))
        #expect(one.reports.map(\.report) == other.reports.map(\.report))
        #expect(one.decisive.map(\.report) == other.decisive.map(\.report))
        #expect(one.outcomes == other.outcomes)
    }

    @Test("items are the same rows as their submissions")
    func takesApart() {
        let submissions = [
            Submission.sample([.sample(1), .sample(2)], rejects: [.sample()]),
            Submission.sample([], rejects: [.sample(), .sample(place: "results[7]")]),
        ]
        let items = WriteBatch.items(of: submissions)
        #expect(items.count == 7)
        let whole = WriteBatch(submissions)
        let parts = WriteBatch(items: items)
        #expect(parts.reports.map(\.report) == whole.reports.map(\.report))
        #expect(parts.reports.map(\.callback) == whole.reports.map(\.callback))
        #expect(parts.callbacks.map(\.id) == whole.callbacks.map(\.id))
        #expect(parts.rejects.map(\.reject) == whole.rejects.map(\.reject))
    }

    @Test("an empty batch makes no rows")
    func isEmpty() {
        let rows = WriteBatch([])
        #expect(rows.callbacks.isEmpty && rows.reports.isEmpty && rows.decisive.isEmpty)
    }
}
