import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Counts of messages are those of a recount", .blocking, .timeLimit(.minutes(10)))
struct StatisticsExactnessTests {
    /// Times around which hours and days begin.
    private static func time(_ generator: inout SeededGenerator) -> Timestamp {
        .noon(plus: Int64.random(in: 0..<5, using: &generator) * 14_000 - 3)
    }

    /// A report about a message of ours or of others, with all that is counted.
    private static func report(
        _ message: MessageID, using generator: inout SeededGenerator
    ) -> Report {
        let provider = Provider.samples.randomElement(using: &generator) ?? .infobip
        let status =
            [Status.accepted, .sent, .delivered, .delivered, .undeliverable, .expired, .failed]
            .randomElement(using: &generator) ?? .sent
        let error = Int.random(in: 0..<3, using: &generator)
        let number =
            ["+41793026727", "+447700900123", "+12025550123", "Shop", nil]
            .randomElement(using: &generator) ?? nil
        let sender =
            ["Shop", "+41791234567", String(repeating: "ü", count: 150), nil]
            .randomElement(using: &generator) ?? nil
        let price =
            ["0.01", "0.010", "0.0333333", "1", nil].randomElement(using: &generator) ?? nil
        let done = Int64.random(in: 0..<400, using: &generator)
        return Report(
            message: message, isKeyDerived: message.version != 7, provider: provider,
            providerMessageID: "message-\(message)", status: status,
            outcome: Outcome(
                provider: provider, statusName: status.rawValue,
                errorCode: error == 0 ? nil : "\(error)"),
            recipient: number, sender: sender,
            sentAt: Bool.random(using: &generator) ? .noon() : nil,
            doneAt: .noon(plus: done), segments: error == 2 ? nil : Int32(error + 1),
            price: price.map {
                .init(
                    amount: $0,
                    currency: ["EUR", "USD", nil].randomElement(using: &generator) ?? nil)
            },
            part: message.version == 7 && Bool.random(using: &generator)
                ? PartNumber(number: .random(in: 1...2, using: &generator), total: 2) : nil)
    }

    /// PostgreSQL refuses it.
    private static func poison(_ message: MessageID) -> Report {
        Report(
            message: message, provider: .infobip, providerMessageID: "poison", status: .delivered,
            outcome: Outcome(provider: .infobip), sender: "a\0b")
    }

    @Test(
        "whatever reports, senders, writers and failures do, and however it is folded meanwhile",
        arguments: 1...3 as ClosedRange<UInt64>)
    func isExact(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let sending = try SendingHarness()
        let database = sending.database
        let writers = try (0..<2).map { index in
            WriterHarness(try database.responder) {
                $0.connections = 2
                $0.batchReports = index == 0 ? 20 : 500
            }
        }
        var own: [MessageID] = []
        for round in 0..<3 {
            own += try act(sending, &generator)
            try database.expectExactCounts("round \(round), after sending")
            let submissions = (0..<60).map { number -> Submission in
                var reports = (0..<Int.random(in: 1..<8, using: &generator)).map { _ in
                    let isOwn = Bool.random(using: &generator)
                    let message =
                        isOwn ? own.randomElement(using: &generator) : nil
                    return Self.report(
                        message ?? .test(.random(in: 0..<40, using: &generator)), using: &generator)
                }
                if number % 20 == 7 { reports.append(Self.poison(.test(number))) }
                return .sample(reports, receivedAt: Self.time(&generator))
            }
            let answers = Answers()
            let workers = (0..<3).map { number in
                Worker {
                    for index in stride(from: number, to: submissions.count, by: 3) {
                        answers.submit(submissions[index], to: writers[index % 2].writer)
                        if index % 4 == 0 {
                            answers.submit(submissions[index], to: writers[(index + 1) % 2].writer)
                        }
                    }
                }
            }
            for _ in 0..<4 {
                try database.run("select fold_statistics(3)")
                try database.expectExactCounts("round \(round), while reports are written")
            }
            for worker in workers { #expect(worker.join()) }
            #expect(answers.failures().isEmpty)
            try database.expectExactCounts("round \(round), with counts waiting")
            try database.fold()
            try database.expectExactCounts("round \(round), all folded")
        }
        for writer in writers { writer.stop() }
        #expect(writers.contains { ($0.metric("waybill_writer_poison_total") ?? 0) > 0 })
        try checkReader(sending)
    }

    /// Accepts, sends, cancels and gives up messages of ours.
    private func act(
        _ sending: SendingHarness, _ generator: inout SeededGenerator
    ) throws -> [MessageID] {
        let provider = Provider.samples.randomElement(using: &generator) ?? .infobip
        let accepted = try sending.accept(
            .sample(recipients: 8, provider: provider, text: String(repeating: "x", count: 200)))
        let late = try sending.accept(
            .sample(
                recipients: 2, provider: provider, at: .now.advanced(by: .seconds(-7200)),
                giveUpAt: .now.advanced(by: .seconds(-1))))
        _ = try sending.queue.cancel(accepted[0], at: .now, by: .sample)
        _ = try sending.outbox.giveUpLate(at: .now, limit: 10)
        let answer = try sending.lease(
            provider, deadline: .now.advanced(by: .seconds(-1)), dispatcher: 1)
        var changes: [OutboxChange] = []
        for lease in answer.leases {
            for message in lease.messages.map(\.outgoing.id) {
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: changes.append(.accepted(message, lease.id, by: provider))
                case 1: changes.append(.refused(message, lease.id))
                case 2: changes.append(.unanswered(message, lease.id))
                case 3: changes.append(.deferred(message, lease.id))
                default: break
                }
            }
        }
        _ = try sending.outbox.record(changes, counts: [:])
        _ = try sending.outbox.takeOver(at: .now)
        return accepted + late
    }

    /// The reader tells the same as the table of messages.
    private func checkReader(_ sending: SendingHarness) throws {
        let store = StatisticsStore(try sending.database.pool(), logger: .silent)
        for bucket in StatisticsBucket.allCases {
            for dimension in StatisticsDimension.allCases.map(Optional.some) + [nil] {
                let statistics = try store.statistics(
                    StatisticsQuery(
                        from: .noon(plus: -86_400), to: .now.advanced(by: .seconds(1)),
                        bucket: .day, by: dimension, mostGroups: 3))
                let totals = try sending.database.run(
                    "select count(*), sum(segments) from message")
                #expect(
                    "\(statistics.totals.messages)|\(statistics.totals.segments)" == totals,
                    "by \(dimension?.rawValue ?? "nothing") in \(bucket)s")
                let delivered = try sending.database.run(
                    "select count(*) from message where status = 4")
                #expect("\(statistics.totals[.delivered])" == delivered)
                let price = try sending.database.run(
                    "select trim_scale(sum(price)) from message where currency = 'EUR'")
                #expect(statistics.totals.price(in: "EUR")?.description == price)
                if dimension != nil { #expect(statistics.groups.count <= 4) }
            }
        }
    }
}
