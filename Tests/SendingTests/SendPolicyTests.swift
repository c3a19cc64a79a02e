import Domain
import Testing

@testable import Sending

@Suite("Send policy")
struct SendPolicyTests {
    private let schedule = ReconcileSchedule(
        slots: [.seconds(3600)], lookUpHorizon: .seconds(48 * 3600))

    private func change(
        _ result: SendResult, attempt: Int = 1, giveUpIn: Int = 86_400, isTrial: Bool = false,
        others: Int = 0, batchLimit: Int? = nil, earlierStop: LeasedMessage.EarlierStop? = nil
    ) throws -> OutboxChange {
        let policy = SendPolicy(maxAttempts: 3, schedule: schedule)
        let message = try Samples.leased(
            0, attempt: attempt, giveUpIn: giveUpIn, batchLimit: batchLimit,
            earlierStop: earlierStop)
        let rest = try (0..<others).map { try Samples.leased($0 + 1) }
        var generator = FixedNumbers.lowest
        return policy.change(
            of: message, in: Samples.lease([message] + rest), result, isTrial: isTrial,
            sentAt: Samples.time(0), now: Samples.time(1), using: &generator)
    }

    private func expect(
        _ change: OutboxChange, _ step: OutboxStep, _ kind: SendEvent.Kind?, _ status: Status?,
        isDead: Bool = false, countsAttempt: Bool = true,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(change.step == step, sourceLocation: location)
        #expect(change.event?.kind == kind, sourceLocation: location)
        #expect(change.event?.status == status, sourceLocation: location)
        #expect((change.deadLetter != nil) == isDead, sourceLocation: location)
        #expect(change.countsAttempt == countsAttempt, sourceLocation: location)
        #expect(change.lease == LeaseID(high: 9, low: 9), sourceLocation: location)
        if let event = change.event {
            #expect(event.provider == .infobip, sourceLocation: location)
            #expect(event.at == Samples.time(1), sourceLocation: location)
        }
    }

    @Test("Accepted: sent, and queried at the first slot")
    func accepted() throws {
        let change = try change(.accepted(providerMessageID: "name"))
        expect(change, .sent(checkAt: Samples.time(3600)), .accepted, .accepted)
        #expect(change.acceptedBy == .init(provider: .infobip, providerMessageID: "name"))
        #expect(change.event?.attempt == 1)
    }

    @Test("Refused: over, with the reason")
    func refused() throws {
        let change = try change(.refused(Samples.problem))
        expect(change, .done, .refused, .rejected, isDead: true)
        #expect(change.deadLetter == Samples.problem)
        #expect(change.event?.problem == Samples.problem)
    }

    @Test("Refused together: in halves at once, one event, no attempt; one alone is refused")
    func refusedTogether() throws {
        let first = try change(.refusedTogether(Samples.problem), attempt: 3, others: 4)
        expect(first, .ready(at: Samples.time(1)), .deferred, nil, countsAttempt: false)
        #expect(first.batchLimit == 3)
        let second = try change(.refusedTogether(Samples.problem), others: 1, batchLimit: 3)
        expect(second, .ready(at: Samples.time(1)), nil, nil, countsAttempt: false)
        #expect(second.batchLimit == 1)
        expect(
            try change(.refusedTogether(Samples.problem)), .done, .refused, .rejected, isDead: true)
    }

    @Test("Deferred: later, as the provider says; given up after the last attempt or past the time")
    func deferred() throws {
        expect(
            try change(.deferred(Samples.problem, afterSeconds: 40)),
            .ready(at: Samples.time(41)), .deferred, nil)
        expect(
            try change(.deferred(Samples.problem, afterSeconds: 40), attempt: 2),
            .ready(at: Samples.time(41)), .deferred, nil)
        expect(
            try change(.deferred(Samples.problem, afterSeconds: 40), attempt: 3), .done, .gaveUp,
            .failed, isDead: true)
        expect(
            try change(.deferred(Samples.problem, afterSeconds: 40), giveUpIn: 41), .done, .gaveUp,
            .failed, isDead: true)
    }

