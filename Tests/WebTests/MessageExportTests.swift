import Domain
import FastCGI
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite("Exports", .blocking, .timeLimit(.minutes(10)))
struct MessageExportTests {
    /// A search that finds so many messages, and fails then if it is to.
    private final class Search: MessageSearch {
        let batches: [[Message]]
        let failure: StoreFailure?
        /// Taken before each batch, so that a test holds a walk.
        let gate: DispatchSemaphore?
        let asked = Mutex(0)

        init(
            _ batches: [[Message]], failure: StoreFailure? = nil, gate: DispatchSemaphore? = nil
        ) {
            self.batches = batches
            self.failure = failure
            self.gate = gate
        }

        func page(
            of filter: MessageFilter, limit: Int, after position: SearchPosition?,
            within budget: Duration
        ) throws(StoreFailure) -> MessagePage {
            MessagePage(messages: [], next: nil, searchedBackTo: nil)
        }

        func walk(_ filter: MessageFilter) -> any MessageWalk { Walk(self) }

        private final class Walk: MessageWalk {
            private let search: Search
            private let place = Mutex(0)

            init(_ search: Search) { self.search = search }

            func next() throws(StoreFailure) -> MessageBatch? {
                search.gate?.wait()
                search.asked.withLock { $0 += 1 }
                let index = place.withLock { place in
                    defer { place += 1 }
                    return place
                }
                guard index < search.batches.count else {
                    if let failure = search.failure { throw failure }
                    return nil
                }
                return MessageBatch(
                    messages: search.batches[index], searchedBackTo: Samples.time())
            }
        }
    }

    /// Admits everybody, until it is told not to.
    private final class Admission: StreamAdmission {
        private let isOver = Atomic<Bool>(false)

        func end() { isOver.store(true, ordering: .relaxed) }

        func rights(
            of credentials: Set<StreamCredential>
        ) throws(StoreFailure) -> [StreamCredential: StreamRights] {
            guard !isOver.load(ordering: .relaxed) else { return [:] }
            return Dictionary(
                uniqueKeysWithValues: credentials.map { ($0, StreamRights(role: nil)) })
        }
    }

    /// A server with one route, which exports all for whoever has a key or is given as principal.
    private struct Fixture {
        let answers: LongAnswers
        let server: WebServer

        init(
            _ search: Search, as principal: Principal? = nil, limit: Int? = nil,
            limits: LongAnswers.Limits = .init(), admission: Admission = Admission()
        ) throws {
            let answers = try LongAnswers(limits: limits)
            self.answers = answers
            let export = MessageExport(
                answers: answers, search: search, admission: admission,
                lookInterval: .zero, logger: Logger(descriptor: -1))
            let route = Keys().endpoint.route(
                .findMessages,
                caller: { request, exchange, caller throws(Problem) in
                    try export.begin(
                        exchange, request, principal.map(APICaller.init) ?? caller, MessageFilter(),
                        limit: limit)
                    return nil
                })
            server = try WebServer([route])
        }

        func rows() throws -> [[String]] {
            let answer = try server.get("/v1/messages", key: Keys.read)
            #expect(answer.status == 200)
            return CSVWriterTests.rows(Array(answer.body.utf8))
        }
    }

    private static let ours = Samples.ours(Samples.recorded(Samples.report()), status: .delivered)

    private static func value(_ name: String, _ rows: [[String]]) throws -> String {
        rows[1][try #require(rows[0].firstIndex(of: name))]
    }

    @Test("The head says what it is, and every row has a cell for each column")
    func shape() throws {
        let batches = (0..<3).map { _ in [Message](repeating: Self.ours, count: 1000) }
        let fixture = try Fixture(Search(batches + [[], [Samples.message(nil, status: .queued)]]))
        let answer = try fixture.server.get("/v1/messages", key: Keys.read)
        #expect(answer.header("Content-Type") == "text/csv; charset=utf-8; header=present")
        #expect(answer.header("Content-Length") == nil)
        let name = try #require(answer.header("Content-Disposition"))
        #expect(
            name.wholeMatch(of: /attachment; filename="waybill-messages-\d{8}T\d{6}Z\.csv"/) != nil)
        let rows = CSVWriterTests.rows(Array(answer.body.utf8))
        #expect(rows.count == 3002)
        #expect(rows[0] == MessageTable.columns)
        #expect(rows.allSatisfy { $0.count == MessageTable.columns.count })
    }

