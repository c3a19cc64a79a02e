import Domain
import Testing

@testable import Sending

@Suite("Send policy")
struct SendPolicyTests {
    private let schedule = ReconcileSchedule(
        slots: [.seconds(3600)], lookUpHorizon: .seconds(48 * 3600))

    private func change(
        _ result: SendResult, attempt: Int = 1, giveUpIn: Int = 86_400, isTrial: Bool = false,
        others: Int = 0
    ) throws -> OutboxChange {
        let policy = SendPolicy(maxAttempts: 3, schedule: schedule)
        let message = try Samples.leased(0, attempt: attempt, giveUpIn: giveUpIn)
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

    @Test("Accepted: sent, and asked for at the first slot")
    func accepted() throws {
        let change = try change(.accepted(providerMessageID: "name"))
        expect(change, .sent(checkAt: Samples.time(3600)), .accepted, .accepted)
        #expect(change.carrier == .init(provider: .infobip, providerMessageID: "name"))
        #expect(change.event?.attempt == 1)
    }

    @Test("Refused: over, with the reason")
    func refused() throws {
        let change = try change(.refused(Samples.problem))
        expect(change, .done, .refused, .rejected, isDead: true)
        #expect(change.deadLetter == Samples.problem)
        #expect(change.event?.problem == Samples.problem)
    }

    @Test("Refused together: each by itself at once; one that was alone is refused")
    func refusedTogether() throws {
        expect(
            try change(.refusedTogether(Samples.problem), others: 2),
            .ready(at: Samples.time(1), alone: true), .deferred, nil)
        expect(
            try change(.refusedTogether(Samples.problem)), .done, .refused, .rejected, isDead: true)
    }

    @Test("Deferred: later, as the provider says; given up after the last attempt or past the time")
    func deferred() throws {
        expect(
            try change(.deferred(Samples.problem, afterSeconds: 40)),
            .ready(at: Samples.time(41), alone: false), .deferred, nil)
        expect(
            try change(.deferred(Samples.problem, afterSeconds: 40), attempt: 2),
            .ready(at: Samples.time(41), alone: false), .deferred, nil)
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
            #expect(change.carrier == .init(provider: .infobip, providerMessageID: nil))
        }
    }

    @Test("Stopped: waits, costs no attempt, and is told once")
    func stopped() throws {
        expect(
            try change(.stopped(Samples.problem), attempt: 3),
            .ready(at: Samples.time(1), alone: false), .stopped, nil, countsAttempt: false)
        expect(
            try change(.stopped(Samples.problem), isTrial: true),
            .ready(at: Samples.time(1), alone: false), nil, nil, countsAttempt: false)
    }

    @Test("What the transport could not send is deferred, what it got no answer to is ambiguous")
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

    @Test("What an answer says of the provider's health")
    func signs() {
        func sign(
            _ answer: TransportResult, _ results: [SendResult] = [], took: Int = 1
        ) -> ProviderHealth.Sign {
            Attempt.sign(answer, results, took: .seconds(took), slow: .seconds(10))
        }
        func answer(_ status: Int, _ wait: Int? = nil) -> TransportResult {
            .answered(ProviderResponse(status: status, retryAfterSeconds: wait, body: []))
        }
        #expect(sign(answer(200), [.accepted(providerMessageID: nil)]) == .good)
        #expect(sign(answer(400), [.refused(Samples.problem)]) == .good)
        #expect(sign(answer(200), took: 10) == .slow)
        #expect(sign(answer(500)) == .failed)
        // A page of somebody else's, for example: it must not make the whole queue unsure.
        #expect(sign(answer(200), [.ambiguous(Samples.problem)]) == .failed)
        #expect(
            sign(answer(200), [.ambiguous(Samples.problem), .accepted(providerMessageID: nil)])
                == .good)
        #expect(sign(answer(429, 7)) == .limited(afterSeconds: 7))
        #expect(sign(answer(401), [.stopped(Samples.problem)]) == .stopped(Samples.problem))
        #expect(sign(.notSent(Samples.problem)) == .failed)
        #expect(sign(.unanswered(Samples.problem)) == .failed)
    }
}

/// Answers nothing but "nobody knows".
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
