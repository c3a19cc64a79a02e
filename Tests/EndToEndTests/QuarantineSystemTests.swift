import Foundation
import TestSupport
import Testing

@Suite("The quarantine, through nginx", .timeLimit(.minutes(10)))
struct QuarantineSystemTests {
    private func post(
        _ demo: RunningDemo, _ path: String, _ members: [String: Any]? = nil
    ) throws -> HTTPAnswer {
        let body = try members.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        var headers = [("Authorization", "Bearer \(demo.document.api_key)")]
        if members != nil { headers.append(("Content-Type", "application/json")) }
        return try demo.client.send(
            HTTPRequest(method: "POST", path: path, headers: headers, body: [UInt8](body)))
    }

    @Test("A part is listed, shown byte for byte, replayed by itself and by filter, and deleted")
    func parts() throws {
        let demo = try RunningDemo.shared
        let good = uniqueName("quarantine")
        let bad = #"{"messageId":"\#(uniqueName("bad"))"}"#
        let sent = try demo.infobip(InfobipBody.of([InfobipBody.result(good), bad]))
        #expect(sent.status == 200)
        let callback = try demo.sql(
            "select callback_id from quarantine where position('\(bad)'::bytea in excerpt) > 0")
        let list = try JSON(demo.api("/v1/quarantine?callback_id=\(callback)"))
        #expect(list["count"].int == 1 && list["next"].isNull)
        let row = list["quarantine"][0]
        #expect(row["reason"].string == "missing_field" && row["authenticated"].bool == true)
        #expect(row["place"].string == "results[1].status" && row["path"].isNull)
        let id = try #require(row["id"].int)
        let shown = try JSON(demo.api("/v1/quarantine/\(id)"))
        #expect(shown["text"].string == bad)
        #expect(shown["base64"].string == Data(bad.utf8).base64EncodedString())
        let wholeText = try demo.api("/v1/quarantine/\(id)").text
        #expect(!wholeText.contains("Authorization") && !wholeText.contains("credentials"))

        // Today's parser cannot read it either: it stays, and the good one is not doubled.
        let replayed = try post(demo, "/v1/quarantine/\(id)/replay")
        #expect(replayed.status == 200, "\(replayed.text)")
        let outcome = try JSON(replayed)
        #expect(outcome["reports"].int == 1 && outcome["released"].int == 0)
        #expect(outcome["left"].int == 1)
        let all = try JSON(post(demo, "/v1/quarantine/replay", ["callback_id": callback]))
        #expect(all["callbacks"].int == 1 && all["replayed"].int == 1 && all["next"].isNull)
        #expect(try demo.count("select count(*) from callback where id = '\(callback)'") == 1)
        #expect(
            try demo.count("select count(*) from report where callback_id = '\(callback)'") == 1)
        // A parser of the past that could not read the good one.
        try demo.sql(
            """
            insert into quarantine (
                received_at, callback_id, provider, reason, place, detail, excerpt, credentials)
            select received_at, callback_id, provider, 'bad_time', 'results[0].doneAt', '', '',
                credentials
            from quarantine where id = \(id);
            delete from report where callback_id = '\(callback)';
            """)
        let repaired = try JSON(
            post(demo, "/v1/quarantine/replay", ["callback_id": callback, "reason": "bad_time"]))
        #expect(repaired["released"].int == 1 && repaired["reports"].int == 1)
        #expect(
            try demo.count("select count(*) from report where callback_id = '\(callback)'") == 1)

        #expect(try demo.api("/v1/quarantine/\(id)", method: "DELETE").status == 204)
        expectProblem(
            try demo.api("/v1/quarantine/\(id)", method: "DELETE"), 404, "unknown_quarantined")
        expectProblem(try demo.api("/v1/quarantine/x"), 404, "unknown_quarantined")
        expectProblem(try post(demo, "/v1/quarantine/\(id)/replay"), 404, "unknown_quarantined")
        let refused: [[String: Any]] = [
            ["ids": ["x"], "authenticated": 1], ["ids": [0]], ["after": 0],
        ]
        for body in refused {
            expectProblem(
                try post(demo, "/v1/quarantine/replay", body), 422, "invalid_fields")
        }
        let acts = try demo.sql(
            """
            select string_agg(action, ' ' order by number) from audit
            where action like 'quarantine.%' and (object = '\(id)'
                or detail->>'callback_id' = '\(callback)')
            """)
        #expect(
            acts
                == "quarantine.replay quarantine.replay_all quarantine.replay_all quarantine.delete"
        )
    }

    @Test("A callback that cannot be read at all is not readable by a replay either")
    func unreadable() throws {
        let demo = try RunningDemo.shared
        let body = "{\"\(uniqueName("unreadable"))"
        expectProblem(try demo.infobip(Array(body.utf8)), 400, "not_json")
        let id = try demo.count(
            "select id from quarantine where excerpt = '\(body)'::bytea")
        expectProblem(try post(demo, "/v1/quarantine/\(id)/replay"), 409, "replay_unreadable")
    }

    @Test(
        "What fails authentication is kept where that is set, and replayed once the secret is right"
    )
    func observed() throws {
        let demo = try RunningDemo(settings: ["WAYBILL_QUARANTINE_OBSERVE": "3"])
        defer { _ = try? demo.stop() }
        let name = uniqueName("observed")
        let body = InfobipBody.of(name)
        for _ in 0..<4 {
            expectProblem(
                try demo.infobip(body, headers: [Signing.basic("infobip", "a wrong password")]),
                401, "wrong_credentials")
        }
        let isKept = try waitUntil(within: .seconds(20)) {
            try JSON(demo.api("/v1/quarantine?authenticated=false"))["count"].int == 3
        }
        #expect(isKept, "three an hour, and no more")
        #expect(try demo.count("select count(*) from callback") == 0)
        let row = try JSON(demo.api("/v1/quarantine?authenticated=false&limit=1"))["quarantine"][0]
        #expect(row["reason"].string == "wrong_credentials")
        #expect(row["path"].string == "/callbacks/infobip")
        let id = try #require(row["id"].int)
        let shown = try demo.api("/v1/quarantine/\(id)")
        #expect(try JSON(shown)["text"].string == String(decoding: body, as: UTF8.self))
        expectProblem(try post(demo, "/v1/quarantine/\(id)/replay"), 409, "replay_refused")
        // As if the secret that it came with were today's.
        let right = Signing.basic(demo.document.infobip.user, demo.document.infobip.password)
        try demo.sql(
            """
            update quarantine set credentials = E':path: /callbacks/infobip\\nAuthorization: \(right.value)'
            where id = \(id)
            """)
        let replayed = try JSON(post(demo, "/v1/quarantine/\(id)/replay"))
        #expect(replayed["reports"].int == 1 && replayed["left"].int == 0)
        #expect(try demo.status(name) == "delivered")
        #expect(try demo.count("select count(*) from callback") == 1)
        let all = try JSON(post(demo, "/v1/quarantine/replay", ["authenticated": false]))
        #expect(all["refused"].int == 2 && all["replayed"].int == 0)
    }
}