    @Test("A row has the values of the JSON form")
    func values() throws {
        let rows = try Fixture(Search([[Self.ours]])).rows()
        for (name, value) in [
            ("id", Samples.id.description), ("status", "delivered"), ("final", "true"),
            ("to", "'+447700900123"), ("from", "Shop"), ("provider", "infobip"),
            ("provider_status", "DELIVERED_TO_HANDSET"), ("price_amount", "0.0100"),
            ("price_currency", "EUR"), ("segments", "2"), ("submitted_by", "shop"),
            ("submitted_by_kind", "key"), ("attempts", "2"), ("callback_data", "order=1"),
            ("metadata", #"{"a":1}"#), ("created_at", Self.ours.createdAt.description),
            ("send_request_id", Samples.sendRequest.description),
        ] {
            #expect(try Self.value(name, rows) == value, "\(name)")
        }
    }

    @Test("An export is cut off once its caller may not read any more")
    func revoked() throws {
        let gate = DispatchSemaphore(value: 2)
        let admission = Admission()
        let search = Search((0..<1000).map { _ in [Self.ours] }, gate: gate)
        let fixture = try Fixture(search, admission: admission)
        let connection = try fixture.server.start(
            "GET", "/v1/messages", headers: ["HTTP_AUTHORIZATION": "Bearer \(Keys.read)"])
        while search.asked.withLock({ $0 }) < 2 { sched_yield() }
        admission.end()
        for _ in 0..<3 { gate.signal() }
        let bytes = connection.readAll()
        #expect(String(decoding: bytes, as: UTF8.self).contains("Status: 200 OK"))
        #expect(Array(bytes.suffix(8)) == [UInt8](repeating: 0xFF, count: 8))
        #expect(search.asked.withLock { $0 } <= 3)
    }

    @Test("A viewer gets masked numbers and no texts")
    func viewer() throws {
        let viewer = Principal(
            user: UserID(high: 0x0199_0000_0000_7000, low: 1 << 63), name: "v", role: .viewer)
        let rows = try Fixture(Search([[Self.ours]]), as: viewer).rows()
        #expect(try Self.value("to", rows) == "'+•••••••••123")
        #expect(try Self.value("callback_data", rows).isEmpty)
        #expect(try Self.value("metadata", rows).isEmpty)
    }

    @Test("A limit ends the export, in the middle of a batch, too")
    func limit() throws {
        let search = Search((0..<5).map { _ in [Message](repeating: Self.ours, count: 10) })
        #expect(try Fixture(search, limit: 15).rows().count == 16)
        #expect(search.asked.withLock { $0 } <= 3)
    }

    @Test("HEAD gets the headers and asks no database")
    func head() throws {
        let search = Search([[Self.ours]])
        let fixture = try Fixture(search)
        let answer = try fixture.server.send(
            "HEAD", "/v1/messages", headers: ["HTTP_AUTHORIZATION": "Bearer \(Keys.read)"])
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type")?.hasPrefix("text/csv") == true)
        #expect(answer.body.isEmpty)
        #expect(search.asked.withLock { $0 } == 0)
    }

    @Test("A database that fails before the first row gives a problem")
    func failsAtOnce() throws {
        let answer = try Fixture(Search([], failure: StoreFailure(.unavailable, "away")))
            .server.get("/v1/messages", key: Keys.read)
        #expect(answer.status == 503)
        #expect(answer.code == "database_unavailable")
    }

    @Test("A database that fails later cuts the answer off")
    func failsLater() throws {
        let search = Search([[Self.ours]], failure: StoreFailure(.unavailable, "away"))
        let fixture = try Fixture(search)
        let connection = try fixture.server.start(
            "GET", "/v1/messages", headers: ["HTTP_AUTHORIZATION": "Bearer \(Keys.read)"])
        let bytes = connection.readAll()
        #expect(String(decoding: bytes, as: UTF8.self).contains("Status: 200 OK"))
        #expect(Array(bytes.suffix(8)) == [UInt8](repeating: 0xFF, count: 8))
    }

    @Test("A client that goes away ends the walk")
    func clientGoes() throws {
        let gate = DispatchSemaphore(value: 1)
        let search = Search((0..<1000).map { _ in [] }, gate: gate)
        let fixture = try Fixture(search)
        var connection: SocketConnection? = try fixture.server.start(
            "GET", "/v1/messages", headers: ["HTTP_AUTHORIZATION": "Bearer \(Keys.read)"])
        while search.asked.withLock({ $0 }) == 0 { sched_yield() }
        _ = connection?.isSilent()
        connection = nil
        for _ in 0..<3 { gate.signal() }
        let deadline = ContinuousClock.now + .seconds(10)
        while fixture.answers.count > 0, .now < deadline { sched_yield() }
        #expect(fixture.answers.count == 0)
        #expect(search.asked.withLock { $0 } <= 4)
    }

    @Test("Beyond the bound an export gets 503 and when to try again")
    func bound() throws {
        let gate = DispatchSemaphore(value: 0)
        let fixture = try Fixture(
            Search([[Self.ours]], gate: gate), limits: .init(maxAnswers: 1))
        let first = try fixture.server.start(
            "GET", "/v1/messages", headers: ["HTTP_AUTHORIZATION": "Bearer \(Keys.read)"])
        while fixture.answers.count == 0 { sched_yield() }
        let second = try fixture.server.get("/v1/messages", key: Keys.read)
        #expect(second.status == 503)
        #expect(second.code == "too_many_exports")
        #expect(second.header("Retry-After") == "5")
        for _ in 0..<2 { gate.signal() }
        #expect(String(decoding: first.readAll(), as: UTF8.self).contains("delivered"))
    }
}
