import Dispatch
import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Messages from people", .blocking)
struct InboundTests {
    private let sending: SendingHarness
    private var database: TestDatabase { sending.database }

    init() throws {
        sending = try SendingHarness()
    }

    private static let rules: OptOutRules = {
        var words = OptOutWords()
        _ =
            words.add(.out, "en: stop") && words.add(.in, "en: start")
            && words.add(.help, "en: help")
        return OptOutRules(words: words)
    }()

    private func message(
        _ name: String, _ text: String? = "Hi", from sender: String = "+447700900123",
        sentAt: Timestamp? = nil, source: Report.Source = .callback
    ) -> InboundMessage {
        var hash = Fingerprint()
        hash.add(name)
        return InboundMessage(
            id: InboundID(high: 0x8000, low: UInt64(bitPattern: hash.value)), provider: .infobip,
            providerMessageID: name, kind: .sms, source: source, sender: sender,
            recipient: "+447700900999", text: text,
            media: [.init(url: "https://x/1", type: "image/png"), .init(url: "https://x/2")],
            sentAt: sentAt, parts: 2, price: .init(amount: "0.0100", currency: "EUR"),
            attributes: #"{"a": 1}"#)
    }

    private func submission(
        _ inbound: [InboundMessage], reports: [Report] = [], at time: Timestamp = .now
    ) -> Submission {
        Submission(
            callback: ReceivedCallback(
                id: .new(at: time), provider: .infobip, uri: "/callbacks/infobip",
                contentType: "application/json", receivedAt: time, body: Array("{}".utf8)),
            reports: reports, inbound: inbound, rejects: [])
    }

    private func write(_ submissions: [Submission]) throws -> [SinkFailure] {
        try WriterHarness(database.responder) { $0.optOuts = Self.rules }.write(submissions)
    }

    private func count(_ table: String) throws -> String {
        try database.run("select count(*) from \(table)")
    }

    @Test(
        "a message is stored with its callback and read back; a repetition is none, an equal text is"
    )
    func stored() throws {
        let first = message("a")
        #expect(
            try write([
                submission([first, message("b")], reports: [.sample(1)]), submission([first]),
            ]) == [])
        #expect(try write([submission([first])]) == [])
        #expect(try count("inbound") == "2")
        #expect(try count("callback") == "3")
        #expect(try count("report") == "1")
        let store = InboundStore(try database.pool(), logger: .silent)
        let stored = try #require(try store.message(first.id))
        #expect(stored.message == first)
        #expect(stored.at == stored.receivedAt)
        var filter = InboundFilter()
        filter.text = InboundSearch("hi")
        let page = try store.page(of: filter, before: nil, limit: 1)
        #expect(page.count == 1)
        let rest = try store.page(of: filter, before: page[0].position, limit: 5)
        #expect(Set((page + rest).map(\.message.providerMessageID)) == ["a", "b"])
        filter.text = InboundSearch("900123")
        #expect(try store.page(of: filter, before: nil, limit: 5).count == 2)
        filter.text = InboundSearch("other")
        #expect(try store.page(of: filter, before: nil, limit: 5).isEmpty)
        filter = InboundFilter()
        filter.recipient = "447700900999"
        #expect(try store.page(of: filter, before: nil, limit: 5).count == 2)
        filter.provider = .plivo
        #expect(try store.page(of: filter, before: nil, limit: 5).isEmpty)
    }

    @Test(
        "one that a list brought first gets its text from the callback, and not the other way round"
    )
    func recovered() throws {
        let polled = message("a", nil, source: .poll)
        #expect(try write([submission([polled])]) == [])
        #expect(try write([submission([message("a", "STOP")])]) == [])
        #expect(try write([submission([polled])]) == [])
        #expect(try database.run("select source, body from inbound") == "1|STOP")
        #expect(try count("opt_out") == "1")
    }

    @Test("a row that PostgreSQL refuses goes to quarantine, and the others are stored")
    func poison() throws {
        let bad = message("bad\u{0}")
        #expect(try write([submission([message("a"), bad], reports: [.sample(1)])]) == [])
        #expect(try count("inbound") == "1")
        #expect(try count("report") == "1")
        #expect(try database.run("select reason from quarantine") == "database_refused")
    }

