import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

extension SendingSuites {
    @Suite("A message is queued if and only if its call was answered")
    struct AcceptanceTests {
        @Test("20 identical requests with one Idempotency-Key at once send one set of messages")
        func idempotencyRace() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let key = uniqueName("key")
            let recipients = TestNumbers.plain(3)
            @Sendable func once(_ text: String = "Once") throws -> HTTPAnswer {
                try sending.call(
                    ["to": recipients, "text": text, "from": "Waybill"], idempotencyKey: key)
            }
            let answers = Mutex<[HTTPAnswer]>([])
            Crew.run(20) { _ in
                guard let answer = try? once() else { return }
                answers.withLock { $0.append(answer) }
            }
            let all = answers.withLock { $0 }
            #expect(all.map(\.status) == Array(repeating: 202, count: 20))
            #expect(Set(all.map(\.text)).count == 1)
            #expect(all.count { $0["idempotency-replayed"] == nil } == 1)
            let messages = try SendingDemo.messages(of: try #require(all.first))
            #expect(messages.count == 3)
            #expect(try sending.demo.count("select count(*) from outbox") == 3)
            expectProblem(try once("Another one"), 409, "idempotency_key_reused")
            #expect(try sending.demo.count("select count(*) from outbox") == 3)
            let dispatcher = try sending.dispatcher()
            try sending.waitForStatus(["delivered"], of: messages, within: .seconds(20))
            try sending.expectTaken(messages)
            // The answer stays the one that was given, although the messages have moved on.
            #expect(try once().text == all.first?.text)
            #expect(try sending.simulator.count("messages_accepted") == 3)
            try sending.stop(dispatcher)
        }

        @Test("Of different requests with one key at once one is accepted, the others are 409")
        func differentBodies() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let key = uniqueName("key")
            let to = TestNumbers.plain()
            let statuses = Mutex<[Int]>([])
            Crew.run(10) { index in
                let answer = try? sending.call(
                    ["to": to, "text": "Text \(index)"], idempotencyKey: key)
                statuses.withLock { $0.append(answer?.status ?? 0) }
            }
            #expect(
                statuses.withLock { $0.sorted() } == [202] + Array(repeating: 409, count: 9))
            #expect(try sending.demo.count("select count(*) from outbox") == 1)
        }

        @Test(
            "While the responder or PostgreSQL is killed, callers repeat with their key until they are answered: each message is taken once",
            arguments: ["responder", "postgres"])
        func killed(part: String) throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["answer_delay_ms": 50])
            let dispatcher = try sending.dispatcher([
                "INFOBIP_BATCH_LIMIT": "20", "INFOBIP_CONCURRENCY": "3",
            ])
            let load = SendingLoad(on: sending)
            for _ in 0..<3 {
                try load.waitForAnswers(40)
                try kill(part, sending)
            }
            try load.waitForAnswers(40)
            let outcome = load.stop()
            #expect(outcome.unanswered == 0)
            let isDrained = waitUntil(within: .seconds(60)) {
                usleep(300_000)
                do {
                    try sending.passTime(.seconds(12))
                    return try sending.demo.count(
                        "select count(*) from outbox where state < 4") == 0
                } catch {
                    return false
                }
            }
            #expect(isDrained)
            let statistics = try sending.simulator.statistics()
            #expect(statistics["messages_accepted"].int == outcome.messages.count)
            #expect(statistics["duplicates_refused"].int == 0)
            try sending.expectTakenOnce(outcome.messages)
            try sending.waitForStatus(["delivered"], of: outcome.messages, within: .seconds(30))
            print(
                "\(part) killed 3 times: \(outcome.messages.count) messages in \(outcome.calls)"
                    + " calls, \(outcome.repetitions) of them repeated")
            try sending.stop(dispatcher)
        }

        private func kill(_ part: String, _ sending: SendingDemo) throws {
            func pid() throws -> pid_t {
                let pids = try sending.demo.currentDocument.pids
                return part == "responder" ? pids.responder : pids.postgres
            }
            let old = try pid()
            Glibc.kill(old, SIGKILL)
            let isBack = waitUntil(within: .seconds(30)) {
                guard let new = try? pid() else { return false }
                return new != old && new > 0
            }
            try #require(isBack)
        }

        @Test("Requests without a key are answered 202 if and only if their messages are sent")
        func withoutKey() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let calls = Mutex<[(status: Int, recipient: String)]>([])
            let isStopped = Mutex(false)
            let crew = Crew.start(4) { _ in
                while !isStopped.withLock({ $0 }) {
                    let recipient = TestNumbers.plain()
                    let answer = try? sending.call(["to": recipient, "text": "Hello"])
                    calls.withLock { $0.append((answer?.status ?? 0, recipient[0])) }
                }
            }
            func answered() -> Int { calls.withLock { $0.count { $0.status == 202 } } }
            _ = waitUntil(within: .seconds(20)) { answered() >= 50 }
            // Before anything is sent.
            try kill("responder", sending)
            _ = waitUntil(within: .seconds(20)) { answered() >= 100 }
            isStopped.withLock { $0 = true }
            crew.wait()
            let dispatcher = try sending.dispatcher()
            let isDrained = try waitUntil(within: .seconds(30)) {
                try sending.demo.count("select count(*) from outbox where state < 4") == 0
            }
            #expect(isDrained)
            let all = calls.withLock { $0 }
            let taken = Set(
                try sending.simulator.send("GET", "/simulator/messages?limit=10000")["messages"]
                    .array.compactMap { $0["recipient"].string })
            let accepted = Set(
                all.filter { $0.status == 202 }.map { String($0.recipient.dropFirst()) })
            #expect(accepted.subtracting(taken).isEmpty)
            // A caller without an answer does not know; there are no more of those than threads.
            let unknown = Set(
                all.filter { $0.status != 202 }.map { String($0.recipient.dropFirst()) })
            #expect(taken.subtracting(accepted).isSubset(of: unknown))
            #expect(taken.subtracting(accepted).count <= 4)
            #expect(try sending.simulator.count("messages_accepted") == taken.count)
            try sending.stop(dispatcher)
        }
    }
}

