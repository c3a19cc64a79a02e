import Foundation
import Testing

@testable import Simulator

@Suite("The simulated Infobip")
struct InfobipAPITests {
    @Test("Version 2 answers as documented")
    func v2() throws {
        let harness = try Harness()
        let answer = try harness.infobip(
            "POST", "/sms/2/text/advanced",
            [
                "bulkId": "bulk-1", "includeSmsCountInResponse": true,
                "messages": [
                    Harness.v2("447700900101", "msg-1", text: .init(repeating: "a", count: 161))
                ],
            ])
        #expect(answer.status == 200)
        #expect(answer.json["bulkId"] as? String == "bulk-1")
        let message = try #require(answer.list("messages").first)
        #expect(Set(message.keys) == ["to", "messageId", "status", "smsCount"])
        #expect(message["to"] as? String == "447700900101")
        #expect(message["messageId"] as? String == "msg-1")
        #expect(message["smsCount"] as? Int == 2)
        let status = try #require(message["status"] as? [String: Any])
        #expect(status["groupId"] as? Int == 1)
        #expect(status["groupName"] as? String == "PENDING")
        #expect(status["name"] as? String == "PENDING_ACCEPTED")
        #expect(status["description"] is String)
    }

    @Test("Version 3 answers as documented, and makes the ids that were not given")
    func v3() throws {
        let harness = try Harness()
        var second = Harness.v3("447700900302", "")
        second["destinations"] = [["to": "447700900302"]]
        let answer = try harness.infobip(
            "POST", "/sms/3/messages",
            [
                "messages": [Harness.v3("+447700900301", "msg-1"), second],
                "options": ["includeSmsCountInResponse": true],
            ])
        let messages = answer.list("messages")
        #expect(messages.map { $0["destination"] as? String } == ["447700900301", "447700900302"])
        #expect(messages.allSatisfy { ($0["details"] as? [String: Int]) == ["messageCount": 1] })
        #expect((messages[1]["messageId"] as? String)?.count == 36)
        #expect(answer.json["bulkId"] is String)
        #expect(answer.statusIDs == [26, 26])
    }

    @Test("A reused id is refused in the answer, and counted")
    func duplicate() throws {
        let harness = try Harness()
        #expect(try harness.sendV3("447700900123", "msg-1").statusIDs == [26])
        #expect(try harness.sendV3("447700900123", "msg-1").statusIDs == [23])
        let record = try harness.control("GET", "messages?id=msg-1").list("messages")
        #expect(record.first?["times_received"] as? Int == 2)
        #expect(record.first?["times_accepted"] as? Int == 1)
        let counts = try harness.control("GET", "stats").json
        #expect(counts["duplicates_refused"] as? Int == 1)
        #expect(counts["messages_accepted"] as? Int == 1)
    }

    @Test(
        "Some messages are rejected in the answer",
        arguments: [
            ("447700999920", 5, 52), ("447700999927", 5, 12), ("not-a-number", 5, 52),
            ("447700900123", 25 * 153 + 1, 25),
        ])
    func rejected(recipient: String, length: Int, status: Int) throws {
        let harness = try Harness()
        let text = String(repeating: "a", count: length)
        let answer = try harness.infobip(
            "POST", "/sms/3/messages", ["messages": [Harness.v3(recipient, "m", text: text)]])
        #expect(answer.statusIDs == [status])
        #expect(try harness.control("GET", "stats").json["messages_accepted"] as? Int == 0)
    }

