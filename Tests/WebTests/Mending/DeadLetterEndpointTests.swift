import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Web

@Suite("Dead letters at the edge of the web layer", .blocking)
struct DeadLetterEndpointTests {
    private static let number = "+447700900123"

    /// One letter, and whoever asked for what.
    private final class Letters: DeadLetters {
        let asked = Mutex<[DeadLetterFilter]>([])
        let result = Mutex(RetryResult.queued)

        func page(
            of filter: DeadLetterFilter, after position: DeadLetterPosition?, limit: Int
        ) throws(StoreFailure) -> [DeadLetter] {
            asked.withLock { $0.append(filter) }
            return [
                DeadLetter(
                    message: Samples.id, sendRequest: SendRequestID(high: 0x7000, low: 1 << 63),
                    at: Samples.time(), provider: .infobip,
                    recipient: DeadLetterEndpointTests.number,
                    attempts: 3,
                    problem: ProviderProblem(
                        code: "undecided", text: "No answer about 447700900123"),
                    status: .unknown, refusal: .reported)
            ]
        }

        func count(of filter: DeadLetterFilter) throws(StoreFailure) -> BoundedCount {
            BoundedCount(found: 10_001, bound: 10_000)
        }

        func retry(_ message: MessageID, by requester: Requester) throws(StoreFailure)
            -> RetryResult
        {
            result.withLock { $0 }
        }

        func retry(
            _ filter: DeadLetterFilter, by requester: Requester
        ) throws(StoreFailure) -> (queued: Int, left: BoundedCount) {
            asked.withLock { $0.append(filter) }
            return (2, BoundedCount(found: 3, bound: 1000))
        }
    }

    private let letters = Letters()
    private let web: PeopleServer

    init() throws {
        let letters = letters
        web = try PeopleServer(more: { endpoint in
            DeadLetterEndpoints(
                letters, reader: Reader(messages: [Samples.ours(nil, status: .queued)]),
                notifier: Bell(), signer: CursorSigner(FixedSecrets()),
                providers: ProviderTraits.samples
            ).routes(endpoint)
        })
    }

    private func send(
        _ method: String, _ target: String, as role: Role, _ body: String? = nil
    ) throws -> Answer {
        try web.send(method, target, as: People.token(role), body)
    }

    @Test("A viewer sees no whole number, in the reason neither; an operator does")
    func masks() throws {
        let viewer = try send("GET", "/v1/dead-letters", as: .viewer)
        #expect(viewer.status == 200)
        #expect(!viewer.body.contains("0900123") && viewer.body.contains("•123"))
        let staff = try send("GET", "/v1/dead-letters", as: .operator)
        #expect(staff.body.contains(Self.number))
        #expect(staff.json["count"] as? Int == 10_000)
        #expect(staff.json["count_is_least"] as? Bool == true)
        let letter = (staff.json["dead_letters"] as? [[String: Any]])?.first
        #expect(letter?["may_have_been_sent"] as? Bool == true)
        #expect(letter?["retriable"] as? Bool == false)
        #expect(letter?["why_not"] as? String == "reported")
    }

    @Test("Filters come from the query and from the body alike, and what is wrong is named")
    func filters() throws {
        let id = "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"
        _ = try send(
            "GET",
            "/v1/dead-letters?provider=plivo&code=503&to=%2B44%207700%20900123&send_request_id=\(id)"
                + "&since=2026-11-20T00:00:00Z", as: .viewer)
        let done = try send(
            "POST", "/v1/dead-letters/retry", as: .operator,
            """
            {"provider":"plivo","code":"503","to":"+44 7700 900123","send_request_id":"\(id)",
             "since":"2026-11-20T00:00:00Z","until":"2026-11-21T00:00:00Z"}
            """)
        #expect(done.status == 200, "\(done.body)")
        #expect(done.json["retried"] as? Int == 2 && done.json["left"] as? Int == 3)
        #expect((done.json["until"] as? String)?.hasPrefix("2026-11-21T00:00:00") == true)
        let asked = letters.asked.withLock { $0 }
        #expect(asked.count == 2)
        #expect(asked.allSatisfy { $0.provider == .plivo && $0.code == "503" })
        #expect(asked.allSatisfy { $0.recipient == Self.number })
        #expect(asked.allSatisfy { $0.sendRequest?.description == id && $0.since != nil })
        #expect(asked.last?.until != nil && asked.first?.until == nil)

        #expect(try send("GET", "/v1/dead-letters?provider=x", as: .viewer).code == "bad_query")
        #expect(try send("GET", "/v1/dead-letters?cursor=AAAA", as: .viewer).code == "bad_query")
        for body in [
            #"{"provider":"x"}"#, #"{"to":"12"}"#, #"{"since":"yesterday"}"#, #"{"ids":[]}"#,
            #"{"ids":["x"]}"#, #"{"codes":"503"}"#, #"{"code":503}"#,
        ] {
            let answer = try send("POST", "/v1/dead-letters/retry", as: .operator, body)
            #expect(answer.status == 422 && answer.code == "invalid_fields", "\(body)")
        }
        #expect(letters.asked.withLock { $0.count } == 2)
    }

    @Test("What cannot be sent again is refused with the reason; only operators may try")
    func refuses() throws {
        let target = "/v1/dead-letters/\(Samples.id)/retry"
        let queued = try send("POST", target, as: .operator, "{}")
        #expect(queued.status == 200 && queued.json["status"] as? String == "queued")
        for refusal in RetryRefusal.allCases {
            letters.result.withLock { $0 = .refused(refusal) }
            let answer = try send("POST", target, as: .operator, "{}")
            #expect(answer.status == 409 && answer.code == "cannot_retry")
        }
        letters.result.withLock { $0 = .unknown }
        #expect(try send("POST", target, as: .operator, "{}").code == "unknown_dead_letter")
        #expect(try send("POST", target, as: .viewer, "{}").code == "missing_role")
        #expect(
            try send("POST", "/v1/dead-letters/x/retry", as: .operator, "{}").code
                == "bad_message_id")
    }
}
