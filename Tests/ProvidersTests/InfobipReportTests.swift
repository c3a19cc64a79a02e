import Domain
import Providers
import TestSupport
import Testing

@Suite("Infobip's reports")
struct InfobipReportTests {
    static let delivered = Outcome(
        provider: .infobip, statusGroupID: 3, statusGroup: "DELIVERED", statusID: 5,
        statusName: "DELIVERED_TO_HANDSET", statusDescription: "Message delivered to handset",
        errorGroupID: 0, errorGroup: "OK", errorCode: nil, errorName: "NO_ERROR",
        errorDescription: "No Error", isPermanent: false)

    @Test("version 2, delivered")
    func delivered() throws {
        let parsed = try fixture("infobip-delivered.json")
        let expected = try Report(
            message: MessageKey.derive(
                provider: .infobip, providerMessageID: "msg-7f1c2a90-0001"),
            provider: .infobip, providerMessageID: "msg-7f1c2a90-0001", status: .delivered,
            outcome: Self.delivered, recipient: "+447700900101", sender: "ExampleCo",
            sentAt: utc("2026-11-20T09:15:01.250Z"), doneAt: utc("2026-11-20T09:15:04.913Z"),
            segments: 1, price: .init(amount: "0.042", currency: "EUR"),
            bulkID: "dlr-bulk-20261120-0001", callbackData: "tenant=acme;ref=order-1001",
            network: "23415",
            attributes: #"{"entityId":"acme-alerts","applicationId":"alerts-prod"}"#)
        #expect(parsed == ParsedCallback(reports: [expected], rejects: []))
    }

    @Test("version 2, undeliverable")
    func undeliverable() throws {
        let parsed = try fixture("infobip-undeliverable.json")
        let outcome = Outcome(
            provider: .infobip, statusGroupID: 2, statusGroup: "UNDELIVERABLE", statusID: 9,
            statusName: "UNDELIVERABLE_NOT_DELIVERED",
            statusDescription: "Message sent not delivered", errorGroupID: 1,
            errorGroup: "HANDSET_ERRORS", errorCode: "1", errorName: "EC_UNKNOWN_SUBSCRIBER",
            errorDescription: "Unknown Subscriber", isPermanent: true)
        let expected = try Report(
            message: MessageKey.derive(
                provider: .infobip, providerMessageID: "msg-7f1c2a90-0002"),
            provider: .infobip, providerMessageID: "msg-7f1c2a90-0002", status: .undeliverable,
            outcome: outcome, recipient: "+447700900102", sender: "ExampleCo",
            sentAt: utc("2026-11-20T09:16:10.004Z"), doneAt: utc("2026-11-20T09:16:12.871Z"),
            segments: 1, price: .init(amount: "0.042", currency: "EUR"),
            bulkID: "dlr-bulk-20261120-0001", callbackData: "tenant=acme;ref=order-1002",
            network: "23415")
        #expect(parsed == ParsedCallback(reports: [expected], rejects: []))
    }

    @Test("version 3, delivered and rejected")
    func version3() throws {
        let parsed = try fixture("infobip-v3.json")
        let flooding = Outcome(
            provider: .infobip, statusGroupID: 5, statusGroup: "REJECTED", statusID: 20,
            statusName: "REJECTED_FLOODING_FILTER",
            statusDescription: "Rejected by flooding filter", errorGroupID: 2,
            errorGroup: "USER_ERRORS", errorCode: "4104",
            errorName: "EC_DESTINATION_TXT_FLOODING",
            errorDescription: "Same text sent too often to this number", isPermanent: true)
        let expected = try [
            Report(
                message: MessageKey.derive(
                    provider: .infobip, providerMessageID: "msg-c3e5-0001"),
                provider: .infobip, providerMessageID: "msg-c3e5-0001", status: .delivered,
                outcome: Self.delivered, recipient: "+447700900301", sender: "ExampleCo",
                sentAt: utc("2026-11-20T11:00:00.000Z"), doneAt: utc("2026-11-20T11:00:04.321Z"),
                segments: 1, price: .init(amount: "0.042", currency: "EUR"),
                bulkID: "dlr-bulk-20261120-0003", callbackData: "tenant=acme;ref=order-3001",
                network: "23415",
                attributes: #"{"platform":{"entityId":"acme-alerts","#
                    + #""applicationId":"alerts-prod"},"campaignReferenceId":"winter-2026"}"#),
            Report(
                message: MessageKey.derive(
                    provider: .infobip, providerMessageID: "msg-c3e5-0002"),
                provider: .infobip, providerMessageID: "msg-c3e5-0002", status: .rejected,
                outcome: flooding, recipient: "+447700900302", sender: "ExampleCo",
                sentAt: utc("2026-11-20T11:00:00.010Z"), doneAt: utc("2026-11-20T11:00:02.870Z"),
                segments: 2, price: .init(amount: "0.042", currency: "EUR"),
                bulkID: "dlr-bulk-20261120-0003",
                attributes: #"{"platform":{"applicationId":"alerts-prod"}}"#),
        ]
        #expect(parsed == ParsedCallback(reports: expected, rejects: []))
    }

    @Test("a batch, in its order, with what is special in it")
    func batch() throws {
        let parsed = try fixture("infobip-batch.json")
        #expect(parsed.rejects.isEmpty)
        let reports = parsed.reports
        #expect(
            reports.map(\.status) == [
                .delivered, .undeliverable, .delivered, .expired, .rejected, .sent, .sent,
                .undeliverable, .sent, .delivered, .rejected, .delivered,
            ])
        #expect(
            reports.map(\.outcome.errorCode) == [
                nil, "1", nil, "27", nil, nil, nil, "607", nil, nil, "2052", nil,
            ])
        #expect(reports[9] == reports[0])
        #expect(reports[4].network == nil)
        #expect(reports[4].price == .init(amount: "0.0", currency: "EUR"))
        #expect(reports[4].attributes == #"{"status":{"action":"Top up the account."}}"#)
        #expect(reports[11].sender == nil)
        #expect(reports[11].outcome.errorGroup == "Ok")
        #expect(try reports[11].doneAt == utc("2026-11-20T10:00:06.640Z"))
        #expect(reports[11].callbackData == #"{"ref":"2010","name":"Zoë 🚚"}"#)
        #expect(reports.allSatisfy { $0.bulkID == "dlr-bulk-20261120-0002" })
    }

    @Test("a batch ends the same in any order and with any repetition", arguments: 0..<50)
    func endState(seed: UInt64) throws {
        let parsed = try fixture("infobip-batch.json")
        var generator = SplitMix64(state: seed)
        var reports = parsed.reports
        for _ in 0..<20 {
            reports.append(try #require(parsed.reports.randomElement(using: &generator)))
        }
        reports.shuffle(using: &generator)
        var last: [String: Report] = [:]
        for report in reports {
            let other = last[report.providerMessageID]
            if other.map({ $0.precedence < report.precedence }) ?? true {
                last[report.providerMessageID] = report
            }
        }
        #expect(
            last.mapValues(\.status) == [
                "msg-b2d4-0001": .delivered, "msg-b2d4-0002": .undeliverable,
                "msg-b2d4-0003": .delivered, "msg-b2d4-0004": .expired,
                "msg-b2d4-0005": .rejected, "msg-b2d4-0006": .sent, "msg-b2d4-0007": .sent,
                "msg-b2d4-0008": .undeliverable, "msg-b2d4-0009": .rejected,
                "msg-b2d4-0010": .delivered,
            ])
    }

    @Test("the same webhook reads the same body the same again, in any interleaving")
    func remembered() throws {
        let webhook = try infobip()
        let names = ["infobip-batch.json", "infobip-v3.json", "infobip-undeliverable.json"]
        for name in names + names.reversed() + names {
            let callback = ReceivedCallback(body: try Fixture.bytes(name))
            #expect(try webhook.parse(callback) == fixture(name))
        }
    }

    @Test("many threads read through one webhook")
    func concurrency() async throws {
        let webhook = try infobip()
        let batch = try Fixture.bytes("infobip-batch.json")
        let expected = try fixture("infobip-batch.json")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let body =
                        #"{"results":[{"messageId":"a","status":{"id":\#(index),"name":"N\#(index)"}}]}"#
                    let one = try webhook.parse(ReceivedCallback(body: Array(body.utf8)))
                    let all = try webhook.parse(ReceivedCallback(body: batch))
                    return one.reports.first?.outcome.statusName == "N\(index)" && all == expected
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    private func fixture(_ name: String) throws -> ParsedCallback {
        try infobip().parse(ReceivedCallback(body: Fixture.bytes(name)))
    }
}
