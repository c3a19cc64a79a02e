import Foundation
import TestSupport
import Testing

extension SendingSuites {
    /// Every failure of a provider, by the simulator's behaviours.
    @Suite("Each failure ends in the right status, with nothing lost and nothing sent twice")
    struct FailureTests {
        /// The final status of a message with a behaviour of the simulator's.
        private struct FinalStatus {
            let digits: String
            let status: String
            var taken = 1
            /// What its timeline has to hold.
            var events: [String] = ["accepted"]
            /// As many messages meet it.
            var count = 2
        }

        /// What both providers have in common.
        private static let common = [
            FinalStatus(digits: "10", status: "delivered"),
            FinalStatus(digits: "11", status: "undeliverable"),
            FinalStatus(digits: "12", status: "undeliverable"),
            FinalStatus(digits: "17", status: "undeliverable"),
            FinalStatus(digits: "18", status: "sent"),
            FinalStatus(digits: "20", status: "rejected", taken: 0, events: ["refused"]),
            FinalStatus(digits: "21", status: "rejected", taken: 0, events: ["refused"]),
            FinalStatus(
                digits: "24", status: "delivered", events: ["deferred", "accepted"], count: 1),
            FinalStatus(
                digits: "25", status: "failed", taken: 0,
                events: ["unanswered", "not_found", "gave_up"], count: 1),
            FinalStatus(
                digits: "26", status: "delivered", events: ["deferred", "deferred", "accepted"],
                count: 1),
            FinalStatus(
                digits: "30", status: "delivered", events: ["unanswered", "found"], count: 1),
            FinalStatus(
                digits: "31", status: "delivered", events: ["unanswered", "found"], count: 1),
            FinalStatus(
                digits: "32", status: "delivered", events: ["unanswered", "not_found", "accepted"],
                count: 1),
            FinalStatus(
                digits: "33", status: "delivered", events: ["unanswered", "not_found", "accepted"],
                count: 1),
            FinalStatus(digits: "34", status: "delivered"),
            FinalStatus(digits: "40", status: "delivered"),
            FinalStatus(digits: "41", status: "delivered"),
            FinalStatus(digits: "42", status: "delivered"),
            FinalStatus(digits: "43", status: "delivered"),
            FinalStatus(digits: "45", status: "delivered"),
            FinalStatus(digits: "46", status: "delivered"),
            FinalStatus(digits: "47", status: "delivered"),
        ]

        /// Infobip has statuses of its own for these.
        private static let infobip = [
            FinalStatus(digits: "13", status: "expired"),
            FinalStatus(digits: "14", status: "rejected"),
            FinalStatus(digits: "15", status: "rejected"),
            FinalStatus(digits: "16", status: "rejected"),
            FinalStatus(digits: "19", status: "expired"),
        ]

        /// Plivo knows `failed` and `undelivered` only.
        private static let plivo = [
            FinalStatus(digits: "13", status: "failed"),
            FinalStatus(digits: "14", status: "failed"),
            FinalStatus(digits: "15", status: "failed"),
            FinalStatus(digits: "16", status: "failed"),
            FinalStatus(digits: "19", status: "undeliverable"),
        ]

        /// Each message in a request of its own, so that it meets its own behaviour; status queries
        /// and time limits come soon.
        private static let settings = [
            "INFOBIP_BATCH_LIMIT": "1", "PLIVO_BATCH_LIMIT": "1", "PLIVO_RATE": "none",
            "WAYBILL_SEND_TIMEOUT_SECONDS": "3", "WAYBILL_SEND_MAX_ATTEMPTS": "3",
            "PLIVO_SETTLE_SECONDS": "3", "WAYBILL_RECONCILE_SECONDS": "6,10,20,62",
        ]

        @Test("One message a request: every kind of failure, through both providers")
        func alone() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["timeout_ms": 6_000])
            let recoveredBefore = try Self.recovered(sending)
            let dispatcher = try sending.dispatcher(Self.settings)
            var all: [(finalStatus: FinalStatus, messages: [SentMessage])] = []
            var forgotten: [SentMessage] = []
            for (provider, own) in [("infobip", Self.infobip), ("plivo", Self.plivo)] {
                // In one request, and so in no order: what fails is separated by what does not.
                let finalStatuses = Self.common + own
                let numbers = finalStatuses.map { TestNumbers.magic($0.digits, $0.count) }
                let sent = try sending.send(to: numbers.flatMap { $0 }, provider: provider)
                for (finalStatus, numbers) in zip(finalStatuses, numbers) {
                    let wanted = Set(numbers)
                    all.append((finalStatus, sent.filter { wanted.contains($0.recipient) }))
                }
                forgotten += try sending.send(
                    to: TestNumbers.magic("44", 2), provider: provider,
                    others: ["validity_minutes": 1])
            }
            let parts = try sending.send(
                to: TestNumbers.magic("47", 2), provider: "plivo",
                text: String(repeating: "Parts. ", count: 60))

