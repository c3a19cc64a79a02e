import Foundation
import TestSupport
import Testing

extension SendingSuites {
    /// What only some messages meet, in words or ways that could be about all.
    @Suite("What one message meets costs no other one")
    struct LoneFailureTests {
        @Test(
            "One message that meets a stop is refused with the provider's text, 40 others are sent",
            arguments: [
                ("plivo", "23", "403", true), ("plivo", "23", "403", false),
                ("plivo", "22", "401", false), ("plivo", "27", "402", false),
                ("infobip", "22", "E401", true), ("infobip", "23", "E403", false),
                ("infobip", "27", "REJECTED_NOT_ENOUGH_CREDITS", false),
                ("infobip", "27", "REJECTED_NOT_ENOUGH_CREDITS", true),
            ])
        func stop(provider: String, digits: String, code: String, isOneCall: Bool) throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let bad = TestNumbers.magic(digits)
            let numbers = TestNumbers.plain(17) + bad + TestNumbers.plain(23)
            let sent =
                try isOneCall
                ? sending.send(to: numbers, provider: provider)
                : numbers.flatMap { try sending.send(to: [$0], provider: provider) }
            let others = sent.filter { !bad.contains($0.recipient) }
            let culprit = try #require(sent.first { bad.contains($0.recipient) })
            let clock = ContinuousClock()
            let began = clock.now
            let dispatcher = try sending.dispatcher(["PLIVO_RATE": "none"])
            try sending.waitForStatus(["delivered"], of: others, within: .seconds(20))
            let tookOthers = clock.now - began
            try sending.waitForStatus(["rejected"], of: [culprit], within: .seconds(30))
            print(
                "\(provider) \(code): 40 went in \(tookOthers), 1 refused in \(clock.now - began),",
                "\(sending.requests().count { $0.isSend }) requests")
            let shown = try sending.show(culprit)
            #expect(shown["error"]["code"].string == code)
            #expect(shown["final"].bool == true)
            let kinds = try sending.events(of: culprit).map { $0["kind"].string }
            #expect(kinds == ["stopped", "refused"])
            #expect(
                try sending.demo.count(
                    "select count(*) from dead_letter where message_id = '\(culprit.id)'") == 1)
            #expect(try sending.sending(provider)["state"].string == "running")
            try sending.expectTaken(others)
            try sending.expectTaken([culprit], 0)
            try sending.stop(dispatcher)
        }

        @Test("One that comes before all others stops none of those that come after it")
        func stopBefore() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher(["PLIVO_RATE": "none"])
            let culprit = try sending.send(to: TestNumbers.magic("23"), provider: "plivo")
            let isStopped = try waitUntil(within: .seconds(20)) {
                try sending.sending("plivo")["state"].string == "stopped"
            }
            try #require(isStopped)
            for _ in 0..<5 {
                let next = try sending.send(to: TestNumbers.plain(), provider: "plivo")
                try sending.waitForStatus(["delivered"], of: next, within: .seconds(10))
            }
            try sending.waitForStatus(["rejected"], of: culprit, within: .seconds(30))
            #expect(try sending.sending("plivo")["state"].string == "running")
            try sending.stop(dispatcher)
        }

        @Test("Many that time out at the head of the queue do not hold up those behind them")
        func timeouts() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["timeout_ms": 30_000])
            let slow = try TestNumbers.magic("31", 60).flatMap {
                try sending.send(to: [$0], provider: "plivo")
            }
            let others = try sending.send(to: TestNumbers.plain(20), provider: "plivo")
            let dispatcher = try sending.dispatcher([
                "PLIVO_RATE": "none", "PLIVO_CONCURRENCY": "2", "PLIVO_BATCH_LIMIT": "1",
                "WAYBILL_SEND_TIMEOUT_SECONDS": "3",
            ])
            // One after the other they would take a minute and a half.
            try sending.waitForStatus(["delivered"], of: others, within: .seconds(30))
            let tried = sending.requests().count { $0.isSend && $0.status == 499 }
            #expect(tried < slow.count)
            try sending.expectTaken(others)
            try sending.demo.sql("delete from outbox")
            try sending.stop(dispatcher)
        }
    }
}