    @Test("A wrong key is refused in the form of each version")
    func unauthorized() throws {
        let harness = try Harness()
        let new = try harness.infobip("GET", "/sms/3/logs", key: "wrong")
        #expect(new.status == 401)
        #expect(new.json["errorCode"] as? String == "E401")
        #expect(
            Set(new.json.keys) == ["errorCode", "description", "action", "violations", "resources"])
        let old = try harness.infobip("GET", "/sms/1/logs", key: "wrong")
        let error = old.json["requestError"] as? [String: [String: String]]
        #expect(error?["serviceException"]?["messageId"] == "UNAUTHORIZED")
    }

    @Test("What is wrong with a request is named, and nothing of it is accepted")
    func violations() throws {
        let harness = try Harness()
        let new = try harness.infobip(
            "POST", "/sms/3/messages",
            ["messages": [Harness.v3("447700900123", "a"), Harness.v3("", "b")]])
        #expect(new.status == 400)
        #expect(
            new.list("violations").first?["property"] as? String
                == "messages[1].destinations[0].to")
        let old = try harness.infobip(
            "POST", "/sms/2/text/advanced", ["messages": [["destinations": [["to": "1"]]]]])
        let error = old.json["requestError"] as? [String: [String: Any]]
        let fields = error?["serviceException"]?["validationErrors"] as? [String: [String]]
        #expect(fields == ["messages[0].text": ["must not be blank"]])
        #expect(try harness.infobip("POST", "/sms/3/messages", ["messages": 1]).status == 400)
        #expect(try harness.control("GET", "stats").json["messages_accepted"] as? Int == 0)
    }

    @Test(
        "A request meets the fault of its message: the attempts' statuses, 0 is no answer",
        arguments: [
            ("21", [400, 400]), ("22", [401]), ("23", [403]), ("24", [429, 200]),
            ("25", [500, 500, 500]), ("26", [503, 503, 200]), ("30", [0, 200]),
            ("33", [0, 200]),
        ])
    func faults(digits: String, statuses: [Int]) throws {
        let harness = try Harness()
        for (attempt, status) in statuses.enumerated() {
            let answer = try harness.infobip(
                "POST", "/sms/3/messages",
                [
                    "messages": [
                        Harness.v3("447700900123", "a"), Harness.v3("44770099\(99)\(digits)", "b"),
                    ]
                ])
            let isClosed = answer.header("X-Accel-Redirect") == "/simulator-close"
            #expect((isClosed ? 0 : answer.status) == status, "attempt \(attempt)")
            if status == 429 { #expect(answer.header("Retry-After") == "1") }
            if status == 400 {
                #expect(
                    answer.list("violations").first?["property"] as? String
                        == "messages[1].destinations[0].to")
            }
            if digits == "30", status == 200 { #expect(answer.statusIDs == [23, 23]) }
        }
        let isTaken = statuses.last == 200
        let accepted = try harness.control("GET", "stats").json["messages_accepted"] as? Int
        #expect(accepted == (isTaken ? 2 : 0))
    }

    @Test("Late answers, half-bad requests, and the next requests by a setting")
    func moments() throws {
        let harness = try Harness { $0.timeout_ms = 61_000 }
        let late = try harness.sendV3("447700999931", "a")
        guard case .after(.milliseconds(61_000)) = late.reply.moment else {
            Issue.record("\(late.reply.moment)")
            return
        }
        #expect(late.statusIDs == [26])
        let half = try harness.infobip(
            "POST", "/sms/3/messages",
            ["messages": (0..<4).map { Harness.v3("4477009999\(35)", "h\($0)") }])
        #expect(half.statusIDs == [26, 52, 26, 52])
        #expect(
            try harness.control(
                "POST", "settings", ["fail_next": 2, "fail_with": "unavailable"]
            ).status == 200)
        #expect(try harness.sendV3("447700900123", "b").status == 503)
        #expect(try harness.sendV3("447700900123", "b").status == 503)
        #expect(try harness.sendV3("447700900123", "b").status == 200)
        let record = try harness.control("GET", "messages?id=b").list("messages").first
        #expect(record?["times_received"] as? Int == 3)
    }

    @Test("Logs find a message by its id each time; reports are returned once")
    func logsAndReports() throws {
        let harness = try Harness()
        _ = try harness.sendV3("447700900123", "msg-1")
        _ = try harness.sendV3("447700999944", "gone")
        _ = harness.callbacks.wait(for: 1)
        for _ in 0..<2 {
            let logs = try harness.infobip("GET", "/sms/3/logs?messageId=msg-1,none,gone")
            let log = try #require(logs.list("results").first)
            #expect(logs.list("results").count == 1)
            #expect(log["destination"] as? String == "447700900123")
            #expect((log["content"] as? [String: String]) == ["text": "hello"])
            #expect((log["status"] as? [String: Any])?["id"] as? Int == 5)
        }
        let old = try harness.infobip("GET", "/sms/1/logs?messageId=msg-1").list("results")
        #expect(old.first?["text"] as? String == "hello")
        #expect(old.first?["smsCount"] as? Int == 1)
        let reports = try harness.infobip("GET", "/sms/3/reports").list("results")
        #expect(reports.map { $0["messageId"] as? String } == ["msg-1"])
        #expect(try harness.infobip("GET", "/sms/3/reports").list("results").isEmpty)
        #expect(
            try harness.infobip("GET", "/sms/3/logs?generalStatus=PENDING").list("results")
                .isEmpty)
        #expect(
            try harness.infobip(
                "GET", "/sms/3/logs?sentSince=2020-01-01T00:00:00.000%2B0100&limit=1"
            ).list("results").count == 1)
    }

    @Test("More queries than the logs allow are answered 429 until the minute is over")
    func limit() throws {
        let harness = try Harness { $0.infobip_logs_per_minute = 2 }
        #expect(try harness.infobip("GET", "/sms/1/logs").status == 200)
        #expect(try harness.infobip("GET", "/sms/3/logs").status == 200)
        let refused = try harness.infobip("GET", "/sms/3/logs")
        #expect(refused.status == 429)
        #expect((1...60).contains(refused.header("Retry-After").flatMap { Int($0) } ?? 0))
        // Only the logs have this limit.
        #expect(try harness.sendV3("447700900123", "m").status == 200)
        #expect(try harness.infobip("GET", "/sms/3/reports").status == 200)
    }
}
