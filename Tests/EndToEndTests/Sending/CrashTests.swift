import Foundation
import Glibc
import TestSupport
import Testing

extension SendingSuites {
    @Suite("Dispatchers that are killed, and several at once")
    struct CrashTests {
        /// Requests stay in flight for a while, so that a kill hits some.
        private static let answerDelay = 150

        @Test(
            "Killed 50 times at random moments: Infobip accepts each of 5,000 messages just once")
        func infobip() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["answer_delay_ms": Self.answerDelay])
            try sending.demo.sql("update provider_state set allowance = 0")
            let messages = try (0..<5).flatMap { _ in
                try sending.send(to: TestNumbers.plain(1000), provider: "infobip")
            }
            // As long as the kills take, on whatever machine.
            let rate = String(Int(4500 / (50 * (try Self.start(sending) + 0.35))))
            let took = try kills(50, sending, ["INFOBIP_RATE": rate])
            let last = try sending.dispatcher(["INFOBIP_RATE": "none"])
            try settle(messages, sending)
            try check(messages, sending, "infobip", took)
            try sending.stop(last)
        }

        @Test("Killed 10 times: Plivo accepts each of 240 messages exactly once, alone or in bulk")
        func plivo() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["answer_delay_ms": Self.answerDelay])
            try sending.demo.sql("update provider_state set allowance = 0")
            let settings = [
                "PLIVO_RATE": "40", "PLIVO_SETTLE_SECONDS": "2", "PLIVO_BATCH_LIMIT": "10",
                "PLIVO_CONCURRENCY": "3",
            ]
            let bulk = try sending.send(to: TestNumbers.plain(200), provider: "plivo")
            let single = try (0..<40).flatMap { _ in
                try sending.send(to: TestNumbers.plain(), provider: "plivo")
            }
            let took = try kills(10, sending, settings)
            let last = try sending.dispatcher(settings.merging(["PLIVO_RATE": "none"]) { $1 })
            try settle(bulk + single, sending)
            try check(bulk + single, sending, "plivo", took)
            try sending.stop(last)
        }

        /// Starts a dispatcher and kills it while requests are under way, again and again.
        ///
        /// - Returns: at how many kills there were leases.
        private func kills(
            _ count: Int, _ sending: SendingDemo, _ settings: [String: String]
        ) throws -> Int {
            var met = 0
            for number in 0..<count {
                // In some runs no request is accepted, and waits for its answer until the kill.
                try sending.simulator.set([
                    "fail_with": "timeout_before", "fail_next": number % 4 == 0 ? 1 : 0,
                ])
                let dispatcher = try sending.dispatcher(settings)
                Self.waitForStart(dispatcher)
                usleep(.random(in: 0...600_000))
                dispatcher.send(signal: SIGKILL)
                try dispatcher.waitForExit()
                let leased = try sending.demo.count("select count(*) from outbox where state = 2")
                if leased > 0 { met += 1 }
            }
            return met
        }

        private static func waitForStart(_ dispatcher: ChildProcess) {
            _ = waitUntil(within: .seconds(10)) {
                dispatcher.errors.contains("registered as a dispatcher")
            }
        }

        /// How many seconds a dispatcher takes until it works.
        private static func start(_ sending: SendingDemo) throws -> Double {
            let clock = ContinuousClock()
            let time = try clock.measure {
                // Of a rate that leaves all as it is.
                let dispatcher = try sending.dispatcher(["INFOBIP_RATE": "0.01"])
                waitForStart(dispatcher)
                dispatcher.send(signal: SIGKILL)
                try dispatcher.waitForExit()
            }
            return time / .seconds(1)
        }

        /// Waits until nothing is left to be sent or to be sure of.
        private func settle(_ messages: [SentMessage], _ sending: SendingDemo) throws {
            try sending.simulator.set(["answer_delay_ms": 0, "fail_next": 0])
            let open = "select count(*) from outbox where state < 4"
            var turns = 0
            let isSettled = try waitUntil(within: .seconds(90)) {
                usleep(300_000)
                try sending.passTime(.seconds(12))
                // The test does not wait for the minute for which a dispatcher that was killed
                // during a status query holds its checks.
                if turns % 15 == 0 {
                    try sending.demo.sql("update outbox set due_at = now() where state = 3")
                }
                turns += 1
                return try sending.demo.count(open) == 0
            }
            let left = try sending.demo.count(open)
            #expect(isSettled, "\(left) messages are not settled")
            let undelivered =
                "select count(*) from message where \(Self.isOne(of: messages)) and status <> 4"
            let areDelivered = try waitUntil(within: .seconds(30)) {
                usleep(200_000)
                return try sending.demo.count(undelivered) == 0
            }
            #expect(areDelivered)
        }

        /// All of them, and nobody else's: identifiers begin with their time, and no other test
        /// sends meanwhile.
        private static func isOne(of messages: [SentMessage], column: String = "id") -> String {
            let first = messages.map(\.id).min()?.prefix(13) ?? ""
            return "\(column) >= '\(first)-0000-0000-000000000000'"
        }

        private func check(
            _ messages: [SentMessage], _ sending: SendingDemo, _ provider: String, _ met: Int
        ) throws {
            let statistics = try sending.simulator.statistics()
            #expect(statistics["messages_accepted"].int == messages.count)
            #expect(statistics["duplicate_acceptances"].int == 0)
            #expect(statistics["duplicates_refused"].int == 0)
            try sending.expectTakenOnce(messages)
            let condition = Self.isOne(of: messages, column: "message_id")
            let lost = try sending.demo.count(
                "select count(*) from event where kind = 5 and \(condition)")
            let again = try sending.demo.count(
                "select count(*) from event where kind = 7 and \(condition)")
            print(
                "\(provider): \(messages.count) messages, leases at \(met) kills, \(lost) messages"
                    + " taken over, \(again) of them sent again")
            #expect(lost > again)
            #expect(again > 0)
        }

        @Test("Two at once send 5,000 messages: nothing twice, and both take part")
        func two() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["answer_delay_ms": 50])
            let messages = try (0..<5).flatMap { _ in
                try sending.send(to: TestNumbers.plain(1000), provider: "infobip")
            }
            let settings = ["INFOBIP_BATCH_LIMIT": "100", "INFOBIP_CONCURRENCY": "2"]
            let both = try [sending.dispatcher(settings), sending.dispatcher(settings)]
            var numbers: Set<Substring> = []
            let isDrained = try waitUntil(within: .seconds(60)) {
                numbers.formUnion(
                    try sending.demo.sql(
                        "select distinct dispatcher from outbox where state = 2"
                    ).split(separator: "\n"))
                return try sending.demo.count("select count(*) from outbox where state < 4") == 0
            }
            #expect(isDrained)
            // One that lost its session meanwhile goes on under another number.
            #expect(numbers.count >= 2)
            let statistics = try sending.simulator.statistics()
            #expect(statistics["messages_accepted"].int == messages.count)
            #expect(statistics["duplicates_refused"].int == 0)
            try sending.expectTakenOnce(messages)
            for dispatcher in both { try sending.stop(dispatcher) }
            #expect(try sending.demo.count("select count(*) from outbox where state = 2") == 0)
        }
    }
}

extension SendingDemo {
    /// As `expectTaken`, for many: all that the simulator knows, at once.
    func expectTakenOnce(_ messages: [SentMessage]) throws {
        let records = try simulator.send("GET", "/simulator/messages?limit=10000")["messages"].array
        var times: [String: Int] = [:]
        for record in records {
            times[record["recipient"].string ?? "", default: 0] += record["times_accepted"].int ?? 0
        }
        let lost = messages.filter { times[$0.digits] == nil }
        let twice = messages.filter { times[$0.digits, default: 0] > 1 }
        #expect(lost.isEmpty, "\(lost.count) were lost: \(lost.prefix(3))")
        #expect(twice.isEmpty, "\(twice.count) were taken twice: \(twice.prefix(3))")
    }
}