    @Test("Ambiguous: never ready again by itself, whatever the attempt")
    func ambiguous() throws {
        for attempt in [1, 3, 30] {
            let change = try change(.ambiguous(Samples.problem), attempt: attempt)
            expect(change, .unsure(checkAt: Samples.time(6)), .unanswered, .unknown)
            #expect(change.acceptedBy == .init(provider: .infobip, providerMessageID: nil))
        }
    }

    /// The answers that a message meets alone, one after the other.
    private func stop(
        blame: Int = 0, others: Bool = false, isTrial: Bool = false
    ) throws -> OutboxChange {
        try change(
            .stopped(Samples.problem), attempt: 3, isTrial: isTrial, batchLimit: 1,
            earlierStop: .init(blame: blame, othersWereTaken: others))
    }

    @Test("Stopped: waits, costs no attempt, and is one event")
    func stopped() throws {
        let first = try change(.stopped(Samples.problem), attempt: 3, others: 9)
        expect(first, .ready(at: Samples.time(1)), .stopped, nil, countsAttempt: false)
        #expect(first.batchLimit == 5)
        #expect(first.stop == .init(at: Samples.start, blame: 0))
        let trial = try change(.stopped(Samples.problem), isTrial: true)
        expect(trial, .ready(at: Samples.time(1)), .stopped, nil, countsAttempt: false)
        expect(
            try stop(isTrial: true), .ready(at: Samples.time(1)), nil, nil, countsAttempt: false)
    }

    @Test("A message that meets a stop alone while others are accepted is refused the second time")
    func convicts() throws {
        let second = try stop(others: true)
        expect(second, .ready(at: Samples.time(2)), nil, nil, countsAttempt: false)
        #expect(second.stop?.blame == 3)
        let third = try stop(blame: 3, others: true)
        expect(third, .done, .refused, .rejected, isDead: true)
        #expect(third.deadLetter == Samples.problem)
        #expect(third.event?.problem == Samples.problem)
    }

    @Test("With no other message to compare with it takes longer, with pauses between")
    func convictsSlowly() throws {
        var blame = 3
        for rest in [2, 4] {
            let next = try stop(blame: blame)
            expect(next, .ready(at: Samples.time(1 + rest)), nil, nil, countsAttempt: false)
            blame = try #require(next.stop?.blame)
        }
        expect(try stop(blame: blame), .done, .refused, .rejected, isDead: true)
    }

    @Test("A stop that all messages meet never refuses one of them, however often it comes")
    func acquits() throws {
        for _ in 0..<50 {
            let alone = try stop()
            #expect(alone.stop?.blame == 0)
            let trial = try stop(blame: 5, others: true, isTrial: true)
            #expect(trial.stop?.blame == 5)
            let together = try change(
                .stopped(Samples.problem), others: 1,
                earlierStop: .init(blame: 5, othersWereTaken: true))
            #expect(together.stop?.blame == 5)
            for change in [alone, trial, together] {
                if case .ready = change.step {} else { Issue.record("\(change.step)") }
            }
        }
    }

    @Test("Counts follow the outcomes of the messages, and show when some were accepted")
    func counts() throws {
        let messages = try (0..<3).map { try Samples.leased($0) }
        let attempt = Attempt(
            lease: Samples.lease(messages), sentAt: Samples.start, isTrial: false)
        let results: [SendResult] = [
            .accepted(providerMessageID: nil), .stopped(Samples.problem), .stopped(Samples.problem),
        ]
        let changes = try [
            change(results[0]), change(results[1]),
            change(results[2], earlierStop: .init(blame: 3, othersWereTaken: true)),
        ]
        let counts = attempt.counts(results, changes)
        #expect(counts.accepted == 1 && counts.deferred == 1 && counts.refused == 1)
        #expect(counts.requests == 1 && counts.deadLetters == 1)
        #expect(counts.takenAt == Samples.start)
        #expect(attempt.counts([results[1]], [changes[1]]).takenAt == nil)
    }

