import Foundation
import TestSupport
import Testing

extension SendingSuites {
    @Suite("The command line, the guides' paths and a message that is cancelled")
    struct CommandTests {
        @Test("waybill send --wait prints the provider's answer, and message follows to the end")
        func sendAndFollow() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.simulator.set(["report_delay_ms": 700])
            let dispatcher = try sending.dispatcher()
            let number = try #require(TestNumbers.plain().first)
            let sent = try WaybillProgram.run(
                ["send", "--to", number, "--text", "Hello", "--wait", "20"],
                sending.commandSettings)
            #expect(sent.exit == .status(0), "\(sent.errors)")
            let columns = sent.output.trimmingCharacters(in: .newlines).split(separator: "\t")
            #expect(columns.dropFirst() == [number[...], "accepted", "infobip", "1 SMS"])
            let id = String(try #require(columns.first))
            let follow = try WaybillProgram.run(
                ["message", id, "--follow"], sending.commandSettings)
            #expect(follow.exit == .status(0), "\(follow.errors)")
            for text in [
                "message   \(id)", "to        ", "queued", "accepted", "attempt 1",
                "DELIVERED_TO_HANDSET", "status    delivered (final)",
            ] {
                #expect(follow.output.contains(text), "\(text): \(follow.output)")
            }
            let json = try WaybillProgram.run(["message", id, "--json"], sending.commandSettings)
            let document = try JSON(line: json.output)
            #expect(document["message"]["status"].string == "delivered")
            #expect(document["timeline"]["events"][0]["kind"].string == "accepted")
            #expect(document["timeline"]["reports"][0]["status"].string == "delivered")
            #expect(json.exit == .status(0))
            try sending.stop(dispatcher)
        }

        @Test("What is refused exits 3, with the provider's reason; a wrong number exits 65")
        func refused() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher()
            let number = try #require(TestNumbers.magic("20").first)
            let sent = try WaybillProgram.run(
                ["send", "--to", number, "--text", "Hello", "--wait", "20", "--json"],
                sending.commandSettings)
            #expect(sent.exit == .status(3), "\(sent.errors)")
            let message = try JSON(line: sent.output)["messages"][0]
            #expect(message["status"].string == "rejected")
            #expect(message["error"]["code"].string == "REJECTED_DESTINATION")
            let shown = try WaybillProgram.run(
                ["message", try #require(message["id"].string)], sending.commandSettings)
            #expect(shown.exit == .status(3))
            #expect(shown.output.contains("rejected (final)"))
            let wrong = try WaybillProgram.run(
                ["send", "--to", "079 123", "--text", "Hello"], sending.commandSettings)
            #expect(wrong.exit == .status(65))
            #expect(wrong.errors.contains("to: "))
            try sending.stop(dispatcher)
        }

        @Test("A message for later waits, can be cancelled once, and is never sent")
        func calledBack() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher()
            let soon = Date().addingTimeInterval(4).ISO8601Format()
            let messages = try sending.send(to: TestNumbers.plain(2), others: ["send_at": soon])
            let (kept, back) = (messages[0], messages[1])
            let path = "/v1/messages/\(back.id)"
            let answer = try sending.demo.api(path, method: "DELETE")
            #expect(answer.status == 200)
            #expect(try JSON(answer)["status"].string == "cancelled")
            #expect(try sending.demo.api(path, method: "DELETE").status == 200)
            #expect(try sending.show(kept)["status"].string == "queued")
            try sending.waitForStatus(["delivered"], of: [kept], within: .seconds(20))
            let sends = sending.requests().filter(\.isSend)
            let taken = try #require(sends.first)
            let due = try Date(soon, strategy: .iso8601).timeIntervalSince1970
            #expect(taken.beganAt >= due)
            try sending.expectTaken([kept])
            try sending.expectTaken([back], 0)
            #expect(try sending.show(back)["status"].string == "cancelled")
            #expect(try sending.events(of: back).map { $0["kind"].string } == ["cancelled"])
            let late = try sending.demo.api("/v1/messages/\(kept.id)", method: "DELETE")
            expectProblem(late, 409, "too_late")
            try sending.stop(dispatcher)
        }

        @Test(
            "The guides' programs work unchanged: their names, and the provider's answer",
            arguments: [
                ("/send-sms", ["to": "", "text": "Hello"]),
                ("/api/send-sms", ["recipient": "", "messageBody": "Hello"]),
                ("/send", ["to": "", "message": "Hello"]),
                ("/api/plivo/send", ["to": "", "text": "Hello"]),
                ("/api/infobip/send", ["to": "", "text": "Hello"]),
            ])
        func guides(path: String, words: [String: String]) throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let dispatcher = try sending.dispatcher()
            let number = try #require(TestNumbers.plain().first)
            let answer = try sending.call(
                words.mapValues { $0.isEmpty ? number : $0 }, path: path)
            #expect(answer.status == 200, "\(answer.text)")
            let message = try JSON(answer)["messages"][0]
            #expect(["accepted", "sent", "delivered"].contains(message["status"].string))
            // Where the path names no provider, the default's is Infobip.
            #expect(message["provider"].string == (path.contains("plivo") ? "plivo" : "infobip"))
            let messages = try SendingDemo.messages(of: answer)
            #expect(answer["location"] == messages.first.map { "/v1/messages/\($0.id)" })
            try sending.waitForStatus(["delivered"], of: messages, within: .seconds(20))
            try sending.expectTaken(messages)
            try sending.stop(dispatcher)
        }

        @Test("A report that comes before the provider's answer finds its message")
        func overtaking() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            // The answer is late, and the reports are not.
            try sending.simulator.set(["slow_ms": 4000, "report_delay_ms": 10])
            let dispatcher = try sending.dispatcher()
            var messages: [SentMessage] = []
            for (provider, count) in [("infobip", 3), ("plivo", 1), ("plivo", 3)] {
                messages += try sending.send(
                    to: TestNumbers.magic("34", count), provider: provider)
            }
            try sending.waitForStatus(["delivered"], of: messages, within: .seconds(10))
            for message in messages { #expect(try sending.events(of: message).isEmpty) }
            let areAnswered = try waitUntil(within: .seconds(20)) {
                try messages.allSatisfy {
                    try sending.events(of: $0).map { $0["kind"].string } == ["accepted"]
                }
            }
            #expect(areAnswered)
            for message in messages {
                let shown = try sending.show(message)
                #expect(shown["status"].string == "delivered")
                let record = try sending.simulator.records(of: message.digits).first
                #expect(shown["provider_message_id"].string == record?["id"].string)
            }
            try sending.expectTaken(messages)
            try sending.stop(dispatcher)
        }
    }
}
