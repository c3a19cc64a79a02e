import Foundation
import TestSupport
import Testing

@Suite("The providers' sample callbacks", .timeLimit(.minutes(10)))
struct FixtureTests {
    /// Section E of providers.md.
    private static let batchEnd = [
        "delivered", "undeliverable", "delivered", "expired", "rejected", "sent", "sent",
        "undeliverable", "rejected", "delivered",
    ]

    @Test("Infobip's batch ends in the same states, in any order and any number of times")
    func batch() throws {
        let demo = try RunningDemo.shared
        let text = String(decoding: try Fixture.bytes("infobip-batch.json"), as: UTF8.self)
        // Names of our own, so that the order in which tests run does not matter.
        let prefix = uniqueName("batch")
        let body = text.replacingOccurrences(of: "msg-b2d4-", with: prefix + "-")
        let results = Self.results(of: body)
        #expect(results.count == 12)
        func checkEnd() throws {
            for (index, expected) in Self.batchEnd.enumerated() {
                let name = prefix + String(format: "-%04d", index + 1)
                #expect(try demo.status(name) == expected, "\(name)")
            }
            let rows = try demo.count(
                "select count(*) from report join message on message.id = message_id"
                    + " where provider_message_id like '\(prefix)-%'")
            // Twelve results, of which one is an exact repetition.
            #expect(rows == 11)
        }
        var random = SplitMix64(state: 7)
        for _ in 0..<3 {
            let shuffled = InfobipBody.of(results.shuffled(using: &random))
            #expect(try demo.infobip(shuffled).status == 200)
        }
        try checkEnd()
        for _ in 0..<2 { #expect(try demo.infobip(Array(body.utf8)).status == 200) }
        try checkEnd()
    }

    /// The texts of the results, as they are: a JSON reader and writer would change the spelling of
    /// prices, which makes other reports of them.
    private static func results(of body: String) -> [String] {
        var results: [String] = []
        var (depth, start) = (0, body.startIndex)
        var (isInString, isEscaped) = (false, false)
        for index in body.indices {
            let character = body[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isInString = false
                }
            } else if character == "\"" {
                isInString = true
            } else if character == "{" {
                depth += 1
                if depth == 2 { start = index }
            } else if character == "}" {
                depth -= 1
                if depth == 1 { results.append(String(body[start...index])) }
            }
        }
        return results
    }

    @Test(
        "Infobip's other samples are stored as they are",
        arguments: [
            ("infobip-delivered.json", ["delivered"]),
            ("infobip-undeliverable.json", ["undeliverable"]),
            ("infobip-v3.json", ["delivered", "rejected"]),
        ])
    func infobip(file: String, states: [String]) throws {
        let demo = try RunningDemo.shared
        let body = try Fixture.bytes(file)
        #expect(try demo.infobip(body).status == 200)
        let parsed = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let results = try #require(parsed?["results"] as? [[String: Any]])
        for (result, state) in zip(results, states) {
            let name = try #require(result["messageId"] as? String)
            #expect(try demo.status(name) == state)
        }
        // The archive has the body byte for byte.
        let hex = body.map { String(format: "%02x", $0) }.joined()
        #expect(try demo.count("select count(*) from callback where body = '\\x\(hex)'") >= 1)
    }

    @Test(
        "Plivo's samples are authenticated at both names, with a query and with our id in the path",
        arguments: ["127.0.0.1", "localhost"], [false, true])
    func plivo(host: String, withID: Bool) throws {
        let demo = try RunningDemo.shared
        let uuid = UUID().uuidString.lowercased()
        let id = "0193a5b2-7c41-7e02-8d35-" + String(uuid.suffix(12))
        let path = "/callbacks/plivo" + (withID ? "/\(id)" : "") + "?tenant=acme&ref=ord%2F1001"
        for file in ["plivo-delivered.form", "plivo-sent.form", "plivo-delivered.form"] {
            let form = String(decoding: try Fixture.bytes(file), as: UTF8.self)
                .replacingOccurrences(of: "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa", with: uuid)
            let answer = try demo.client.send(demo.plivoRequest(form, path: path, host: host))
            #expect(answer.status == 200, "\(answer.text)")
        }
        let answer =
            withID
            ? try demo.api("/v1/messages/\(id)")
            : try demo.api("/v1/messages?provider=plivo&provider_message_id=\(uuid)")
        let message = try JSON(answer)
        #expect(message["status"].string == "delivered")
        #expect(message["to"].string == "+447700900456")
        let key = try #require(message["id"].string)
        let reports = try JSON(demo.api("/v1/messages/\(key)/reports"))["reports"]
        #expect(reports.array.map { $0["status"].string } == ["delivered", "sent"])
        // Every parameter is kept, unknown ones too.
        #expect(reports[0]["attributes"]["requester_ip"].string == "203.0.113.7")
        #expect(reports[0]["price"]["amount"].string == "0.04330")
        #expect(reports[0]["network"].string == "23415")
    }

    @Test("Plivo's failed sample has the error")
    func plivoFailed() throws {
        let demo = try RunningDemo.shared
        let form = String(decoding: try Fixture.bytes("plivo-failed.form"), as: UTF8.self)
        #expect(try demo.client.send(demo.plivoRequest(form)).status == 200)
        let message = try #require(
            try demo.message("8b7d1c62-40e5-4f0a-9b53-6d0e2c9ab310", provider: "plivo"))
        #expect(message["status"].string == "failed")
        #expect(message["error"]["code"].string == "200")
        #expect(message["error"]["permanent"].bool == true)
    }
}