    @Test("Messages that the transport could not send are deferred, without an answer ambiguous")
    func transport() throws {
        let attempt = Attempt(
            lease: Samples.lease([try Samples.leased(0), try Samples.leased(1)]),
            sentAt: Samples.start, isTrial: false)
        let provider = EchoProvider()
        #expect(
            attempt.results(.notSent(Samples.problem), by: provider)
                == [
                    .deferred(Samples.problem, afterSeconds: nil),
                    .deferred(Samples.problem, afterSeconds: nil),
                ])
        #expect(
            attempt.results(.unanswered(Samples.problem), by: provider)
                == [.ambiguous(Samples.problem), .ambiguous(Samples.problem)])
    }

    @Test("What an answer shows about the provider's health")
    func signs() throws {
        func sign(
            _ answer: TransportResult, _ results: [SendResult] = [], took: Int = 1
        ) throws -> ProviderHealth.Sign {
            let lease = Samples.lease([try Samples.leased()])
            return Attempt(lease: lease, sentAt: Samples.start, isTrial: false)
                .sign(answer, results, took: .seconds(took), slow: .seconds(10))
        }
        func answer(_ status: Int, _ wait: Int? = nil) -> TransportResult {
            .answered(ProviderResponse(status: status, retryAfterSeconds: wait, body: []))
        }
        #expect(try sign(answer(200), [.accepted(providerMessageID: nil)]) == .good)
        #expect(try sign(answer(400), [.refused(Samples.problem)]) == .good)
        #expect(try sign(answer(200), took: 10) == .slow)
        #expect(try sign(answer(500)) == .failed)
        // For example the page of another site: it must not leave the whole queue unknown.
        #expect(try sign(answer(200), [.ambiguous(Samples.problem)]) == .failed)
        #expect(
            try sign(answer(200), [.ambiguous(Samples.problem), .accepted(providerMessageID: nil)])
                == .good)
        #expect(try sign(answer(429, 7)) == .limited(afterSeconds: 7))
        #expect(try sign(answer(401), [.stopped(Samples.problem)]) == .stopped(Samples.problem))
        #expect(try sign(.notSent(Samples.problem)) == .failed)
        #expect(try sign(.unanswered(Samples.problem)) == .failed)
    }

    @Test("A stop that only suspected messages meet, or one of many, is not the provider's")
    func ownStops() throws {
        let answer = TransportResult.status(401)
        let stop = SendResult.stopped(Samples.problem)
        func sign(
            _ stops: [LeasedMessage.EarlierStop?], isTrial: Bool = false, accepted: Bool = false
        ) throws -> ProviderHealth.Sign {
            let messages = try stops.enumerated().map {
                try Samples.leased($0.offset, earlierStop: $0.element)
            }
            let attempt = Attempt(
                lease: Samples.lease(messages), sentAt: Samples.start, isTrial: isTrial)
            var results = messages.map { _ in stop }
            if accepted { results[0] = .accepted(providerMessageID: nil) }
            return attempt.sign(answer, results, took: .zero, slow: .seconds(10))
        }
        let suspect = LeasedMessage.EarlierStop(blame: 0, othersWereTaken: true)
        let convict = LeasedMessage.EarlierStop(blame: 3, othersWereTaken: false)
        let victim = LeasedMessage.EarlierStop(blame: 0, othersWereTaken: false)
        #expect(try sign([suspect, suspect]) == .refusedOne)
        #expect(try sign([convict]) == .refusedOne)
        #expect(try sign([nil, nil], accepted: true) == .refusedOne)
        for stops in [[nil], [suspect, nil], [victim], [victim, suspect], [convict, convict]] {
            #expect(try sign(stops) == .stopped(Samples.problem))
        }
        #expect(try sign([suspect], isTrial: true) == .stopped(Samples.problem))
    }
}

/// Answers only "unknown".
struct EchoProvider: SendingProvider {
    let provider = Provider.infobip
    let batchLimit = 10
    var settleDelay = Duration.seconds(60)
    let lookUpsPerMinute = 60
    var lookUpHorizon = Duration.seconds(48 * 3600)

    func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest {
        ProviderRequest(method: "POST", url: "http://127.0.0.1/", headers: [])
    }

    func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult] {
        messages.map { _ in .ambiguous(ProviderProblem(code: "no_answer", text: "")) }
    }

    func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])] { [] }

    func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult { LookUpResult(reports: [], unknown: []) }
}
