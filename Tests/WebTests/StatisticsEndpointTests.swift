import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("Counts of messages and errors", .blocking)
struct StatisticsEndpointTests {
    /// 2026-11-21 10:30 UTC.
    private static let now = Timestamp(microseconds: 1_795_257_000_000_000)

    /// Answers with the same counts, and keeps the questions.
    private final class Counts: StatisticsReader {
        let asked = Mutex<(counts: [StatisticsQuery], errors: [ErrorQuery])>(([], []))

        func statistics(
            _ query: StatisticsQuery
        ) throws(StoreFailure) -> MessageStatistics {
            asked.withLock { $0.counts.append(query) }
            let group: StatisticsGroup =
                switch query.dimension {
                case .sender: .sender("+41791234567")
                case .error: .error(.infobip, code: "27", name: "ABSENT")
                case .submittedBy: .submitter("id", kind: "key", name: "shop")
                default: .country(nil)
                }
            var sums = StatisticsSums(query, groups: [group])
            sums.add(
                at: query.from, group: 0,
                [Int64(Status.delivered.code), 2, Int64(Status.failed.code), 1], segments: 4,
                price: ExactAmount("0.030") ?? .zero, currency: "EUR", delays: [75, 2])
            return MessageStatistics(sums)
        }

        func errors(_ query: ErrorQuery) throws(StoreFailure) -> [ErrorCount] {
            asked.withLock { $0.errors.append(query) }
            return [
                ErrorCount(
                    outcome: Outcome(provider: .infobip, errorCode: "27", isPermanent: false),
                    messages: 3, statuses: [.undeliverable: 3], countries: [("DE", 2), (nil, 1)]),
                ErrorCount(
                    outcome: Outcome(provider: .plivo, errorCode: "7", isPermanent: true),
                    messages: 2, statuses: [.failed: 2], countries: [("US", 2)]),
                ErrorCount(outcome: nil, messages: 1, statuses: [.failed: 1], countries: []),
            ]
        }
    }

    private struct Meanings: ErrorDictionary {
        func meaning(of outcome: Outcome) -> ErrorMeaning? {
            ErrorMeaning("Absent.", .later, "Wait.")
        }
    }

    private let counts = Counts()

    private func server() throws -> WebServer {
        try WebServer(
            StatisticsEndpoints(
                counts, providers: ProviderTraits.samples, meanings: [.infobip: Meanings()],
                now: { Self.now }
            ).routes(Keys().endpoint))
    }

    private static let figures =
        #""messages":3,"by_status":{"delivered":2,"failed":1},"segments":4,"#
        + #""price":{"EUR":"0.03"},"delivery_rate":0.667,"#
        + #""time_to_delivery":{"measured":2,"p50":2.944,"p90":2.944,"p99":2.944}"#

    @Test("without parameters: the hours of the last day, all messages together")
    func countsLastDay() throws {
        let answer = try server().get("/v1/stats", key: Keys.read)
        #expect(answer.status == 200)
        let query = try #require(counts.asked.withLock { $0.counts.last })
        #expect(query.bucket == .hour && query.dimension == nil)
        #expect(query.to == Self.now.startOfHour.advanced(by: .seconds(3600)))
        #expect(query.starts.count == 25)
        #expect(answer.body.contains(#""by":null,"totals":{"# + Self.figures + #"},"groups":[]"#))
        #expect(
            answer.body.contains(
                #""delivery_rate":null,"time_to_delivery":{"measured":0,"p50":null,"#
                    + #""p90":null,"p99":null},"groups":[]}"#))
    }

    @Test(
        "groups are named by what they have in common",
        arguments: [
            ("sender", #"{"value":"+41791234567","rest":false,"#),
            ("country", #"{"value":null,"rest":false,"#),
            (
                "error",
                #"{"value":"infobip:27","rest":false,"error":{"provider":"infobip","#
                    + #""code":"27","name":"ABSENT"},"#
            ),
            (
                "submitted_by",
                #"{"value":"id","rest":false,"submitter":{"kind":"key","id":"id","name":"shop"},"#
            ),
        ])
    func namesGroups(by: String, name: String) throws {
        let answer = try server().get(
            "/v1/stats?by=\(by)&bucket=day&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z",
            key: Keys.read)
        #expect(answer.status == 200)
        let group = name + Self.figures + "}"
        #expect(
            answer.body.contains(
                #""groups":["# + group + #"],"buckets":[{"start":"2026-11-20T00:00:00.000Z","#
                    + Self.figures + #","groups":["# + group + "]}]}"))
    }

    @Test("errors have the provider's words, a meaning, advice, and the countries")
    func explainsErrors() throws {
        let answer = try server().get(
            "/v1/errors?provider=infobip&country=DE&status=failed,expired&limit=7", key: Keys.read)
        #expect(answer.status == 200)
        let query = try #require(counts.asked.withLock { $0.errors.last })
        #expect(query.provider == .infobip && query.country == Country("DE") && query.limit == 7)
        #expect(query.statuses == [.failed, .expired])
        let parsed = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        let errors = try #require((parsed as? [String: Any])?["errors"] as? [[String: Any]])
        #expect(errors.compactMap { $0["meaning"] as? String }.first == "Absent.")
        let retries = errors.compactMap { ($0["retry"] as? [String: Any])?["helps"] as? String }
        #expect(retries == ["later", "no", "unsure"])
        #expect(errors[2]["provider"] is NSNull)
        #expect((errors[0]["countries"] as? [[String: Any]])?.count == 2)
    }

    @Test("without a status, those that failed are asked for")
    func asksForFailures() throws {
        _ = try server().get("/v1/errors", key: Keys.read)
        let query = try #require(counts.asked.withLock { $0.errors.last })
        #expect(
            query.statuses
                == [.undeliverable, .expired, .rejected, .failed, .partiallyDelivered])
    }

    @Test("hours are for 31 days and 400 days back, days for 400 days")
    func hasBounds() throws {
        let server = try server()
        for (target, isValid) in [
            ("bucket=hour&from=2026-10-22T00:00:00Z", true),
            ("bucket=hour&from=2026-10-20T00:00:00Z", false),
            ("bucket=hour&from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z", false),
            ("bucket=day&from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z", true),
            ("bucket=day&from=2025-01-01T00:00:00Z", false),
            ("from=2026-11-21T00:00:00Z&to=2026-11-21T00:00:00Z", false),
            ("from=1970-01-01T00:00:00Z&to=1970-01-01T00:00:01Z&bucket=day", true),
        ] {
            let answer = try server.get("/v1/stats?\(target)", key: Keys.read)
            #expect(answer.status == (isValid ? 200 : 400), "\(target): \(answer.body)")
            if !isValid { #expect(answer.body.contains(#""place":"from""#)) }
        }
    }

    @Test("a key of another scope is refused")
    func needsScope() throws {
        #expect(try server().get("/v1/stats", key: Keys.send).status == 403)
        #expect(try server().get("/v1/errors").status == 401)
    }
}
