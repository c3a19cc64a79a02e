import Domain
import Foundation
import Postgres
import Testing

import TestSupport
@testable import Store

@Suite("Messages read back", .blocking)
struct MessageStoreTests {
    private let database: TestDatabase
    private let store: MessageStore

    init() throws {
        database = try TestDatabase()
        // As the parsers do it, only simpler: "message-7" is kept under 7.
        store = MessageStore(try database.pool(), logger: .silent) { provider, name in
            let number = Int(name.split(separator: "-").last ?? "") ?? -1
            return provider == .infobip && number >= 0 ? .test(number) : .test(999_999)
        }
    }

    private func write(_ submissions: [Submission]) throws {
        #expect(WriterHarness(try database.responder).write(submissions).isEmpty)
    }

    private static let full = Report(
        message: .test(7), provider: .infobip, providerMessageID: "message-7",
        status: .undeliverable,
        outcome: Outcome(
            provider: .infobip, statusGroupID: 2, statusGroup: "UNDELIVERABLE", statusID: -4,
            statusName: "REJECTED_OPERATOR", statusDescription: "Beschreibung – é 🙂",
            errorGroupID: .max, errorGroup: "HANDSET_ERRORS", errorCode: "27",
            errorName: "EC_ABSENT_SUBSCRIBER", errorDescription: "Absent", isPermanent: false),
        recipient: "+41793026727", sender: "InfoSMS",
        sentAt: Timestamp(microseconds: 1_717_243_200_123_456),
        doneAt: Timestamp(microseconds: 1_717_243_201_000_001), segments: 3,
        price: Report.Price(amount: "0.04330", currency: "EUR"), bulkID: "bulk-1",
        callbackData: "order=1&x=\"y\"\\", network: "22801", part: PartNumber(number: 2, total: 3),
        attributes: #"{"campaign": {"id": 1.50, "tags": ["a", null, true]}, "b": "ü"}"#)

    @Test("every column of a report survives the way through the database")
    func roundTrips() throws {
        let submission = Submission.sample(
            [Self.full], receivedAt: Timestamp(microseconds: 1_717_243_202_999_999))
        try write([submission])
        let recorded = try #require(try store.reports(of: .test(7), limit: 10).first)
        let (read, written) = (recorded.report, Self.full)
        #expect(read.message == written.message)
        #expect(read.provider == written.provider)
        #expect(read.status == written.status)
        #expect(read.outcome == written.outcome)
        #expect(read.source == written.source)
        #expect(read.recipient == written.recipient)
        #expect(read.sender == written.sender)
        #expect(read.sentAt == written.sentAt)
        #expect(read.doneAt == written.doneAt)
        #expect(read.segments == written.segments)
        #expect(read.price == written.price)
        #expect(read.bulkID == written.bulkID)
        #expect(read.callbackData == written.callbackData)
        #expect(read.network == written.network)
        #expect(read.part == written.part && read.part != nil)
        #expect(try json(read.attributes) == json(written.attributes))
        #expect(recorded.precedence == written.precedence)
        #expect(recorded.fingerprint == written.fingerprint)
        #expect(recorded.callback == submission.callback.id)
        #expect(recorded.receivedAt == submission.callback.receivedAt)
    }

    private func json(_ text: String?) throws -> NSDictionary? {
        try JSONSerialization.jsonObject(with: Data(try #require(text).utf8)) as? NSDictionary
    }

    @Test("missing values are nil")
    func roundTripsNothing() throws {
        let bare = Report(
            message: .test(1), provider: .plivo, providerMessageID: "", status: .unknown,
            outcome: Outcome(provider: .plivo))
        try write([.sample([bare])])
        let read = try #require(try store.reports(of: .test(1), limit: 1).first).report
        #expect(read.outcome == bare.outcome)
        #expect(read.price == nil && read.attributes == nil && read.segments == nil)
        #expect(read.sentAt == nil && read.doneAt == nil && read.recipient == nil)
        #expect(read.part == nil)
    }

    @Test(
        "a price is kept as it was written",
        arguments: [
            "0.04330", "0", "0.0", "-1.50", "123456789012345678.123456789012345678", "7.00",
        ])
    func keepsPrices(amount: String) throws {
        let price = Report.Price(amount: amount, currency: nil)
        try write([.sample([.sample(1, price: price)])])
        #expect(try store.reports(of: .test(1), limit: 1).first?.report.price == price)
    }

    @Test("a message is found by its key and by its name at the provider")
    func isFound() throws {
        let arrival = Submission.sample([Self.full], receivedAt: .noon(plus: 60))
        try write([arrival])
        let message = try #require(try store.message(.test(7)))
        #expect(message.id == .test(7))
        #expect(message.status == .undeliverable)
        #expect(message.providerMessageID == "message-7")
        #expect(message.recipient == Self.full.recipient)
        #expect(message.sender == Self.full.sender)
        #expect(!message.isOurs)
        #expect(message.createdAt == .noon(plus: 60))
        #expect(message.updatedAt == .noon(plus: 60))
        #expect(message.decisive?.fingerprint == Self.full.fingerprint)
        let found = try store.message(provider: .infobip, providerMessageID: "message-7")
        #expect(found?.id == message.id)
        #expect(try store.message(provider: .plivo, providerMessageID: "message-7") == nil)
    }

    @Test("a message of ours is found by the provider's name, and keeps its own numbers")
    func findsOwn() throws {
        try database.run(
            """
            insert into message (id, precedence, fingerprint, created_at, updated_at, provider,
                status, is_ours, is_key_derived, provider_message_id, recipient, sender)
            values ('\(MessageID.test(5))', 0, 0, now(), now(), 2, 1, true, false, 'plivo-uuid',
                '+1', 'Us')
            """)
        let queued = try #require(
            try store.message(provider: .plivo, providerMessageID: "plivo-uuid"))
        #expect(queued.id == .test(5) && queued.isOurs && queued.status == .queued)
        #expect(queued.decisive == nil)

        let report = Report(
            message: .test(5), provider: .plivo, providerMessageID: "plivo-uuid",
            status: .delivered, outcome: Outcome(provider: .plivo), recipient: "+2", sender: "Them")
        try write([.sample([report])])
        let delivered = try #require(
            try store.message(provider: .plivo, providerMessageID: "plivo-uuid"))
        #expect(delivered.id == .test(5) && delivered.isOurs && delivered.status == .delivered)
        #expect(delivered.recipient == "+1" && delivered.sender == "Us")
        #expect(delivered.decisive?.report.recipient == "+2")
        #expect(try store.message(provider: .infobip, providerMessageID: "plivo-uuid") == nil)
    }

    @Test(
        "a message that a URL named is found by the provider's name, whatever the other reports",
        arguments: [[false], [true, false], [false, true], [false, false]])
    func findsNamed(areDerived: [Bool]) throws {
        for (index, isDerived) in areDerived.enumerated() {
            let report = Report(
                message: .test(8), isKeyDerived: isDerived, provider: .plivo,
                providerMessageID: "plivo-uuid", status: .sent,
                outcome: Outcome(provider: .plivo), doneAt: .noon(plus: Int64(index)))
            try write([.sample([report])])
        }
        let found = try store.message(provider: .plivo, providerMessageID: "plivo-uuid")
        #expect(found?.id == .test(8))
    }

    @Test("the timeline has the deciding report first, then by precedence, up to the limit")
    func ordersReports() throws {
        let reports: [Report] = [
            .sample(1, .accepted, at: 9), .sample(1, .delivered, at: 2),
            .sample(1, .sent, at: 3), .sample(1, .expired, at: 1), .sample(1, .queued, at: 4),
        ]
        try write(reports.shuffled().map { .sample([$0]) })
        let order: [Status] = [.delivered, .expired, .sent, .accepted, .queued]
        #expect(try store.reports(of: .test(1), limit: 10).map(\.report.status) == order)
        #expect(
            try store.reports(of: .test(1), limit: 2).map(\.report.status) == Array(order[..<2]))
        let message = try #require(try store.message(.test(1)))
        #expect(message.status == .delivered)
        #expect(message.decisive?.report.status == .delivered)
    }

    @Test("an unknown message is nil, also for a name that PostgreSQL could not hold")
    func isUnknown() throws {
        #expect(try store.message(.test(1)) == nil)
        #expect(try store.reports(of: .test(1), limit: 10).isEmpty)
        for name in ["", "message-1", "a\0b", "\u{FFFD}", String(repeating: "é", count: 100_000)] {
            #expect(try store.message(provider: .infobip, providerMessageID: name) == nil)
        }
    }
}
