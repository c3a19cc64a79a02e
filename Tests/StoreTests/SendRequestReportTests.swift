import Domain
import TestSupport
import Testing

@testable import Store

@Suite("Reports to the URL of a send request", .blocking)
struct SendRequestReportTests {
    private let sending: SendingHarness
    private let sendRequest: SendRequest
    private static let numbers = ["+5491123456789", "+5215512345678", "+447700900123"]

    init() throws {
        sending = try SendingHarness()
        sendRequest = try Self.sendRequest(Self.numbers)
        try sending.accept(sendRequest)
    }

    private static func sendRequest(_ numbers: [String]) throws -> SendRequest {
        let now = Timestamp.now
        return SendRequest(
            id: .new(at: now), acceptedAt: now, submitter: Submitter(Requester.sample.principal),
            recipients: try numbers.map { number throws(PhoneNumber.Problem) in
                SendRequest.Recipient(
                    message: .new(at: now), number: try PhoneNumber(number), provider: .plivo)
            },
            sender: "Waybill", text: "Hello", isPinned: true,
            giveUpAt: now.advanced(by: .seconds(3600)))
    }

    /// A report whose recipient makes this message.
    private func report(
        _ name: String, _ status: Status = .delivered, to recipient: String?,
        supposed message: MessageID, sendRequest: SendRequestID? = nil
    ) -> Report {
        Report(
            message: message, sendRequest: sendRequest ?? self.sendRequest.id, isKeyDerived: false,
            provider: .plivo,
            providerMessageID: name, status: status,
            outcome: Outcome(provider: .plivo, statusName: status.rawValue),
            recipient: recipient, doneAt: .noon(plus: status.isFinal ? 5 : 0))
    }

    private func write(_ reports: [Report], apart: Bool = false) throws {
        let harness = WriterHarness(try sending.database.responder)
        let submissions = reports.map { Submission.sample([$0], body: "To=x", receivedAt: .now) }
        if apart {
            for submission in submissions {
                let answers = Answers()
                answers.submit(submission, to: harness.writer)
                #expect(answers.failures().isEmpty)
            }
            harness.stop()
        } else {
            #expect(harness.write(submissions).isEmpty)
        }
        #expect(harness.metric("waybill_writer_failures_total") == 0)
    }

    private func statuses() throws -> [Status?] {
        try sendRequest.recipients.map { try sending.status($0.message) }
    }

