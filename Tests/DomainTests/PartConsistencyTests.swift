import Domain
import Testing

@Suite("Status, final and parts of a message agree")
struct PartConsistencyTests {
    private static let id = MessageID(high: 0x7000, low: 1 << 63)

    private static func recorded(_ report: Report) -> RecordedReport {
        RecordedReport(
            report: report, receivedAt: Timestamp(microseconds: 0),
            callback: CallbackID(high: 0, low: 0), precedence: report.precedence,
            fingerprint: report.fingerprint)
    }

    private static func report(
        _ status: Status, part: PartNumber?, at second: Int64, isOurs: Bool
    ) -> Report {
        Report(
            message: MessageID(high: isOurs ? 0x7000 : 0x8000, low: 1 << 63), provider: .plivo,
            providerMessageID: "u",
            status: status, outcome: Outcome(provider: .plivo, statusName: status.rawValue),
            source: part == nil ? .poll : .callback,
            doneAt: Timestamp(microseconds: second * 1_000_000), segments: 3, part: part)
    }

    /// The message as the writer and the reader make it of reports, in the order in which they
    /// came.
    private static func message(_ reports: [Report], event: Status?, isOurs: Bool) -> Message {
        var status = Status.queued
        var top = (Precedence(status: .queued, at: nil), Int64(0))
        func move(to next: Status, _ precedence: Precedence, _ fingerprint: Int64) {
            guard top < (precedence, fingerprint) else { return }
            top = (precedence, fingerprint)
            status = next
        }
        var known: [RecordedReport] = []
        for report in reports {
            known.append(recorded(report))
            move(to: report.messageStatus, report.precedence, report.fingerprint)
            if report.part != nil, let settled = MessageParts(known)?.settlement {
                move(to: settled.status, settled.precedence, settled.tieBreaker)
            }
        }
        if let event { move(to: event, Precedence(status: event, at: nil), 0) }
        let best = known.max { ($0.precedence, $0.fingerprint) < ($1.precedence, $1.fingerprint) }
        return Message(
            id: id, provider: .plivo, providerMessageID: "u", status: status, isOurs: isOurs,
            recipient: nil, sender: nil, createdAt: Timestamp(microseconds: 0),
            updatedAt: Timestamp(microseconds: 0), decisive: best,
            parts: MessageParts(known, of: status, isOurs: isOurs))
    }

    private static func text(_ message: Message) -> String {
        "\(message.status) \(message.shownStatus) \(message.partCounts as Any)"
    }

    private static func check(_ message: Message, _ comment: Comment) {
        let counts = message.partCounts
        guard let counts, counts.total > 1 else { return }
        let status = message.shownStatus
        #expect(status.isFinal == (counts.pending == 0), comment)
        #expect(counts.delivered + counts.failed + counts.pending == counts.total, comment)
        #expect((status == .delivered) == (counts.delivered == counts.total), comment)
        if status.isFinal {
            let isMixed = counts.delivered > 0 && counts.failed > 0
            #expect((status == .partiallyDelivered) == isMixed, comment)
        }
        // The stored status is final if and only if the shown one is.
        #expect(message.status.isFinal == status.isFinal, comment)
    }

    @Test(
        "over all orders and subsets of the reports, and with a report about the whole",
        arguments: [true, false])
    func allOrders(isOurs: Bool) {
        let all = [(1, Status.sent, 1), (1, .delivered, 4), (2, .sent, 2), (2, .failed, 3)].map {
            number, status, second in
            Self.report(
                status, part: PartNumber(number: number, total: 2),
                at: Int64(second), isOurs: isOurs)
        }
        let wholes = [nil, Status.sent, .delivered, .undeliverable].map { status in
            status.map { Self.report($0, part: nil, at: 9, isOurs: isOurs) }
        }
        for subset in 0..<16 {
            for whole in wholes {
                let reports =
                    all.indices.filter { subset >> $0 & 1 == 1 }.map { all[$0] }
                    + [whole].compactMap { $0 }
                guard !reports.isEmpty else { continue }
                var seen: Set<String> = []
                for order in permutations(reports) {
                    let message = Self.message(order, event: nil, isOurs: isOurs)
                    Self.check(message, "\(order.map(\.status)) \(order.map(\.part?.number))")
                    seen.insert(Self.text(message))
                }
                #expect(seen.count == 1, "\(seen)")
            }
        }
    }

    @Test("with random parts, times, reports about the whole and results of our own")
    func random() {
        var generator = SplitMix(state: 3)
        let statuses: [Status] = [
            .accepted, .sent, .delivered, .undeliverable, .failed, .rejected, .unknown,
        ]
        for round in 0..<3000 {
            let total = Int.random(in: 2...4, using: &generator)
            let isOurs = Bool.random(using: &generator)
            let reports = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                let number = Int.random(in: 0...total, using: &generator)
                return Self.report(
                    statuses.randomElement(using: &generator) ?? .sent,
                    part: PartNumber(number: number, total: total),
                    at: .random(in: 0..<5, using: &generator), isOurs: isOurs)
            }
            let event =
                isOurs && round.isMultiple(of: 3)
                ? [Status.expired, .failed].randomElement(using: &generator) : nil
            var seen: Set<String> = []
            for _ in 0..<6 {
                let message = Self.message(
                    reports.shuffled(using: &generator), event: event, isOurs: isOurs)
                Self.check(message, "round \(round)")
                seen.insert(Self.text(message))
            }
            #expect(seen.count == 1, "round \(round): \(seen)")
        }
    }

    @Test("a message of parts that are only counted is delivered or failed as a whole")
    func counted() {
        for status in Status.allCases where status != .partiallyDelivered {
            let message = Self.message(
                [Self.report(status, part: nil, at: 1, isOurs: true)], event: nil, isOurs: true)
            Self.check(message, "\(status)")
            #expect(message.partCounts?.total == 3)
        }
    }

    private func permutations(_ items: [Report]) -> [[Report]] {
        guard items.count > 1 else { return [items] }
        return items.indices.flatMap { index -> [[Report]] in
            var rest = items
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }
}
