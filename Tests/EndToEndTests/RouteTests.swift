import Foundation
import Testing

@Suite("Every route, through TLS", .timeLimit(.minutes(10)))
struct RouteTests {
    @Test("A posted report is read back by id, by the provider's id, and as a timeline")
    func roundTrip() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let sent = InfobipBody.result(name, group: 1, doneAt: "2026-11-20T09:15:01.000+0000")
        let delivered = InfobipBody.result(name)
        let answer = try demo.infobip(InfobipBody.of([delivered]))
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "application/json")
        expectCommonHeaders(answer)
        #expect(try demo.infobip(InfobipBody.of([sent])).status == 200)

        let found = try #require(try demo.message(name))
        #expect(found["status"].string == "delivered")
        #expect(found["final"].bool == true)
        #expect(found["sent_by_us"].bool == false)
        #expect(found["to"].string == "+447700900123")
        #expect(found["provider_status"]["group"].string == "DELIVERED")
        #expect(found["done_at"].string == "2026-11-20T09:15:04.913Z")

        let id = try #require(found["id"].string)
        let byID = try demo.api("/v1/messages/\(id)")
        #expect(byID.status == 200)
        expectCommonHeaders(byID)
        #expect(try JSON(byID)["provider_message_id"].string == name)

        let timeline = try JSON(demo.api("/v1/messages/\(id)/reports"))
        #expect(timeline["status"].string == "delivered")
        let reports = timeline["reports"].array
        #expect(reports.map { $0["status"].string } == ["delivered", "sent"])
        #expect(reports.map { $0["won"].bool } == [true, false])
        #expect(
            reports.map { $0["rule"].string } == Array(repeating: "final_beats_not_final", count: 2)
        )
        for report in reports { #expect(report["why"].string?.hasSuffix(".") == true) }
    }

    @Test("A message of our own is found by the id in the path that Plivo called")
    func ownMessage() throws {
        let demo = try RunningDemo.shared
        let id = "0193a5b2-7c41-7e02-8d35-" + String(UUID().uuidString.lowercased().suffix(12))
        let form = "MessageUUID=\(uniqueName())&Status=delivered&To=447700900456"
        let answer = try demo.client.send(
            demo.plivoRequest(form, path: "/callbacks/plivo/\(id)"))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try JSON(demo.api("/v1/messages/\(id)"))["status"].string == "delivered")
    }

    @Test("Plivo's path may end in any id, in either case, and the message is found by both names")
    func plivoForeignID() throws {
        let demo = try RunningDemo.shared
        let (id, name) = (UUID().uuidString, UUID().uuidString.lowercased())
        let form = "MessageUUID=\(name)&Status=sent"
        let answer = try demo.client.send(
            demo.plivoRequest(form, path: "/callbacks/plivo/\(id)"))
        #expect(answer.status == 200)
        #expect(try demo.message(name, provider: "plivo")?["id"].string == id.lowercased())
        #expect(try demo.api("/v1/messages/\(id.lowercased())").status == 200)
    }

    @Test("Health is answered without a key", arguments: ["live", "ready"])
    func health(kind: String) throws {
        let answer = try RunningDemo.shared.api("/health/\(kind)", key: .some(nil))
        #expect(answer.status == 200)
        #expect(try JSON(answer)["status"].string == kind)
        expectCommonHeaders(answer)
    }

    @Test("The status has every member that the API documents")
    func statusDocument() throws {
        let demo = try RunningDemo.shared
        _ = try demo.infobip(InfobipBody.of(uniqueName()))
        let status = try JSON(demo.api("/v1/status"))
        #expect(status["version"].string?.isEmpty == false)
        #expect(status["uptime_seconds"].int != nil)
        let database = status["database"]
        #expect(database["reachable"].bool == true)
        #expect(!database["latency_ms"].isNull)
        #expect(database["migration"].int == database["expected_migration"].int)
        let writer = status["writer"]
        #expect(writer["queued_reports"].int != nil)
        #expect(writer["commit_ms"].names == ["p50", "p99"])
        #expect(!writer["commit_ms"]["p99"].isNull)
        #expect(status["providers"].names == ["infobip", "plivo"])
        for name in ["infobip", "plivo"] {
            let provider = status["providers"][name]
            for kind in ["callbacks", "reports"] {
                for outcome in ["accepted", "refused"] {
                    #expect(
                        provider[kind][outcome].names == ["last_minute", "last_hour", "last_day"])
                }
            }
            let others: Set = [
                "last_callback_age_seconds", "last_request_age_seconds", "last_verified_by",
                "refusing_since",
                "minutes_until_provider_gives_up",
            ]
            #expect(others.isSubset(of: provider.names))
        }
        let infobip = status["providers"]["infobip"]
        #expect(infobip["callbacks"]["accepted"]["last_day"].int ?? 0 > 0)
        #expect(infobip["last_callback_age_seconds"].int ?? 99 < 60)
    }

    @Test("The metrics are Prometheus text, and their counters move")
    func metrics() throws {
        let demo = try RunningDemo.shared
        let before = try PrometheusText(demo.api("/metrics", key: .some(nil)))
        _ = try demo.infobip(InfobipBody.of(uniqueName(), uniqueName()))
        _ = try demo.infobip(InfobipBody.of(uniqueName()), headers: [])
        let after = try PrometheusText(demo.api("/metrics", key: .some(nil)))
        for (sample, step) in [
            (#"waybill_callbacks_accepted_total{provider="infobip"}"#, 1.0),
            (#"waybill_reports_accepted_total{provider="infobip"}"#, 2),
            (
                #"waybill_callbacks_refused_total{provider="infobip",reason="missing_credentials"}"#,
                1
            ),
            ("waybill_writer_batches_total", 1), ("waybill_writer_commit_seconds_count", 1),
            (#"waybill_requests_total{socket="callbacks"}"#, 2),
        ] {
            let old = try #require(before.samples[sample], "\(sample)")
            let new = try #require(after.samples[sample], "\(sample)")
            #expect(new >= old + step, "\(sample)")
        }
        for gauge in ["waybill_pool_in_use", #"waybill_workers_busy{socket="callbacks"}"#] {
            #expect(after.samples[gauge] != nil, "\(gauge)")
        }
    }

    @Test(
        "A query that is not a text is refused, and the process lives",
        arguments: [
            "%zz", "%", "%C3%28", "%00", "[x]{}|^`", "%FF", "a%2",
        ])
    func strangeQuery(text: String) throws {
        let demo = try RunningDemo.shared
        let pid = try demo.currentDocument.pids.responder
        #expect(try demo.api("/health/live?a=\(text)").status == 200)
        let path = "/v1/messages?provider=infobip&provider_message_id=\(text)"
        #expect([400, 404].contains(try demo.api(path).status))
        #expect([400, 404].contains(try demo.api("/v1/messages/\(text)").status))
        #expect(try demo.currentDocument.pids.responder == pid)
    }
}

/// Metrics in Prometheus' text format, read strictly.
struct PrometheusText {
    private(set) var samples: [String: Double] = [:]

    init(_ answer: HTTPAnswer) throws {
        #expect(answer.status == 200)
        #expect(answer["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(answer.text.hasSuffix("\n"))
        var described: Set<Substring> = []
        for line in answer.text.split(separator: "\n") {
            if let match = line.wholeMatch(
                of: /# (?:HELP [a-z_:]+ .+|TYPE ([a-z_:]+) (?:counter|gauge|histogram))/)
            {
                if let name = match.1 {
                    #expect(described.insert(name).inserted, "\(name) is described twice")
                }
                continue
            }
            let match = try #require(
                line.wholeMatch(
                    of: /([a-z_:]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? ([-+.e0-9]+|\+Inf|NaN)/
                ),
                "\(line)")
            let family = match.1.replacing(/_(?:bucket|sum|count)$/, with: "")
            #expect(
                described.contains(match.1) || described.contains(Substring(family)), "\(line)")
            let sample = String(match.1) + (match.2.map(String.init) ?? "")
            #expect(samples.updateValue(Double(match.3) ?? 0, forKey: sample) == nil, "\(sample)")
        }
    }
}