    private func expectNothingElse(quarantined: Int = 0) throws {
        let database = sending.database
        #expect(
            try database.run("select count(*) from message") == "\(sendRequest.recipients.count)")
        #expect(try database.run("select count(*) from quarantine") == "\(quarantined)")
    }

    @Test("the recipient as we sent it names the message without another query")
    func usual() throws {
        let reports = sendRequest.recipients.enumerated().flatMap { index, recipient in
            [Status.accepted, .sent, .delivered].map { status in
                report(
                    "u-\(index)", status, to: recipient.number.description,
                    supposed: recipient.message)
            }
        }
        try write(reports)
        #expect(try statuses() == [.delivered, .delivered, .delivered])
        try expectNothingElse()
        let names = try sending.database.run("select provider_message_id from message order by 1")
        #expect(names == "u-0\nu-1\nu-2")
    }

    @Test(
        "a number in another spelling is our message, and makes no other", arguments: [true, false])
    func spelling(apart: Bool) throws {
        let told = ["+541123456789", "+525512345678", "07700900123"]
        let reports = [Status.sent, .delivered].flatMap { status in
            told.enumerated().map { index, number in
                report("u-\(index)", status, to: number, supposed: .new(at: sendRequest.acceptedAt))
            }
        }
        try write(reports.shuffled(), apart: apart)
        #expect(try statuses() == [.delivered, .delivered, .delivered])
        try expectNothingElse()
        #expect(
            try sending.database.run("select count(distinct message_id) from report") == "3")
    }

    @Test("a message that Plivo named in its first callback is the same in all others")
    func names() throws {
        let (first, second) = (sendRequest.recipients[0].message, sendRequest.recipients[1].message)
        try write([report("u-0", .sent, to: Self.numbers[0], supposed: first)])
        // The second message's number, and the first one's name.
        try write([report("u-0", .delivered, to: Self.numbers[1], supposed: second)])
        #expect(try sending.status(first) == .delivered)
        #expect(try sending.status(second) == .queued)
        try expectNothingElse()
    }

    @Test("a report that decides nothing still gives the name")
    func nameOfALateReport() throws {
        let recipient = sendRequest.recipients[2]
        let lease = try sending.lease(.plivo).leases[0].id
        try sending.outbox.record(
            [.accepted(recipient.message, lease, by: .plivo)], counts: [:])
        try write([
            report("u-2", .accepted, to: Self.numbers[2], supposed: recipient.message)
        ])
        let message = try #require(try sending.messages.message(recipient.message))
        #expect(message.status == .accepted)
        #expect(message.providerMessageID == "u-2")
    }

    @Test("a report without a message is quarantined with the reason, and its callback is answered")
    func unmatched() throws {
        try write([
            report("u-9", to: "+12025550199", supposed: .new(at: sendRequest.acceptedAt)),
            report("u-8", to: nil, supposed: .new(at: sendRequest.acceptedAt)),
        ])
        #expect(try statuses() == [.queued, .queued, .queued])
        try expectNothingElse(quarantined: 2)
        #expect(
            try sending.database.run(
                "select distinct reason, place, convert_from(excerpt, 'UTF8') from quarantine")
                == "unmatched_recipient|To|To=x")
        #expect(try sending.database.run("select count(*) from callback") == "2")
        #expect(try sending.database.run("select count(*) from report") == "0")
    }

    @Test("a send request that is not ours makes no message")
    func unknownCall() throws {
        try write([
            report(
                "u-9", to: Self.numbers[0], supposed: .new(at: .now), sendRequest: .new(at: .now))
        ])
        try expectNothingElse(quarantined: 1)
    }

    @Test("another send request's message is never found, whatever its id or name")
    func otherCall() throws {
        let other = try Self.sendRequest(["+33612345678"])
        try sending.accept(other)
        let message = other.recipients[0].message
        try write([report("u-7", to: "+33612345678", supposed: message, sendRequest: other.id)])
        try write([
            report("u-7", to: "+33612345678", supposed: message),
            report("u-6", to: "+33612345678", supposed: message),
        ])
        #expect(try statuses() == [.queued, .queued, .queued])
        #expect(try sending.database.run("select count(*) from report") == "1")
        #expect(try sending.database.run("select count(*) from quarantine") == "2")
    }

    @Test(
        "the others of a batch are stored, whether it holds bad data or not",
        arguments: [true, false])
    func beside(hasPoison: Bool) throws {
        let harness = WriterHarness(try sending.database.responder)
        let poison = Report.sample(3, attributes: hasPoison ? "{" : nil)
        let blockade = try Blockade(sending.database)
        let answers = Answers()
        // The first one keeps the writer busy, so that the rest is one batch.
        answers.submit(.sample([.sample(1)]), to: harness.writer)
        let isTaken = waitUntil(within: .seconds(20)) { harness.writer.queue.count == 0 }
        #expect(isTaken)
        for reports in [
            [Report.sample(2)], [poison],
            [report("u-9", to: "+12025550199", supposed: .new(at: sendRequest.acceptedAt))],
            [report("u-0", to: "+541123456789", supposed: .new(at: sendRequest.acceptedAt))],
        ] { answers.submit(.sample(reports), to: harness.writer) }
        try blockade.lift()
        #expect(answers.failures().isEmpty)
        harness.stop()
        #expect(try sending.status(sendRequest.recipients[0].message) == .delivered)
        let stored = hasPoison ? 3 : 4
        #expect(try sending.database.run("select count(*) from report") == "\(stored)")
        #expect(
            try sending.database.run("select count(*) from quarantine") == (hasPoison ? "2" : "1"))
        #expect(
            try sending.database.run("select count(*) from message")
                == "\(sendRequest.recipients.count + stored - 1)")
    }
}