    @Test("whoever says STOP gets nothing: refused when it is accepted, and when it is leased")
    func optOut() throws {
        let request = try SendRequest.sample(recipients: 2)
        let queued = try sending.accept(request)
        let person = request.recipients[0].number.description
        #expect(try write([submission([message("a", "Stop!", from: person)])]) == [])
        guard
            case .optedOut(let blocked) = try sending.queue.accept(
                .sample(recipients: 2), nil)
        else { return #expect(Bool(false), "it was accepted") }
        #expect(Array(blocked.keys) == [request.recipients[0].number])
        #expect(blocked.values.first?.source == .word)
        #expect(try count("send_request") == "1")
        // What was accepted before shows it in its lease.
        let leased = try sending.lease().leases.flatMap(\.messages)
        #expect(leased.first { $0.outgoing.id == queued[0] }?.block?.code == "opted_out")
        #expect(leased.first { $0.outgoing.id == queued[1] }?.block == nil)
        #expect(try write([submission([message("b", "start", from: person)])]) == [])
        #expect(try sending.queue.accept(.sample(recipients: 2), nil) == .queued)
    }

    @Test("the provider's time decides, whatever the order of arrival; an operator's block stays")
    func order() throws {
        let now = Timestamp.now
        let stop = message("stop", "STOP", sentAt: now.advanced(by: .seconds(-60)))
        let start = message("start", "START", sentAt: now.advanced(by: .seconds(-120)))
        #expect(try write([submission([stop]), submission([start])]) == [])
        let list = OptOutStore(try database.pool(), logger: .silent)
        let number = try PhoneNumber("+447700900123")
        func held() throws -> [OptOutEntry.Source] {
            OptOutStanding.holding(try list.deciding(of: number.description)).map(\.source)
        }
        #expect(try held() == [.word])
        try list.add(
            [OptOutEntry(of: number, sender: nil, isOut: true, note: "x", by: .sample)],
            .addOptOut, by: .sample)
        #expect(try write([submission([message("again", "START")])]) == [])
        #expect(try held() == [.operator])
        let page = try list.page(of: OptOutFilter(), before: nil, limit: 10)
        #expect(page.entries.map(\.source) == [.operator] && page.next == nil)
        try list.add(
            [OptOutEntry(of: number, sender: nil, isOut: false, note: nil, by: .sample)],
            .liftOptOut, by: .sample)
        #expect(try held() == [])
        #expect(try list.history(of: number.description, limit: 10).count == 5)
        #expect(
            try database.run("select action from audit where action like 'opt%' order by number")
                == "opt_out.add\nopt_out.lift")
    }

    @Test("a report whose error means an opt-out makes an entry, once")
    func reports() throws {
        let outcome = Outcome(provider: .plivo, statusName: "failed", errorCode: "200")
        let report = Report(
            message: .test(1), provider: .plivo, providerMessageID: "u", status: .undeliverable,
            outcome: outcome, recipient: "+447700900123", sender: "+12025550100",
            doneAt: .noon())
        let traits = ProviderTraits(
            provider: .plivo, title: "Plivo", messageIDField: "", retryHorizon: .zero,
            lookUpHorizon: .zero, optOutSigns: OptOutSigns(errors: ["200"]),
            usual: UsualSending(rate: nil, concurrency: 1, batch: 1, reconcile: []))
        for _ in 0..<2 {
            let harness = WriterHarness(try database.responder) {
                $0.optOuts = OptOutRules(scope: .sender, providers: [traits])
            }
            #expect(harness.write([.sample([report, .sample(2)])]) == [])
        }
        #expect(
            try database.run("select recipient, sender, is_out, source, at from opt_out")
                == "+447700900123|+12025550100|t|4|2024-06-01 12:00:00+00")
    }

    @Test("what a message causes is done once: the link, the change, and the answer that is set")
    func followed() throws {
        let request = try SendRequest.sample()
        let sent = try sending.accept(request)[0]
        let person = request.recipients[0].number.description
        try database.run("update message set sender = '447700900999'")
        #expect(
            try write([
                submission([message("a", "Stop", from: person)]),
                submission([message("b", "STOP", from: person)]),
                submission([message("c", "help", from: person)]),
            ]) == [])
        let arrived = DispatchSemaphore(value: 0)
        let recorder = ChangeRecorder { changes in
            for change in changes where change.cause == .inbound { arrived.signal() }
        }
        let follower = InboundFollower(
            ConnectionPool(try database.responder, maximumCount: 1),
            replies: InboundReplies(
                confirmation: "Bye", help: "Help yourself",
                submitter: Submitter(Requester.sample.principal),
                key: { id, _ in MessageID(high: id.high, low: id.low ^ 1) }),
            feed: ChangeFeed([recorder]), logger: .silent)
        for _ in 0..<3 { #expect(arrived.wait(timeout: .now() + 20) == .success) }
        follower.stop()
        #expect(try database.run("select count(*) from inbound where followed_at is null") == "0")
        #expect(
            try database.run("select distinct message_id from inbound") == sent.description)
        #expect(
            try database.run(
                """
                select body, sender, ignores_opt_out, is_pinned from send_request
                where ignores_opt_out order by body
                """) == "Bye|+447700900999|t|t\nHelp yourself|+447700900999|t|t")
        #expect(
            try database.run(
                "select sum(cardinality(messages)) from status_change where 4 = any(causes)") == "3"
        )
        // Our own answers go out all the same.
        let leased = try sending.lease().leases.flatMap(\.messages)
        #expect(leased.count { $0.block == nil } == 2)
        #expect(leased.count == 3)
    }
}