/// Requests of five messages each without a pause, each repeated with its key until it is answered.
private final class SendingLoad: Sendable {
    struct Outcome {
        var messages: [SentMessage] = []
        var calls = 0
        var repetitions = 0
        /// Requests that were never answered.
        var unanswered = 0
    }

    private let state = Mutex((outcome: Outcome(), isStopped: false))
    private let crew = Mutex<DispatchGroup?>(nil)

    init(on sending: SendingDemo) {
        let group = Crew.start(4) { [self] _ in
            while !state.withLock({ $0.isStopped }) { call(sending) }
        }
        crew.withLock { $0 = group }
    }

    private func call(_ sending: SendingDemo) {
        let recipients = TestNumbers.plain(5)
        let key = uniqueName("load")
        var repetitions = -1
        var messages: [SentMessage] = []
        _ = waitUntil(within: .seconds(60)) {
            repetitions += 1
            guard
                let answer = try? sending.call(
                    ["to": recipients, "text": "Hello"], idempotencyKey: key),
                answer.status == 202
            else { return false }
            messages = (try? SendingDemo.messages(of: answer)) ?? []
            return true
        }
        state.withLock { state in
            state.outcome.calls += 1
            state.outcome.repetitions += repetitions > 0 ? 1 : 0
            state.outcome.unanswered += messages.isEmpty ? 1 : 0
            state.outcome.messages += messages
        }
    }

    /// Waits until so many more requests were answered.
    func waitForAnswers(_ count: Int) throws {
        func answered() -> Int { state.withLock { $0.outcome.calls } }
        let goal = answered() + count
        let isReached = waitUntil(within: .seconds(60)) { answered() >= goal }
        try #require(isReached)
    }

    func stop() -> Outcome {
        state.withLock { $0.isStopped = true }
        crew.withLock { $0 }?.wait()
        return state.withLock { $0.outcome }
    }
}
