import Domain
import Testing

@Suite("Parts of a message")
struct MessagePartsTests {
    /// A report about one part, or about the whole message.
    private func report(
        _ status: Status, _ number: Int? = nil, of total: Int = 3, at second: Int64 = 0,
        version: UInt64 = 7
    ) -> RecordedReport {
        let report = Report(
            message: MessageID(high: version << 12, low: 1 << 63), provider: .plivo,
            providerMessageID: "u", status: status,
            outcome: Outcome(provider: .plivo, statusName: status.rawValue),
            doneAt: Timestamp(microseconds: second * 1_000_000),
            part: number.flatMap { PartNumber(number: $0, total: total) })
        return RecordedReport(
            report: report, receivedAt: Timestamp(microseconds: 0),
            callback: CallbackID(high: 0, low: 0), precedence: report.precedence,
            fingerprint: report.fingerprint)
    }

    @Test("without reports of several parts there are none")
    func none() {
        #expect(MessageParts([]) == nil)
        #expect(MessageParts([report(.delivered), report(.sent)]) == nil)
        #expect(MessageParts([report(.delivered, 1, of: 1)]) == nil)
    }

    @Test("a part's number is from 1 to the total, which a header of a part can count")
    func numbers() {
        #expect(PartNumber(number: 1, total: 1)?.total == 1)
        #expect(PartNumber(number: 255, total: 255)?.number == 255)
        for (number, total) in [(0, 1), (2, 1), (-1, 2), (1, 256), (0, 0), (1, .max)] {
            #expect(PartNumber(number: number, total: total) == nil)
        }
    }

    @Test(
        "a message that others sent does not wait for parts, whose reports nobody asks for",
        arguments: [
            ([.delivered], nil), ([.delivered, .delivered], nil), ([.failed], nil),
            ([.delivered, .failed], .partiallyDelivered), ([.sent], nil),
            ([.delivered, .sent], nil),
        ] as [([Status], Status?)])
    func foreign(parts: [Status], expected: Status?) throws {
        let reports = parts.enumerated().map { report($1, $0 + 1, version: 8) }
        for order in [reports, reports.reversed()] {
            #expect(try #require(MessageParts(order)).status == expected)
        }
    }

    @Test(
        "what the parts come to",
        arguments: [
            ([.delivered, .delivered, .delivered], nil),
            ([.delivered, .failed, .delivered], .partiallyDelivered),
            ([.undeliverable, .failed, .delivered], .partiallyDelivered),
            ([.failed, .failed, .failed], nil), ([.failed, .expired, .rejected], nil),
            ([.delivered, .delivered, .sent], .sent), ([.delivered, .failed], .sent),
            ([.failed], .sent), ([.delivered, .accepted, .unknown], .sent),
            ([.sent, .sent, .sent], nil), ([.accepted], nil),
        ] as [([Status], Status?)])
    func status(parts: [Status], expected: Status?) throws {
        let reports = parts.enumerated().map { report($1, $0 + 1) }
        let folded = try #require(MessageParts(reports))
        #expect(folded.total == 3)
        #expect(folded.statuses.count == parts.count)
        #expect(folded.status == expected)
        for status in Status.allCases {
            #expect(folded.count(status) == parts.count { $0 == status })
        }
    }

    @Test("neither order nor repetition of the reports matters")
    func order() throws {
        let reports = [
            report(.accepted, 1, at: 1), report(.sent, 1, at: 2), report(.delivered, 1, at: 3),
            report(.sent, 2, at: 2), report(.failed, 2, at: 4), report(.delivered, 3, at: 4),
            report(.failed, 3, at: 4), report(.sent, at: 9),
        ]
        let expected = try #require(MessageParts(reports))
        #expect(expected.statuses == [1: .delivered, 2: .failed, 3: .delivered])
        #expect(expected.status == .partiallyDelivered)
        for _ in 0..<200 {
            let again = (reports + reports.filter { _ in Bool.random() }).shuffled()
            #expect(MessageParts(again) == expected)
        }
    }

    @Test("a final report about the whole settles what parts of it never told")
    func settled() throws {
        let delivered = report(.delivered, 1)
        #expect(try #require(MessageParts([delivered])).status == .sent)
        #expect(try #require(MessageParts([delivered, report(.sent)])).status == .sent)
        #expect(try #require(MessageParts([delivered, report(.delivered)])).status == nil)
        #expect(
            try #require(MessageParts([report(.failed, 2), delivered, report(.delivered)])).status
                == .partiallyDelivered)
    }

    @Test("where the totals differ, the greatest one counts")
    func totals() throws {
        let parts = try #require(
            MessageParts([report(.delivered, 1, of: 2), report(.delivered, 3, of: 3)]))
        #expect(parts.total == 3)
        #expect(parts.status == .sent)
    }
}