            let clock = ContinuousClock()
            let began = clock.now
            var trickle: [SentMessage] = []
            // A provider that only fails is paused for a while; this one also works.
            func meanwhile() throws {
                for provider in ["infobip", "plivo"] {
                    trickle += try sending.send(to: TestNumbers.plain(), provider: provider)
                }
                // Infobip is given ten seconds to list what it accepted; the test does not wait for
                // that.
                try sending.passTime(.seconds(12), of: all.flatMap(\.messages))
                usleep(300_000)
            }
            for (finalStatus, messages) in all {
                try sending.waitForStatus(
                    [finalStatus.status], of: messages, within: .seconds(60), meanwhile: meanwhile)
            }
            try sending.waitForStatus(
                ["partially_delivered"], of: parts, within: .seconds(20), meanwhile: meanwhile)
            let shown = try sending.show(try #require(parts.first))["parts"]
            #expect(shown["total"].int == 3)
            #expect(shown["delivered"].int == 2)
            #expect(shown["failed"].int == 1)
            // A minute's validity has passed, and the provider knows nothing of the message.
            try sending.waitForStatus(["accepted"], of: forgotten, within: .seconds(20))
            try sending.passTime(.seconds(65), of: forgotten)
            try sending.waitForStatus(["expired"], of: forgotten, within: .seconds(20))
            try sending.waitForStatus(["delivered"], of: trickle, within: .seconds(20))
            print("each failure: \(clock.now - began), \(trickle.count) messages beside them")

            for (finalStatus, messages) in all {
                try sending.expectTaken(messages, finalStatus.taken)
                for message in messages {
                    let kinds = try sending.events(of: message).map { $0["kind"].string ?? "" }
                    #expect(
                        Self.contains(finalStatus.events, in: kinds),
                        "…9999\(finalStatus.digits): \(kinds)")
                }
            }
            try sending.expectTaken(parts + forgotten + trickle)
            #expect(try sending.simulator.count("duplicate_acceptances") == 0)
            #expect(try sending.simulator.count("duplicates_refused") == 0)
            try expectRefused(
                all.filter { $0.finalStatus.digits == "20" }.flatMap(\.messages), sending)
            try expectRecovered(
                all.filter { $0.finalStatus.digits == "43" }.flatMap(\.messages), sending,
                recoveredBefore)
            // What was given up stands in the dead letters, with the reason.
            for (finalStatus, messages) in all
            where ["failed", "rejected"].contains(finalStatus.status) {
                guard finalStatus.taken == 0 else { continue }
                for message in messages {
                    #expect(
                        try sending.demo.count(
                            "select count(*) from dead_letter where message_id = '\(message.id)'"
                                + " and reason <> '' and code <> ''") == 1)
                }
            }
            try sending.stop(dispatcher)
        }

        /// The provider's text is kept.
        private func expectRefused(_ messages: [SentMessage], _ sending: SendingDemo) throws {
            let codes = try messages.map { try sending.show($0)["error"]["code"].string }
            #expect(
                codes == [
                    "REJECTED_DESTINATION", "REJECTED_DESTINATION", "400", "400",
                ])
        }

        /// Their callbacks were lost, so the providers were queried; that is counted, and shown.
        private func expectRecovered(
            _ messages: [SentMessage], _ sending: SendingDemo, _ before: [String: Int]
        ) throws {
            for message in messages {
                let timeline = try JSON(sending.demo.api("/v1/messages/\(message.id)/reports"))
                #expect(timeline["reports"].array.map { $0["source"].string } == ["poll"])
            }
            // What was polled is archived without the messages' texts.
            #expect(
                try sending.demo.count(
                    """
                    select count(*) from callback join report on callback_id = callback.id
                    where source = 2
                        and encode(body, 'escape') ~ '"(text|content)":"<redacted>"'
                    """) > 0)
            let after = try Self.recovered(sending)
            for provider in ["infobip", "plivo"] {
                #expect(after[provider, default: 0] - before[provider, default: 0] >= 2)
            }
        }

        private static func recovered(_ sending: SendingDemo) throws -> [String: Int] {
            let text = try PrometheusText(sending.demo.api("/metrics", key: .some(nil)))
            var recovered: [String: Int] = [:]
            for provider in ["infobip", "plivo"] {
                recovered[provider] =
                    text.samples[#"waybill_sending_recovered_total{provider="\#(provider)"}"#]
                    .map { Int($0) }
            }
            return recovered
        }

        /// Whether a list has these one after the other, others between them or not.
        private static func contains(_ wanted: [String], in list: [String]) -> Bool {
            var rest = wanted[...]
            for item in list where item == rest.first { rest = rest.dropFirst() }
            return rest.isEmpty
        }

        @Test("In a batch of others: they go through, and once", arguments: ["infobip", "plivo"])
        func batches(provider: String) throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["timeout_ms": 6_000])
            let dispatcher = try sending.dispatcher(
                Self.settings.merging([
                    "INFOBIP_BATCH_LIMIT": "500", "PLIVO_BATCH_LIMIT": "100",
                    // The simulator counts refusals anew where a message goes alone, at a URL of
                    // its own.
                    "WAYBILL_SEND_MAX_ATTEMPTS": "8",
                ]) { $1 })
            var delivered: [SentMessage] = []
            var rejected: [SentMessage] = []
            // Refused in the answer; 400 for all; then 429, 503 and a closed connection.
            for (digits, fails) in [
                ("20", true), ("21", true), ("24", false), ("26", false), ("30", false),
                ("31", false), ("33", false), ("42", false),
            ] {
                let bad = TestNumbers.magic(digits)
                let sent = try sending.send(
                    to: TestNumbers.plain(5) + bad + TestNumbers.plain(4), provider: provider,
                    wait: ["20", "21", "42"].contains(digits) ? 10 : 2)
                rejected += sent.filter { fails && bad.contains($0.recipient) }
                delivered += sent.filter { !fails || !bad.contains($0.recipient) }
            }
            try sending.waitForStatus(["rejected"], of: rejected, within: .seconds(30))
            try sending.waitForStatus(["delivered"], of: delivered, within: .seconds(60)) {
                try sending.passTime(.seconds(12), of: delivered)
                usleep(300_000)
            }
            try sending.expectTaken(delivered)
            try sending.expectTaken(rejected, 0)

            // Every second one of the request is refused, whichever that is.
            let half = try sending.send(
                to: TestNumbers.magic("35", 10), provider: provider, wait: 10)
            try sending.waitForStatus(["delivered", "rejected"], of: half, within: .seconds(20))
            let refused = try half.filter { try sending.show($0)["status"].string == "rejected" }
            #expect(refused.count == 5)
            try sending.expectTaken(refused, 0)
            try sending.expectTaken(half.filter { !refused.contains($0) })
            #expect(try sending.simulator.count("duplicate_acceptances") == 0)
            #expect(try sending.simulator.count("duplicates_refused") == 0)
            #expect(try sending.simulator.count("largest_request") >= 10)
            try sending.stop(dispatcher)
        }

        @Test(
            "429 pauses as long as Retry-After says: no request comes before its time",
            arguments: ["infobip", "plivo"])
        func retryAfter(provider: String) throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher(["PLIVO_RATE": "none"])
            let limited = try sending.send(to: TestNumbers.magic("24"), provider: provider)
            func sends() -> [CapturedRequest] { sending.requests().filter(\.isSend) }
            let isLimited = waitUntil(within: .seconds(20)) {
                sends().contains { $0.status == 429 }
            }
            try #require(isLimited)
            let others = try sending.send(to: TestNumbers.plain(5), provider: provider)
            try sending.waitForStatus(["delivered"], of: limited + others, within: .seconds(20))
            try sending.expectTaken(limited + others)
            let first = try #require(sends().first)
            #expect(first.status == 429)
            for request in sends().dropFirst() {
                #expect(request.beganAt - first.endedAt >= 0.99)
            }
            try sending.stop(dispatcher)
        }

        @Test("What Plivo gives no way to know is shown as unknown, and not sent again")
        func unknown() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            // Two texts to one number, without answers and callbacks: the records in Plivo's list
            // could be either's.
            try sending.simulator.set(["behavior": "closed_after", "loss": 1])
            let dispatcher = try sending.dispatcher(Self.settings)
            let number = TestNumbers.plain()
            let one = try sending.send(to: number, provider: "plivo", text: "One")
            let two = try sending.send(to: number, provider: "plivo", text: "Two")
            let messages = one + two
            try sending.waitForStatus(["unknown"], of: messages, within: .seconds(20))
            let areAsked = try waitUntil(within: .seconds(30)) {
                try sending.passTime(.seconds(5), of: messages)
                usleep(300_000)
                return try sending.demo.count(
                    "select coalesce(min(checks), 0) from outbox where state = 3") >= 2
            }
            #expect(areAsked)
            for message in messages {
                let shown = try sending.show(message)
                #expect(shown["status"].string == "unknown")
                #expect(shown["final"].bool == false)
            }
            let records = try sending.simulator.records(of: try #require(messages.first).digits)
            #expect(Set(records.map { $0["text"].string }) == ["One", "Two"])
            #expect(records.count == 2)
            #expect(try sending.sending("plivo")["unsure"].int == 2)
            try sending.stop(dispatcher)
        }

        @Test(
            "Reports in bursts and in a wrong order, some twice and some never, all become final")
        func reports() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set([
                "burst": true, "reorder": true, "loss": 0.2, "duplicate": 0.3,
            ])
            let dispatcher = try sending.dispatcher(
                Self.settings.merging([
                    "INFOBIP_BATCH_LIMIT": "100", "PLIVO_BATCH_LIMIT": "50",
                    "WAYBILL_RECONCILE_SECONDS": "4,8,12,20,30",
                ]) { $1 })
            let infobip = try sending.send(to: TestNumbers.plain(300), provider: "infobip")
            let plivo = try sending.send(to: TestNumbers.plain(100), provider: "plivo")
            try sending.waitForStatus(["delivered"], of: infobip + plivo, within: .seconds(60))
            try sending.expectTaken(infobip + plivo)
            #expect(try sending.simulator.count("reports_lost") > 0)
            try sending.stop(dispatcher)
        }
    }
}
