import Domain
import Testing

@Suite("Parts of a message")
struct MessagePartsTests {
    /// A report about one part, or about the whole message; unless it is said otherwise, of ours.
    private func report(
        _ status: Status, _ number: Int? = nil, of total: Int = 3, at second: Int64 = 0,
        isOurs: Bool = true, segments: Int32? = nil, price: Report.Price? = nil
    ) -> RecordedReport {
        let report = Report(
            message: MessageID(high: isOurs ? 0x7000 : 0x8000, low: 1 << 63), provider: .plivo,
            providerMessageID: "u", status: status,
            outcome: Outcome(provider: .plivo, statusName: status.rawValue),
            doneAt: Timestamp(microseconds: second * 1_000_000), segments: segments, price: price,
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
        "the combined status of the parts",
        arguments: [
            ([.delivered, .delivered, .delivered], .delivered),
            ([.delivered, .failed, .delivered], .partiallyDelivered),
            ([.undeliverable, .failed, .delivered], .partiallyDelivered),
            ([.failed, .failed, .failed], .failed), ([.failed, .expired, .rejected], .rejected),
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
            let count = folded.statuses.values.count { $0 == status }
            #expect(count == parts.count { $0 == status })
        }
        let hasEnded = parts.count == 3 && parts.allSatisfy { $0.isFinal }
        #expect((folded.settlement != nil) == hasEnded)
        #expect(folded.settlement.map(\.status) == (hasEnded ? expected : nil))
    }

    @Test("what the parts take adds up, each by the report that decides it, in one currency")
    func bill() throws {
        func price(_ amount: String, _ currency: String? = "USD") -> Report.Price {
            Report.Price(amount: amount, currency: currency)
        }
        let reports = [
            report(.accepted, 1, segments: 1, price: price("0.00000")),
            report(.delivered, 1, at: 1, segments: 1, price: price("0.04330")),
            report(.undeliverable, 2, at: 2, segments: 2, price: price("0.1")),
            report(.delivered, 3, at: 3, segments: 1, price: price("0.0067")),
        ]
        let settlement = try #require(MessageParts(reports)?.settlement)
        #expect(settlement.segments == 4 && settlement.price == price("0.15"))
        #expect(MessageParts(reports.reversed())?.settlement == settlement)

        let mixed = [
            report(.delivered, 1, of: 2, at: 1, price: price("1", "EUR")),
            report(.delivered, 2, of: 2, at: 2, price: price("2")),
        ]
        #expect(MessageParts(mixed)?.settlement?.price == price("2"))
        #expect(MessageParts(mixed)?.settlement?.segments == nil)
        let silent = [report(.delivered, 1, of: 2), report(.delivered, 2, of: 2)]
        #expect(MessageParts(silent)?.settlement?.price == nil)
    }

    @Test("neither order nor repetition of the reports matters")
    func order() throws {
        let reports = [
            report(.accepted, 1, at: 1), report(.sent, 1, at: 2), report(.delivered, 1, at: 3),
            report(.sent, 2, at: 2), report(.failed, 2, at: 4), report(.delivered, 3, at: 4),
            report(.failed, 3, at: 4), report(.sent, at: 9), report(.sent, 3, at: 20),
        ]
        let expected = try #require(MessageParts(reports))
        #expect(expected.statuses == [1: .delivered, 2: .failed, 3: .delivered])
        #expect(expected.status == .partiallyDelivered)
        for _ in 0..<200 {
            let again = (reports + reports.filter { _ in Bool.random() }).shuffled()
            #expect(MessageParts(again) == expected)
        }
    }

    @Test("a final report about the whole settles the parts without a report")
    func settled() throws {
        let delivered = report(.delivered, 1)
        #expect(try #require(MessageParts([delivered])).status == .sent)
        #expect(try #require(MessageParts([delivered, report(.sent)])).status == .sent)
        let whole = try #require(MessageParts([delivered, report(.delivered)]))
        #expect(whole.status == .delivered)
        #expect(whole.counts.delivered == 3 && whole.counts.pending == 0)
        let mixed = try #require(MessageParts([report(.failed, 2), delivered, report(.delivered)]))
        #expect(mixed.status == .partiallyDelivered)
        #expect(mixed.counts.delivered == 2 && mixed.counts.failed == 1)
        #expect(mixed.settlement == nil)
    }

    @Test("where the totals differ, the greatest one counts")
    func totals() throws {
        let parts = try #require(
            MessageParts([report(.delivered, 1, of: 2), report(.delivered, 3, of: 3)]))
        #expect(parts.total == 3)
        #expect(parts.status == .sent)
    }

    @Test("our own result ends the parts without a report")
    func judgement() throws {
        let reports = [report(.delivered, 1, of: 2), report(.sent, 2, of: 2)]
        let expired = try #require(MessageParts(reports, of: .expired))
        #expect(expired.status == .partiallyDelivered)
        #expect(expired.counts.delivered == 1 && expired.counts.failed == 1)
        let silent = try #require(MessageParts([report(.sent, 2, of: 2)], of: .expired))
        #expect(silent.status == .expired)
        #expect(silent.counts.failed == 2)
    }

    @Test("of a message that others sent the first final status counts until more reports come")
    func others() throws {
        let first = report(.delivered, 1, of: 2, isOurs: false)
        #expect(first.report.messageStatus == .delivered)
        let half = try #require(MessageParts([first], of: .delivered, isOurs: false))
        #expect(half.status == .delivered && half.counts.pending == 0)
        let both = try #require(
            MessageParts(
                [first, report(.failed, 2, of: 2, at: 1, isOurs: false)], of: .failed,
                isOurs: false))
        #expect(both.status == .partiallyDelivered)
        #expect(both.counts.delivered == 1 && both.counts.failed == 1)
        // The provider can be queried about a message of ours.
        #expect(report(.delivered, 1, of: 2).report.messageStatus == .sent)
        #expect(!report(.delivered, 1, of: 2).precedence.isFinal)
    }

    @Test("the combined status grows with each report, so that the last one written is the last")
    func settlementGrows() throws {
        var generator = SplitMix(state: 5)
        for _ in 0..<500 {
            let reports = (0..<12).map { _ in
                report(
                    [.delivered, .failed, .undeliverable, .expired, .rejected]
                        .randomElement(using: &generator) ?? .failed,
                    .random(in: 1...2, using: &generator), of: 2,
                    at: .random(in: 0..<4, using: &generator))
            }
            var last: (Precedence, Int64)?
            for count in 1...reports.count {
                guard let next = MessageParts(reports.prefix(count))?.settlement else { continue }
                if let last { #expect(last <= (next.precedence, next.tieBreaker)) }
                last = (next.precedence, next.tieBreaker)
            }
        }
    }
}

extension Precedence {
    fileprivate var isFinal: Bool { rawValue >> 62 == 1 }
}
