import Foundation
import TestSupport
import Testing

extension SendingSuites {
    /// Messages stay in the queue here: nobody dispatches them.
    @Suite("Who asked for it")
    struct PrincipalTests {
        private func key(_ sending: SendingDemo, _ words: String...) throws -> String {
            let outcome = try WaybillProgram.run(["key"] + words, sending.commandSettings)
            #expect(outcome.exit == .status(0), "\(outcome.errors)")
            return outcome.output.trimmingCharacters(in: .newlines)
        }

        private func send(
            _ sending: SendingDemo, _ key: String, idempotencyKey: String, to number: String
        ) throws -> HTTPAnswer {
            try sending.demo.client.send(
                HTTPRequest(
                    method: "POST", path: "/v1/messages",
                    headers: [
                        ("Authorization", "Bearer \(key)"), ("Content-Type", "application/json"),
                        ("Idempotency-Key", idempotencyKey),
                    ], body: Array(#"{"to":"\#(number)","text":"Once"}"#.utf8)))
        }

        @Test("A key's rotation keeps its Idempotency-Keys, its messages and its audit")
        func rotation() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let (name, other) = (uniqueName("key"), uniqueName("key"))
            let word = uniqueName("word")
            let numbers = TestNumbers.plain(2)
            func submit(_ key: String) throws -> HTTPAnswer {
                try send(sending, key, idempotencyKey: word, to: numbers[0])
            }
            let first = try key(sending, "create", "--name", name, "--scope", "send,read")
            let answer = try submit(first)
            #expect(answer.status == 202)

            let second = try key(sending, "rotate", "--name", name, "--overlap", "1h")
            #expect(second.wholeMatch(of: /wb_[A-Za-z0-9_-]{43}/) != nil && second != first)
            for key in [first, second] {
                let repeated = try submit(key)
                #expect(repeated["idempotency-replayed"] == "true")
                #expect(repeated.body == answer.body)
            }
            let third = try key(sending, "rotate", name)
            expectProblem(try submit(first), 401, "wrong_key")
            expectProblem(try submit(second), 401, "wrong_key")
            #expect(try submit(third).body == answer.body)

            // The same word of another principal is another one.
            let stranger = try key(sending, "create", "--name", other, "--scope", "send,read")
            let fresh = try send(sending, stranger, idempotencyKey: word, to: numbers[1])
            #expect(fresh.status == 202 && fresh.body != answer.body)
            #expect(fresh["idempotency-replayed"] == nil)

            let message = try #require(try SendingDemo.messages(of: answer).first)
            let id = try #require(try sending.show(message)["submitted_by"]["id"].string)
            let shown = try sending.demo.api(
                "/v1/messages/\(message.id)", method: "DELETE", key: third)
            #expect(shown.status == 200, "\(shown.text)")
            let submitter = try JSON(shown)["submitted_by"]
            #expect(submitter.names == ["kind", "id", "name"])
            #expect(submitter["kind"].string == "key")
            #expect(submitter["id"].string == id)
            #expect(submitter["name"].string == name)
            // Three acts on the key by whoever runs the commands, and one of the key itself.
            #expect(
                try sending.demo.count(
                    """
                    select count(*) from audit where object = '\(id)'
                        and action in ('key.create', 'key.rotate')
                        and principal_kind = 'command_line' and request_id is null
                    """) == 3)
            #expect(
                try sending.demo.count(
                    """
                    select count(*) from audit where object = '\(message.id)'
                        and action = 'message.cancel' and principal_kind = 'key'
                        and principal_id = '\(id)' and principal_name = '\(name)'
                        and length(request_id) = 32 and address = '127.0.0.1'
                    """) == 1)
        }

        @Test("A message from the command line says who ran the command")
        func commandLine() throws {
            let sending = try SendingDemo.shared
            try sending.reset()
            let number = try #require(TestNumbers.plain().first)
            let sent = try WaybillProgram.run(
                ["send", "--to", number, "--text", "Hello"], sending.commandSettings)
            #expect(sent.exit == .status(0), "\(sent.errors)")
            let id = try #require(sent.output.split(separator: "\t").first)
            let submitter = try JSON(sending.demo.api("/v1/messages/\(id)"))["submitted_by"]
            #expect(submitter["kind"].string == "command_line")
            #expect(submitter["name"].string == NSUserName())
        }
    }
}
