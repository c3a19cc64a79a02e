import Foundation
import TestSupport
import Testing

extension SendingSuites {
    @Suite("What was given up is sent again")
    struct DeadLetterTests {
        private static func list(_ sending: SendingDemo, _ query: String = "") throws -> JSON {
            let answer = try sending.demo.api("/v1/dead-letters" + query)
            #expect(answer.status == 200, "\(answer.text)")
            return try JSON(answer)
        }

        @Test("by one, by filter, and by the command line; and is delivered, once")
        func retried() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            try sending.demo.sql("delete from dead_letter")
            try sending.simulator.set(["fail_next": 4, "fail_with": "unavailable"])
            let dispatcher = try sending.dispatcher(["WAYBILL_SEND_MAX_ATTEMPTS": "1"])
            let messages = try TestNumbers.plain(4).flatMap {
                let sent = try sending.send(to: [$0], provider: "infobip")
                try sending.waitForStatus(["failed"], of: sent, within: .seconds(20))
                return sent
            }
            let page = try Self.list(sending, "?limit=3&provider=infobip")
            #expect(page["count"].int == 4 && page["count_is_least"].bool == false)
            #expect(
                page["dead_letters"].array.map { $0["id"].string }
                    == messages.reversed().prefix(3).map(\.id))
            let next = try #require(page["next"].string)
            let second = try Self.list(sending, "?limit=3&provider=infobip&cursor=\(next)")
            #expect(second["dead_letters"].array.map { $0["id"].string } == [messages[0].id])
            #expect(second["next"].isNull)
            let letter = second["dead_letters"][0]
            #expect(letter["to"].string == messages[0].recipient)
            #expect(letter["status"].string == "failed" && letter["retriable"].bool == true)
            // A cursor belongs to its filters.
            expectProblem(
                try sending.demo.api("/v1/dead-letters?limit=3&cursor=\(next)"), 400, "bad_query")

            let one = try sending.call([:], path: "/v1/dead-letters/\(messages[0].id)/retry")
            #expect(one.status == 200, "\(one.text)")
            #expect(try JSON(one)["status"].string == "queued")
            let named = try sending.call(["ids": [messages[1].id]], path: "/v1/dead-letters/retry")
            #expect(try JSON(named)["retried"].int == 1, "\(named.text)")
            let filtered = try sending.call(
                ["to": messages[2].recipient], path: "/v1/dead-letters/retry")
            #expect(try JSON(filtered)["retried"].int == 1 && JSON(filtered)["left"].int == 0)
            let wrong = try sending.call(
                ["provider": "x", "idz": 1], path: "/v1/dead-letters/retry")
            expectProblem(wrong, 422, "invalid_fields")

            let listed = try WaybillProgram.run(
                ["dead-letters", "list", "--provider", "infobip"], sending.commandSettings)
            #expect(listed.output.hasPrefix(messages[3].id), "\(listed.output)\(listed.errors)")
            let all = try WaybillProgram.run(
                ["dead-letters", "retry", "--all"], sending.commandSettings)
            #expect(all.output == "1 queued again, 0 left\n", "\(all.errors)")
            try sending.waitForStatus(["delivered"], of: messages, within: .seconds(20))
            try sending.expectTaken(messages)
            #expect(try Self.list(sending)["count"].int == 0)
            expectProblem(
                try sending.call([:], path: "/v1/dead-letters/\(messages[0].id)/retry"), 404,
                "unknown_dead_letter")
            #expect(
                try sending.demo.count(
                    """
                    select count(*) from audit where action in ('message.retry', 'message.retry_all')
                        and at > now() - interval '2 minutes'
                    """) == 4)
            try sending.stop(dispatcher)
        }
    }
}
