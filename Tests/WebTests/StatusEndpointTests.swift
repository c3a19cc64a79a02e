import Domain
import Foundation
import Telemetry
import Testing

import TestSupport
@testable import Web

@Suite("Status", .blocking)
struct StatusEndpointTests {
    private func document(_ probe: ServiceProbe, _ statistics: CallbackStatistics) -> String {
        let endpoint = StatusEndpoint(
            version: "1.2.3", startedAt: Samples.time(-90), database: probe, writer: probe,
            callbacks: [(.infobip, statistics)], sending: probe, live: probe,
            processes: probe)
        return String(decoding: endpoint.document(at: Samples.time()), as: UTF8.self)
    }

    @Test("All is well: the whole document")
    func golden() {
        let statistics = CallbackStatistics()
        statistics.accepted(
            reports: 20, rejects: 0, verification: Verification(method: "basic", secret: 1),
            at: Samples.time(-10))
        statistics.refused(.anybody, at: Samples.time(-3))
        let windows = { (count: Int) in
            #"{"last_minute":\#(count),"last_hour":\#(count),"last_day":\#(count)}"#
        }
        let expected =
            #"{"version":"1.2.3","started_at":"2026-11-18T11:05:10.000Z","uptime_seconds":90,"#
            + #""database":{"reachable":true,"latency_ms":1.500,"migration":3,"#
            + #""expected_migration":3,"problem":null,"away_since":null,"#
            + #""synchronous_commit":"on","synchronous_standby_names":"","timeline":2,"#
            + #""warning":null},"#
            + #""writer":{"queued_reports":7,"capacity_reports":20000,"#
            + #""commit_ms":{"p50":2,"p99":null}},"#
            + #""providers":{"infobip":{"callbacks":{"accepted":\#(windows(1)),"#
            + #""refused":\#(windows(1))},"reports":{"accepted":\#(windows(20)),"#
            + #""refused":\#(windows(0))},"last_callback_age_seconds":10,"#
            + #""last_request_age_seconds":3,"last_verified_by":"basic 1","refusing_since":null,"#
            + #""minutes_until_provider_gives_up":null}},"#
            + #""sending":{"plivo":{"state":"stopped","#
            + #""stopped_since":"2026-11-18T11:05:40.000Z","#
            + #""reason":{"code":"401","detail":"wrong key"},"#
            + #""retry_at":"2026-11-18T11:07:40.000Z","last_seen_age_seconds":5,"queued":1,"#
            + #""leased":2,"unsure":3,"awaiting_report":4,"oldest_due_age_seconds":70,"#
            + #""counts":{"requests":5,"accepted":6,"refused":7,"deferred":8,"unanswered":9,"#
            + #""dead_letters":10,"look_ups":11,"recovered":12,"put_back":0}}},"sending_problem":null,"#
            + #""live":{"streams":2,"limit":10,"events_sent":5,"dropped":1,"resets":0,"lag_seconds":0.021},"spool":null,"processes":[],"alarms":[],"webhooks":null}"#
        #expect(document(ServiceProbe(sending: [stopped]), statistics) == expected)
    }

    private var stopped: SendingState {
        var counts = SendCounts()
        (counts.requests, counts.accepted, counts.refused, counts.deferred) = (5, 6, 7, 8)
        (counts.unanswered, counts.deadLetters, counts.lookUps, counts.recovered) = (9, 10, 11, 12)
        let stop = ProviderStop(
            since: Samples.time(-60), problem: ProviderProblem(code: "401", text: "wrong key"),
            retryAt: Samples.time(60))
        return SendingState(
            provider: .plivo, presence: ProviderPresence(seenAt: Samples.time(-5), stop: stop),
            ready: 1, leased: 2, unsure: 3, awaitingReport: 4, oldestDueAt: Samples.time(-70),
            counts: counts)
    }

    @Test(
        "A provider without a stop is running if a dispatcher was there in the last half minute",
        arguments: [(Int64(-30), "running"), (-31, "no_dispatcher"), (nil, "no_dispatcher")])
    func presence(seen: Int64?, word: String) {
        let state = SendingState(
            provider: .infobip,
            presence: ProviderPresence(seenAt: seen.map { Samples.time($0) }, stop: nil),
            ready: 0, leased: 0, unsure: 0, awaitingReport: 0, oldestDueAt: nil,
            counts: SendCounts())
        let text = document(ServiceProbe(sending: [state]), CallbackStatistics())
        #expect(text.contains(#""sending":{"infobip":{"state":"\#(word)","stopped_since":null"#))
        #expect(text.contains(#""reason":null,"retry_at":null"#))
    }

