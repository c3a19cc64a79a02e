import Foundation
import Testing

@testable import Simulator

@Suite("The simulated Plivo")
struct PlivoAPITests {
    @Test("One recipient gets one name, and the record of it")
    func single() throws {
        let harness = try Harness()
        let answer = try harness.plivo("POST", "", Harness.message("+44 7700 900-456"))
        #expect(answer.status == 202)
        #expect(Set(answer.json.keys) == ["api_id", "message", "message_uuid"])
        let names = try #require(answer.json["message_uuid"] as? [String])
        #expect(names.count == 1)
        _ = harness.callbacks.wait(for: 3)
        let record = try harness.plivo("GET", "\(names[0])/")
        #expect(record.status == 200)
        #expect(record.json["message_uuid"] as? String == names[0])
        #expect(record.json["message_state"] as? String == "delivered")
        #expect(record.json["error_code"] as? String == "000")
        #expect(record.json["to_number"] as? String == "447700900456")
        #expect(record.json["units"] as? Int == 1)
        #expect((record.json["message_time"] as? String)?.hasSuffix("+00:00") == true)
    }

    @Test("Several recipients get names in another order; doubles and non-numbers get none")
    func several() throws {
        let harness = try Harness()
        let answer = try harness.plivo(
            "POST", "", Harness.message("447700900201<447700900202<447700900201<abc"))
        let names = try #require(answer.json["message_uuid"] as? [String])
        #expect(answer.json["invalid_number"] as? [String] == ["abc"])
        let recipients = try names.map {
            try harness.plivo("GET", "\($0)/").json["to_number"] as? String
        }
        #expect(recipients == ["447700900202", "447700900201"])
    }

    @Test(
        "A request without any valid number is refused as a whole, in Plivo's form",
        arguments: [
            ("447700999920", "447700999920 is not a valid phone number"),
            ("abc", "abc is not a valid phone number"),
            ("447700999920<abc", "abc, 447700999920 are not valid phone numbers"),
        ])
    func nobody(recipients: String, words: String) throws {
        let harness = try Harness()
        let answer = try harness.plivo("POST", "", Harness.message(recipients))
        #expect(answer.status == 400)
        #expect(Set(answer.json.keys) == ["api_id", "error"])
        #expect(answer.json["error"] as? String == words)
        let counts = try harness.control("GET", "stats").json
        #expect(counts["messages_accepted"] as? Int == 0)
    }

    @Test("The same message accepted twice is counted")
    func twice() throws {
        let harness = try Harness()
        for _ in 0..<2 { _ = try harness.plivo("POST", "", Harness.message("447700900456")) }
        _ = try harness.plivo("POST", "", Harness.message("447700900456", text: "other"))
        #expect(try harness.control("GET", "stats").json["duplicate_acceptances"] as? Int == 1)
        let records = try harness.control("GET", "messages?recipient=%2B447700900456")
            .list("messages")
        #expect(records.map { $0["times_accepted"] as? Int } == [1, 2, 1])
        #expect(try harness.control("DELETE", "messages").status == 200)
        #expect(try harness.control("GET", "messages").list("messages").isEmpty)
    }

    private static let badBodies: [String: [String: String]] = [
        "no sender": ["dst": "447700900456", "text": "x"],
        "no recipient": ["src": "1", "text": "x"],
        "no text": ["src": "1", "dst": "447700900456"],
        "two senders": ["src": "1", "powerpack_uuid": "p", "dst": "447700900456", "text": "x"],
        "long text": [
            "src": "1", "dst": "447700900456", "text": .init(repeating: "a", count: 1_601),
        ],
        "long UCS-2": [
            "src": "1", "dst": "447700900456", "text": .init(repeating: "ы", count: 738),
        ],
        "bad method": ["src": "1", "dst": "447700900456", "text": "x", "method": "PUT"],
        "1,001 recipients": [
            "src": "1", "text": "x",
            "dst": (0...1_000).map { "4477009\(10_000 + $0)" }.joined(separator: "<"),
        ],
    ]

    @Test("A bad request is refused with api_id and error", arguments: badBodies.keys.sorted())
    func bad(what: String) throws {
        let answer = try Harness().plivo("POST", "", Self.badBodies[what])
        #expect(answer.status == 400)
        #expect(Set(answer.json.keys) == ["api_id", "error"])
    }

    @Test("Wrong credentials, unknown names and other methods")
    func refusals() throws {
        let harness = try Harness()
        #expect(try harness.plivo("GET", token: "wrong").status == 401)
        let unknown = try harness.plivo("GET", "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa/")
        #expect(unknown.status == 404)
        #expect(unknown.json["api_id"] is String)
        #expect(try harness.plivo("DELETE", "x/").status == 405)
    }

    @Test(
        "A request meets the fault of its message: the attempts' statuses, 0 is no answer",
        arguments: [
            ("20", [400]), ("21", [400]), ("24", [429, 202]), ("25", [500, 500]),
            ("26", [503, 503, 202]), ("27", [402]), ("30", [0, 202]), ("33", [0, 202]),
        ])
    func faults(digits: String, statuses: [Int]) throws {
        let harness = try Harness()
        for status in statuses {
            let answer = try harness.plivo(
                "POST", "", Harness.message("4477009999\(digits)"))
            let isClosed = answer.header("X-Accel-Redirect") != nil
            #expect((isClosed ? 0 : answer.status) == status)
        }
        let counts = try harness.control("GET", "stats").json
        // Plivo does not know that it has the message already.
        #expect(counts["duplicate_acceptances"] as? Int == (digits == "30" ? 1 : 0))
    }

    @Test("More requests than an account may make are answered 429, whatever they are")
    func limit() throws {
        let harness = try Harness { $0.plivo_requests_per_5s = 2 }
        #expect(try harness.plivo("GET").status == 200)
        #expect(try harness.plivo("POST", "", Harness.message("447700900456")).status == 202)
        #expect(try harness.plivo("GET").status == 429)
        #expect(try harness.plivo("POST", "", Harness.message("447700900457")).status == 429)
        #expect(try harness.plivo("GET", token: "wrong").status == 401)
        let counts = try harness.control("GET", "stats").json
        #expect(counts["requests_throttled"] as? Int == 2)
        #expect(counts["messages_accepted"] as? Int == 1)
        _ = try harness.control("POST", "settings", ["plivo_requests_per_5s": 0])
        #expect(try harness.plivo("GET").status == 200)
    }

    @Test("A list is filtered and paged")
    func list() throws {
        let harness = try Harness()
        let all = (0..<25).map { "4477009\(10_000 + $0)" }
        _ = try harness.plivo("POST", "", Harness.message(all.joined(separator: "<")))
        let first = try harness.plivo("GET")
        #expect(first.list("objects").count == 20)
        let meta = try #require(first.json["meta"] as? [String: Any])
        #expect(meta["total_count"] as? Int == 25)
        #expect((meta["next"] as? String)?.hasSuffix("offset=20") == true)
        #expect(meta["previous"] is NSNull)
        #expect(try harness.plivo("GET", "?limit=20&offset=20").list("objects").count == 5)
        let one = try harness.plivo(
            "GET", "?to_number=\(all[3])&message_time__gte=2020-01-01%2000:00:00&limit=20")
        #expect(one.list("objects").count == 1)
        let none = try harness.plivo(
            "GET", "?to_number=\(all[3])&message_time__lte=2020-01-01%2000:00")
        #expect(none.list("objects").isEmpty)
    }
}
