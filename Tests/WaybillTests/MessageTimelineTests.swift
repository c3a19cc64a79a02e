import Domain
import Providers
import Testing

@testable import waybill

@Suite("A message's timeline")
struct MessageTimelineTests {
    private static let id = MessageID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0001)

    private func time(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: (1_795_000_000 + seconds) * 1_000_000)
    }

    private func message(_ status: Status, isOurs: Bool = true) -> Message {
        Message(
            id: Self.id, provider: .infobip, providerMessageID: "msg-1", status: status,
            isOurs: isOurs, recipient: "+41791234567", sender: "Shop\u{1B}[2J",
            createdAt: time(0), updatedAt: time(0), decisive: nil)
    }

    private func event(
        _ kind: SendEvent.Kind, _ seconds: Int64, _ status: Status?,
        _ problem: ProviderProblem? = nil
    ) -> SendEvent {
        SendEvent(
            message: Self.id, kind: kind, at: time(seconds), provider: .infobip, attempt: 1,
            status: status, problem: problem)
    }

    private func report(_ status: Status, _ seconds: Int64) -> RecordedReport {
        let report = Report(
            message: Self.id, provider: .infobip, providerMessageID: "msg-1", status: status,
            outcome: Outcome(
                provider: .infobip, statusName: "DELIVERED_TO_HANDSET",
                statusDescription: "To\u{1B}[2J", errorCode: "0", errorName: "OK"),
            doneAt: time(seconds), price: Report.Price(amount: "0.01", currency: "EUR"),
            part: PartNumber(number: 1, total: 2))
        return RecordedReport(
            report: report, receivedAt: time(seconds + 1),
            callback: CallbackID(high: 0, low: 0), precedence: report.precedence,
            fingerprint: report.fingerprint)
    }

    @Test("Events and reports are in the order of their times, as a table")
    func table() {
        var lines: [String] = []
        var printer = MessagePrinter(asJSON: false) { lines.append($0) }
        printer.print(
            message(.delivered), [report(.delivered, 3)],
            [
                event(.deferred, 1, nil, ProviderProblem(code: "503", text: "busy")),
                event(.accepted, 2, .accepted),
            ])
        #expect(
            lines == [
                "message   01990000-0000-7000-8000-000000000001", "status    delivered (final)",
                "to        +41791234567", "from      Shop [2J", "provider  infobip",
                "its id    msg-1", "",
                "TIME                        WHAT          PROVIDER  STATUS              DETAIL",
                "2026-11-18T11:06:40.000Z    queued                  queued",
                "2026-11-18T11:06:41.000Z    deferred      infobip                       "
                    + "attempt 1, 503 busy",
                "2026-11-18T11:06:42.000Z    accepted      infobip   accepted            attempt 1",
                "2026-11-18T11:06:44.000Z    report        infobip   delivered           "
                    + "part 1 of 2, DELIVERED_TO_HANDSET, To [2J, error 0 OK, "
                    + "at 2026-11-18T11:06:43.000Z, 0.01 EUR",
            ])
    }

    @Test("With --follow each line is shown once, and the status when it changes")
    func follow() {
        var lines: [String] = []
        var printer = MessagePrinter(asJSON: false) { lines.append($0) }
        printer.print(message(.queued), [], [])
        let first = lines.count
        printer.print(message(.queued), [], [])
        #expect(lines.count == first)
        let events = [event(.accepted, 2, .accepted)]
        printer.print(message(.accepted), [], events)
        #expect(lines.count == first + 2)
        #expect(lines.last == "status    accepted")
        printer.print(message(.delivered), [report(.delivered, 3)], events)
        #expect(lines.count == first + 4)
        #expect(lines.last == "status    delivered (final)")
    }

    @Test("As JSON it is a document, and another one only if it changed")
    func json() {
        var lines: [String] = []
        var printer = MessagePrinter(asJSON: true) { lines.append($0) }
        printer.print(message(.queued), [], [])
        printer.print(message(.queued), [], [])
        printer.print(message(.accepted), [], [])
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix(#"{"message":{"id":"01990000-0000-7000-8000-000000000001""#))
        #expect(lines[0].hasSuffix(#""reports":[],"events":[]}}"#))
    }

    @Test("A message that is not ours was not queued by us")
    func foreign() {
        #expect(MessageTimeline(message(.sent, isOurs: false), [], []).rows.isEmpty)
    }
}