    @Test("Each process with its age, version, memory and what it does")
    func processes() {
        let process = ServiceProcess(
            id: Identifier(high: Samples.id.high, low: Samples.id.low), kind: .dispatcher,
            host: "sms-1", pid: 42, version: "1.2.3",
            startedAt: Samples.time(-90))
        let seen = SeenProcess(
            process: process, silence: .seconds(7), memoryBytes: 31_000_000,
            figures: #"{"requests_in_flight": 3}"#)
        #expect(
            document(ServiceProbe(seen: [seen]), CallbackStatistics()).hasSuffix(
                #","processes":[{"id":"\#(Samples.id)","kind":"dispatcher","host":"sms-1","pid":42,"#
                    + #""version":"1.2.3","started_at":"2026-11-18T11:05:10.000Z","#
                    + #""last_seen_age_seconds":7,"memory_bytes":31000000,"#
                    + #""figures":{"requests_in_flight": 3}}],"alarms":[],"webhooks":null}"#))
        let unknown = document(ServiceProbe(seen: nil), CallbackStatistics())
        #expect(unknown.hasSuffix(#","processes":null,"alarms":[],"webhooks":null}"#))
    }

    private struct Alarms: AlarmProbe {
        let alarms: [Alarm]
    }

    @Test("Alarms that are on, with what changed in plain words")
    func alarms() {
        let france = Country("FR")
        let subjects: [TrafficSubject] =
            [.provider(.infobip)] + (france.map { [.country(.infobip, $0)] } ?? [])
        let probe = ServiceProbe()
        let endpoint = StatusEndpoint(
            version: "1.2.3", startedAt: Samples.time(-90), database: probe, writer: probe,
            callbacks: [], sending: probe, live: probe, processes: probe,
            alarms: Alarms(
                alarms: subjects.map {
                    Alarm(
                        subject: $0, kind: .failures, raisedAt: Samples.time(-600),
                        seenAt: Samples.time(-30), sentence: "62% delivered")
                }))
        func alarm(_ country: String) -> String {
            #"{"provider":"infobip","country":\#(country),"kind":"failures","#
                + #""since":"2026-11-18T10:56:40.000Z","last_seen_at":"2026-11-18T11:06:10.000Z","#
                + #""sentence":"62% delivered"}"#
        }
        let document = String(decoding: endpoint.document(at: Samples.time()), as: UTF8.self)
        #expect(
            document.hasSuffix(
                #","alarms":[\#(alarm("null")),\#(alarm(#""FR""#))],"webhooks":null}"#))
    }

    @Test("The database is unreachable: since when, why, and how long the providers wait")
    func away() throws {
        let probe = ServiceProbe(
            database: DatabaseState(
                latency: nil, migration: nil, expectedMigration: 3,
                problem: "the database does not answer"),
            writer: WriterState(
                queuedReports: 0, capacity: 20_000, commitP50: nil, commitP99: nil,
                awaySince: Samples.time(-3600)))
        let text = document(probe, CallbackStatistics())
        #expect(text.contains(#""reachable":false,"latency_ms":null,"migration":null"#))
        #expect(text.contains(#""problem":"the database does not answer""#))
        #expect(text.contains(#""away_since":"2026-11-18T10:06:40.000Z""#))
        #expect(text.contains(#""last_request_age_seconds":null,"last_verified_by":null"#))
        #expect(text.contains(#""minutes_until_provider_gives_up":2430"#))
        // The query was not even made: it would take as long as the first.
        #expect(
            text.contains(
                #","sending":null,"sending_problem":"the database does not answer","live""#))
        #expect(probe.asked.value == 0)
        #expect(
            document(ServiceProbe(sending: nil), CallbackStatistics()).contains(
                #","sending":null,"sending_problem":"the look at sending failed: away","live""#))
    }

    @Test("What a commit may lose at a failover is shown, and nothing of an unreachable database")
    func durability() {
        let warned = ServiceProbe(
            database: DatabaseState(
                latency: .milliseconds(1), migration: 3, expectedMigration: 3, problem: nil,
                durability: DatabaseState.Durability(
                    synchronousCommit: "off", synchronousStandbyNames: "ANY 1 (\"a\", b)",
                    timeline: nil, warning: "a 200 may be lost at a failover")))
        let text = document(warned, CallbackStatistics())
        #expect(
            text.contains(
                #""synchronous_commit":"off","synchronous_standby_names":"ANY 1 (\"a\", b)","#
                    + #""timeline":null,"warning":"a 200 may be lost at a failover"}"#))
        let away = ServiceProbe(
            database: DatabaseState(
                latency: nil, migration: nil, expectedMigration: 3, problem: "away"))
        #expect(
            document(away, CallbackStatistics()).contains(
                #""synchronous_commit":null,"synchronous_standby_names":null,"timeline":null,"#))
    }

    @Test("Only a key with scope admin reads it")
    func scope() throws {
        let endpoint = StatusEndpoint(
            version: "1", startedAt: .now, database: ServiceProbe(), writer: ServiceProbe(),
            callbacks: [],
            sending: ServiceProbe(), live: ServiceProbe(), processes: ServiceProbe())
        let server = try WebServer(endpoint.routes(Keys().endpoint))
        #expect(try server.get("/v1/status").status == 401)
        #expect(try server.get("/v1/status", key: Keys.read).code == "missing_scope")
        #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
    }
}
