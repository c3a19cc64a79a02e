import Foundation
import TestSupport
import Testing

extension SendingSuites {
    @Suite("A provider that takes nothing stops, and the other one goes on")
    struct StopTests {
        @Test(
            "Bad credentials stop the provider with its reason, the queue waits, and it goes on",
            arguments: [
                ("infobip", "22", "E401"), ("infobip", "23", "E403"),
                ("infobip", "27", "REJECTED_NOT_ENOUGH_CREDITS"), ("plivo", "22", "401"),
                ("plivo", "23", "403"), ("plivo", "27", "402"),
            ])
        func stopped(provider: String, digits: String, code: String) throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher(["PLIVO_RATE": "none"])
            let behaviors = ["22": "unauthorized", "23": "forbidden", "27": "no_credit"]
            try sending.simulator.set(["behavior": try #require(behaviors[digits])])
            let messages = try sending.send(
                to: TestNumbers.plain(30), provider: provider, others: ["metadata": ["n": 1]])
            let isStopped = try waitUntil(within: .seconds(20)) {
                try sending.sending(provider)["state"].string == "stopped"
            }
            try #require(isStopped)
            let state = try sending.sending(provider)
            #expect(state["reason"]["code"].string == code)
            #expect(state["reason"]["detail"].string?.isEmpty == false)
            #expect(state["retry_at"].string != nil)
            #expect(state["stopped_since"].string != nil)
            // More messages wait with them, and none of them is tried.
            let later = try sending.send(to: TestNumbers.plain(5), provider: provider)
            let queued = try waitUntil(within: .seconds(10)) {
                try sending.sending(provider)["queued"].int == 35
            }
            #expect(queued)
            let requests = sending.requests().filter { $0.isSend }
            #expect(requests.count <= 8, "the first requests that were under way, and no more")
            #expect(
                try sending.demo.count(
                    "select coalesce(max(attempts), 0) from outbox where state = 1") == 0)
            for message in try [#require(messages.first), #require(later.first)] {
                #expect(try sending.show(message)["status"].string == "queued")
            }
            // The account is corrected; the next trial is half a minute away, and is made now.
            try sending.simulator.set(["behavior": "delivered"])
            try sending.demo.sql("update provider_state set retry_at = now()")
            try sending.waitForStatus(["delivered"], of: messages + later, within: .seconds(30))
            try sending.expectTaken(messages + later)
            #expect(try sending.sending(provider)["state"].string == "running")
            #expect(try sending.sending(provider)["reason"].isNull)
            try sending.stop(dispatcher)
        }

        @Test("A stop holds for a dispatcher that is started after it, too, and it tries with one")
        func restarted() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let first = try sending.dispatcher()
            let poison = try sending.send(to: TestNumbers.magic("22"), provider: "infobip")
            let isStopped = try waitUntil(within: .seconds(20)) {
                try sending.sending("infobip")["state"].string == "stopped"
            }
            try #require(isStopped)
            try sending.stop(first)
            let more = try sending.send(to: TestNumbers.plain(30), provider: "infobip")
            let before = sending.requests().count(where: \.isSend)
            try sending.demo.sql("update provider_state set seen_at = null")
            let second = try sending.dispatcher(["INFOBIP_BATCH_LIMIT": "5"])
            try sending.waitForStatus(["delivered"], of: more, within: .seconds(40))
            // The other one's reason may be gone, so one message tries, and no more.
            let requests = sending.requests().filter(\.isSend).dropFirst(before)
            let trial = try #require(requests.first { $0.uri.hasPrefix("/sms/") })
            #expect(try JSON(line: trial.text)["messages"].array.count == 1)
            // It was the one message, and it is over.
            try sending.waitForStatus(["rejected"], of: poison, within: .seconds(30))
            try sending.expectTaken(more)
            try sending.expectTaken(poison, 0)
            try sending.stop(second)
        }

        @Test("Messages go out through the other provider, but for those that name theirs")
        func failover() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let wrong = try sending.dispatcher([
                "PLIVO_RATE": "none", "INFOBIP_API_KEY": "wrong",
            ])
            let pinned = try sending.send(to: TestNumbers.plain(20), provider: "infobip")
            let isStopped = try waitUntil(within: .seconds(20)) {
                try sending.sending("infobip")["state"].string == "stopped"
            }
            try #require(isStopped)
            let free = try sending.send(to: TestNumbers.plain(20))
            try sending.waitForStatus(["delivered"], of: free, within: .seconds(30))
            for message in free {
                #expect(try sending.show(message)["provider"].string == "plivo")
            }
            let moved = try #require(free.last)
            let kinds = try sending.events(of: moved).map { $0["kind"].string }
            #expect(kinds.filter { $0 != "stopped" } == ["rerouted", "accepted"])
            for message in pinned {
                let shown = try sending.show(message)
                #expect(shown["status"].string == "queued")
                #expect(shown["provider"].string == "infobip")
            }
            try sending.stop(wrong)
            // Somebody gives it the right key, and starts it again: it tries at once.
            let right = try sending.dispatcher(["PLIVO_RATE": "none"])
            try sending.waitForStatus(["delivered"], of: pinned, within: .seconds(30))
            try sending.expectTaken(free + pinned)
            try sending.stop(right)
        }

        @Test("A number's beginning chooses its provider, the longest first")
        func routes() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher(["PLIVO_RATE": "none"])
            var settings = sending.commandSettings
            settings["WAYBILL_ROUTES"] = "+44=plivo,+44701=infobip"
            let numbers = ["+447021234567", "+447011234567", "+41791234567"]
            let outcome = try WaybillProgram.run(
                ["send", "--text", "Hello", "--wait", "10"]
                    + numbers.flatMap { ["--to", $0] }, settings)
            #expect(outcome.exit == .status(0), "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").map { $0.split(separator: "\t") }
            #expect(lines.map { $0[1] } == numbers.map { $0[...] })
            #expect(lines.map { $0[3] } == ["plivo", "infobip", "infobip"])
            let messages = lines.map { SentMessage(id: String($0[0]), recipient: String($0[1])) }
            try sending.waitForStatus(["delivered"], of: messages, within: .seconds(20))
            for (message, provider) in zip(messages, ["plivo", "infobip", "infobip"]) {
                let records = try sending.simulator.records(of: message.digits)
                #expect(records.map { $0["provider"].string } == [provider])
            }
            try sending.stop(dispatcher)
        }
    }
}
