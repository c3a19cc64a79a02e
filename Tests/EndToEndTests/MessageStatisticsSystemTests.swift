import Foundation
import TestSupport
import Testing

@Suite("Counts of messages in the whole system", .timeLimit(.minutes(10)))
struct MessageStatisticsSystemTests {
    private func get(_ demo: RunningDemo, _ path: String) throws -> [String: Any] {
        let answer = try demo.api(path)
        #expect(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
        let parsed = try JSONSerialization.jsonObject(with: Data(answer.body))
        return try #require(parsed as? [String: Any])
    }

    private func group(
        _ demo: RunningDemo, _ by: String, _ value: String
    ) throws -> [String: Any] {
        let answer = try get(demo, "/v1/stats?bucket=hour&by=\(by)&limit=200")
        let groups = try #require(answer["groups"] as? [[String: Any]])
        return groups.first { $0["value"] as? String == value } ?? [:]
    }

    private func result(
        _ id: String, sender: String, group: Int, doneAt: String, error: String
    ) -> String {
        InfobipBody.result(
            id, group: group, doneAt: doneAt,
            extra: #","from":"\#(sender)","sentAt":"2026-11-20T09:15:00.000+0000","smsCount":2,"#
                + #""price":{"pricePerMessage":0.0150,"currency":"EUR"},\#(error)"#)
    }

    @Test("a callback counts from its 200 on, and moves when a later one changes the status")
    func countsAtOnce() throws {
        let demo = try RunningDemo.shared
        let sender = "S" + String(UUID().uuidString.prefix(8))
        let name = uniqueName("stats")
        let noError = #""error":{"id":0,"name":"NO_ERROR"}"#
        let absent =
            #""error":{"groupId":1,"groupName":"HANDSET_ERRORS","id":27,"#
            + #""name":"EC_ABSENT_SUBSCRIBER","description":"Absent \#(name)","permanent":false}"#
        let pending = (0..<3).map {
            result(
                "\(name)-\($0)", sender: sender, group: 1,
                doneAt: "2026-11-20T09:15:01.000+0000", error: noError)
        }
        #expect(try demo.infobip(InfobipBody.of(pending)).status == 200)
        var counted = try group(demo, "sender", sender)
        #expect(counted["by_status"] as? [String: Int] == ["sent": 3])
        #expect(counted["delivery_rate"] is NSNull)

        let final = [
            result(
                "\(name)-0", sender: sender, group: 3,
                doneAt: "2026-11-20T09:15:03.000+0000", error: noError),
            result(
                "\(name)-1", sender: sender, group: 2,
                doneAt: "2026-11-20T09:15:03.000+0000", error: absent),
        ]
        for _ in 0..<2 { #expect(try demo.infobip(InfobipBody.of(final)).status == 200) }
        counted = try group(demo, "sender", sender)
        #expect(
            counted["by_status"] as? [String: Int]
                == ["sent": 1, "delivered": 1, "undeliverable": 1])
        #expect(counted["messages"] as? Int == 3)
        #expect(counted["segments"] as? Int == 6)
        #expect(counted["delivery_rate"] as? Double == 0.5)
        let price = try #require(counted["price"] as? [String: String])
        #expect(["0.045", "0.09"].contains(price["EUR"]))
        let times = try #require(counted["time_to_delivery"] as? [String: Any])
        #expect(times["measured"] as? Int == 1)
        #expect(abs((times["p50"] as? Double ?? 0) - 3) < 0.19)

        let errors = try get(
            demo, "/v1/errors?provider=infobip&country=GB&status=undeliverable&limit=200")
        let entry = try #require(
            (errors["errors"] as? [[String: Any]])?.first {
                $0["description"] as? String == "Absent \(name)"
            })
        #expect(entry["messages"] as? Int == 1)
        #expect((entry["retry"] as? [String: Any])?["helps"] as? String == "later")
        #expect((entry["countries"] as? [[String: Any]])?.first?["country"] as? String == "GB")
    }

    @Test("a message of ours counts when it is accepted, by who submitted it")
    func countsOwn() throws {
        let demo = try RunningDemo.shared
        let before = try get(demo, "/v1/stats?by=submitted_by&limit=200")
        #expect(before["bucket"] as? String == "hour")
        let answer = try get(demo, "/v1/stats?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z")
        #expect(answer["bucket"] as? String == "day")
        #expect((answer["buckets"] as? [Any])?.count == 59)
    }

    @Test(
        "what the routes do not take is refused, naming the parameter",
        arguments: [
            ("/v1/stats?by=colour", "by"), ("/v1/stats?bucket=week", "bucket"),
            ("/v1/stats?from=yesterday", "from"), ("/v1/stats?to=2026-13-01T00:00:00Z", "to"),
            ("/v1/stats?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
            ("/v1/stats?from=2020-02-01T00:00:00Z", "from"),
            ("/v1/stats?bucket=hour&from=2026-09-01T00:00:00Z&to=2026-11-01T00:00:00Z", "from"),
            ("/v1/stats?limit=0", "limit"), ("/v1/stats?color=1", "color"),
            ("/v1/errors?provider=nobody", "provider"), ("/v1/errors?country=de", "country"),
            ("/v1/errors?status=lost", "status"), ("/v1/errors?limit=1000", "limit"),
        ])
    func refusesOthers(path: String, parameter: String) throws {
        let demo = try RunningDemo.shared
        let answer = try demo.api(path)
        #expect(answer.status == 400)
        let parsed = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        #expect(parsed?["place"] as? String == parameter)
    }
}
