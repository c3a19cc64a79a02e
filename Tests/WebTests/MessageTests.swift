import Domain
import Foundation
import Testing

import TestSupport
@testable import Web

@Suite("Messages", .blocking)
struct MessageTests {
    private let details =
        #""provider_status":{"group_id":3,"group":"DELIVERED","id":5,"#
        + #""name":"DELIVERED_TO_HANDSET","description":"To \"handset\""},"#
        + #""error":{"code":null,"group_id":0,"group":"OK","name":null,"description":null,"#
        + #""permanent":false},"sent_at":"2026-11-18T11:06:38.000Z","#
        + #""done_at":"2026-11-18T11:06:40.000Z","segments":2,"#
        + #""price":{"amount":"0.0100","currency":"EUR"},"bulk_id":"bulk-1","#
        + #""callback_data":"order=1","network":"23415","#
        + #""attributes":{"platform":{"entityId":"a"}}"#

    private func server(_ reader: Reader) throws -> WebServer {
        try WebServer(
            MessageEndpoints(reader, providers: ProviderTraits.samples).routes(Keys().endpoint))
    }

    private var known: Reader {
        let report = Samples.recorded(Samples.report())
        return Reader(messages: [Samples.message(report)], reports: [report])
    }

    @Test("A message is shown with the report that decides it")
    func message() throws {
        let expected =
            #"{"id":"01234567-89ab-8def-8123-456789abcdef","provider":"infobip","#
            + #""provider_message_id":"msg-1","status":"delivered","final":true,"#
            + #""sent_by_us":false,"to":"+447700900123","from":"Shop","country":null,"#
            + #""created_at":"2026-11-18T11:06:41.000Z","updated_at":"2026-11-18T11:06:41.000Z","#
            + details + #","parts":{"total":2,"delivered":2,"failed":0,"pending":0}}"#
        let server = try server(known)
        for target in [
            "/v1/messages?provider=infobip&provider_message_id=msg-1",
            "/v1/messages?provider_message_id=msg%2D1&provider=infobip",
        ] {
            let answer = try server.get(target, key: Keys.read)
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.body == expected)
        }
        let whole = try server.get("/v1/messages/\(Samples.id)", key: Keys.read)
        #expect(whole.body.hasPrefix(expected.dropLast() + #","text":null,"timeline":[{"type":"#))
    }

    @Test(
        "An id in capitals is the same message's, ours and the provider's",
        arguments: [
            "/v1/messages/01234567-89AB-8DEF-8123-456789ABCDEF",
            "/v1/messages/01234567-89AB-8def-8123-456789abcdef/reports",
            "/v1/messages?provider=plivo&provider_message_id=5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7AA",
            "/v1/messages?provider=plivo&provider_message_id=5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa",
        ])
    func capitals(target: String) throws {
        let message = Message(
            id: Samples.id, provider: .plivo,
            providerMessageID: "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa", status: .accepted,
            isOurs: true, recipient: "+447700900123", sender: "Shop",
            createdAt: Samples.time(1), updatedAt: Samples.time(1), decisive: nil)
        let answer = try server(Reader(messages: [message])).get(target, key: Keys.read)
        #expect(answer.status == 200)
        #expect(answer.body.contains("01234567-89ab-8def-8123-456789abcdef"))
    }

    @Test("A provider's name that is not a UUID is looked for as it is written")
    func namesKeepTheirCase() throws {
        let target = "/v1/messages?provider=infobip&provider_message_id=MSG-1"
        #expect(try server(known).get(target, key: Keys.read).status == 404)
    }

    @Test("A message without a report has none of a report's members")
    func messageBeforeReports() throws {
        let reader = Reader(messages: [Samples.message(nil, status: .queued)])
        let json = try server(reader).get("/v1/messages/\(Samples.id)", key: Keys.read).json
        #expect(json["status"] as? String == "queued")
        #expect(json["final"] as? Bool == false)
        #expect(json["provider_status"] == nil)
    }

    @Test("The timeline shows for each report whether it decides and why")
    func timeline() throws {
        let answer = try server(known).get(
            "/v1/messages/\(Samples.id)/reports", key: Keys.read)
        #expect(
            answer.body == #"{"message_id":"01234567-89ab-8def-8123-456789abcdef","#
                + #""status":"delivered","final":true,"reports":[{"status":"delivered","#
                + #""final":true,"won":true,"rule":"only","why":"It is the only report.","#
                + #""source":"callback","received_at":"2026-11-18T11:06:41.000Z","#
                + #""callback_id":"01990000-0000-7000-8000-000000000001","# + details
                + #","part":null,"parts":null}],"events":[]}"#)
    }

    @Test(
        "Every rule of the precedence has its sentence, for the deciding report and the others",
        arguments: [
            (
                Status.delivered, Int64(0), Status.sent, Int64(9), "final_beats_not_final",
                "It is final and the others are not.", "It is not final and the winner is."
            ),
            (
                .sent, 0, .accepted, 9, "further_along", "It is further along than the others.",
                "The winner is further along."
            ),
            (
                .undeliverable, 9, .delivered, 0, "later_provider_time",
                "The provider dates it after the others.", "The provider dates the winner later."
            ),
            (
                .delivered, 0, .undeliverable, 0, "delivered_beats_failed",
                "At the same time, its status outranks the others'.",
                "At the same time, the winner's status outranks it."
            ),
            (
                .delivered, 0, .delivered, 0, "fingerprint",
                "Status and time are the winner's; only details differ.",
                "Status and time are the winner's; only details differ."
            ),
        ])
    func rules(
        winner: Status, winnerTime: Int64, loser: Status, loserTime: Int64, rule: String,
        won: String, lost: String
    ) throws {
        let first = Samples.recorded(Samples.report(winner, at: Samples.time(winnerTime)))
        let second = Samples.recorded(
            Samples.report(loser, at: Samples.time(loserTime), name: "other"))
        #expect(first.precedence >= second.precedence)
        let reader = Reader(
            messages: [Samples.message(first, status: winner)], reports: [first, second])
        let json = try server(reader).get(
            "/v1/messages/\(Samples.id)/reports", key: Keys.read
        ).json
        let reports = try #require(json["reports"] as? [[String: Any]])
        #expect(reports.map { $0["rule"] as? String } == [rule, rule])
        #expect(reports.map { $0["won"] as? Bool } == [true, false])
        #expect(reports.map { $0["why"] as? String } == [won, lost])
    }

    @Test(
        "A look-up that does not match exactly one message is a 400 with its place",
        arguments: [
            ("/v1/messages?provider_message_id=1", "bad_query", "provider_message_id"),
            (
                "/v1/messages?provider=infobip&provider_message_id=", "bad_query",
                "provider_message_id"
            ),
            ("/v1/messages?provider=twilio&provider_message_id=1", "bad_query", "provider"),
            (
                "/v1/messages?provider=infobip&provider=plivo&provider_message_id=1", "bad_query",
                "provider"
            ),
            ("/v1/messages?provider=infobip&provider_message_id=1&limit=5", "bad_query", "limit"),
            (
                "/v1/messages?provider=infobip&provider_message_id=%zz", "bad_query", String?.none
            ),
            ("/v1/messages?provider=infobip&provider_message_id=%", "bad_query", nil),
            ("/v1/messages?provider=infobip&provider_message_id=a%00", "bad_query", nil),
            ("/v1/messages?provider=infobip&provider_message_id=%ff", "bad_query", nil),
            ("/v1/messages/01234567-89ab-8def-8123-456789abcdef?x", "bad_query", "x"),
            ("/v1/messages/0123456789AB8DEF8123456789ABCDEF", "bad_message_id", nil),
            ("/v1/messages/msg-1/reports", "bad_message_id", nil),
        ])
    func badQuery(target: String, code: String, place: String?) throws {
        let answer = try server(known).get(target, key: Keys.read)
        #expect(answer.status == 400)
        #expect(answer.code == code)
        #expect(answer.json["place"] as? String == place)
    }

    @Test("An unknown message is a 404")
    func unknown() throws {
        let server = try server(Reader())
        for target in [
            "/v1/messages/\(Samples.id)", "/v1/messages/\(Samples.id)/reports",
            "/v1/messages?provider=plivo&provider_message_id=msg-1",
        ] {
            let answer = try server.get(target, key: Keys.read)
            #expect(answer.status == 404)
            #expect(answer.code == "unknown_message")
        }
    }

    @Test("An unreachable store is a 503, a broken one a 500 without details")
    func storeFailures() throws {
        let away = try server(Reader(failure: StoreFailure(.unavailable, "secret detail")))
            .get("/v1/messages/\(Samples.id)", key: Keys.read)
        #expect(away.status == 503)
        #expect(away.code == "database_unavailable")
        #expect(away.header("Retry-After") == "5")
        let broken = try server(Reader(failure: StoreFailure(.failed, "secret detail")))
            .get("/v1/messages/\(Samples.id)", key: Keys.read)
        #expect(broken.status == 500)
        #expect(broken.code == "internal_error")
        #expect(!(away.body + broken.body).contains("secret detail"))
    }
}
