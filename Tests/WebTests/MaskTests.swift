import Domain
import Foundation
import JSON
import Testing

@testable import Web

@Suite("What a viewer sees of a message")
struct MaskTests {
    private static let number = "+447700900123"
    private static let text = "Your code is 4711"

    private var message: Message {
        let report = Report(
            message: Samples.id, provider: .infobip, providerMessageID: "msg-1",
            status: .undeliverable,
            outcome: Outcome(
                provider: .infobip, statusName: "GONE_447700900123",
                statusDescription: "+44 (0)7700 900-123 is away", errorCode: "27",
                errorName: "EC_447700900123", errorDescription: "447700900123 does not answer"),
            recipient: Self.number, sender: "+447700900999", callbackData: "to 447700900123",
            attributes: #"{"msisdn":"447700900123"}"#)
        return Message(
            id: Samples.id, provider: .infobip, providerMessageID: "msg-1",
            status: .undeliverable, isOurs: true, recipient: Self.number, sender: "+447700900999",
            createdAt: Samples.time(), updatedAt: Samples.time(),
            decisive: Samples.recorded(report),
            sending: SendDetails(
                sendRequest: SendRequestID(high: 0x7000, low: 1 << 63), segments: 1,
                encoding: .gsm7, validityMinutes: nil, sendAt: nil, callbackData: nil,
                metadata: #"{"customer":"447700900123"}"#, text: Self.text, attempts: 1,
                lastProblem: nil))
    }

    private var events: [SendEvent] {
        [
            SendEvent(
                message: Samples.id, kind: .deferred, at: Samples.time(-1), provider: .infobip,
                attempt: 1, problem: ProviderProblem(code: "busy", text: "447700900123 is busy"))
        ]
    }

    private func all(_ view: MessageView) throws -> [String] {
        let reports = [try #require(message.decisive)]
        return [
            String(
                decoding: view.document(message, reports: reports, events: events),
                as: UTF8.self),
            String(
                decoding: view.reports(of: message, reports: reports, events: events),
                as: UTF8.self),
            String(
                decoding: JSONWriter.document { json in
                    json.array("messages") { view.listed(message, in: &$0) }
                }, as: UTF8.self),
        ]
    }

    @Test("are the last three digits of numbers, and no texts")
    func masks() throws {
        for body in try all(MessageView(false)) {
            #expect(!body.contains("7700900"))
            #expect(!body.contains("0900123"))
            #expect(!body.contains("7700 900"))
            #expect(!body.contains("4711"))
        }
        #expect(try all(MessageView(false))[0].contains(#""to":"+•••••••••123""#))
        for body in try all(MessageView(true)) { #expect(body.contains("447700900123")) }
        #expect(try all(MessageView(true))[0].contains(Self.text))
    }

    @Test("of errors and counts by error, too, whose words may hold a number")
    func masksStatistics() throws {
        let name = "EC_447700900123"
        let error = ErrorCount(
            outcome: Outcome(
                provider: .infobip, statusName: name, statusDescription: "44 7700 900123",
                errorCode: nil, errorName: name, errorDescription: "447700900123 is off"),
            messages: 1, statuses: [.failed: 1], countries: [])
        let query = ErrorQuery(
            from: Samples.time(), to: Samples.time(60), provider: nil, country: nil,
            statuses: [.failed], limit: 1)
        let counts = StatisticsQuery(
            from: Samples.time(), to: Samples.time(60), bucket: .hour, by: .error, mostGroups: 5)
        var sums = StatisticsSums(counts, groups: [.error(.infobip, code: nil, name: name)])
        sums.add(
            at: counts.from, group: 0, [Int64(Status.failed.code), 1], segments: 1,
            price: ExactAmount("0.030") ?? .zero, currency: "EUR", delays: [])
        let statistics = MessageStatistics(sums)
        let bodies = { (view: StatisticsView) in
            [view.errors([error], query, [:]), view.statistics(statistics)]
                .map { String(decoding: $0, as: UTF8.self) }
        }
        for body in bodies(StatisticsView(seesDetails: false)) {
            #expect(!body.contains("7700") && body.contains("123"))
        }
        for body in bodies(StatisticsView(seesDetails: true)) { #expect(body.contains(name)) }
    }

    @Test("of what is in quarantine, too: a detail and a query may hold a number")
    func masksQuarantine() {
        let part = QuarantinedPart(
            id: 1, receivedAt: Samples.time(), callback: Samples.callback, provider: .plivo,
            reason: "bad_value", place: "To", detail: "447700900123 is none", isAuthenticated: true,
            uri: "/callbacks/plivo/01a215e4-7412-7300-9770-905000000000?To=447700900123",
            contentType: nil, bytes: 3)
        let body = { (seesDetails: Bool) in
            String(
                decoding: JSONWriter.document { QuarantineView.part(part, seesDetails, in: &$0) },
                as: UTF8.self)
        }
        #expect(!body(false).contains("7700900"))
        #expect(body(false).contains("01a215e4-7412-7300-9770-905000000000?To=•••••••••123"))
        #expect(body(true).contains("?To=447700900123") && body(true).contains("447700900123 is"))
    }

    @Test("Names, short codes and short numbers in texts are nobody's number")
    func leavesOthers() {
        for text in ["Shop", "O2-UK", "12345", ""] {
            #expect(NumberMask.masked(text) == text)
            #expect(NumberMask.maskedNumbers(in: text) == text)
        }
        #expect(
            NumberMask.maskedNumbers(in: "error 27 at +447700900123, twice")
                == "error 27 at +•••••••••123, twice")
        #expect(
            NumberMask.maskedNumbers(in: "27: +44 (0)7700 900-123 (twice), code 12 of 345")
                == "27: +•• (•)•••• •••-123 (twice), code 12 of 345")
    }
}
