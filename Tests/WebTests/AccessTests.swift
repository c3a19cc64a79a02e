import Domain
import FastCGI
import Foundation
import Synchronization
import Telemetry
import Testing

import TestSupport
@testable import Web

@Suite("Access", .blocking)
struct AccessTests {
    private func server(_ keys: Keys = Keys(), probe: ServiceProbe = ServiceProbe()) throws
        -> WebServer
    {
        let metrics = Metrics()
        metrics.counter("waybill_test_total", "A test's counter.").add(3)
        return try WebServer(
            HealthEndpoints(
                database: probe, writer: probe, metrics: metrics
            ).routes(keys.endpoint)
                + MessageEndpoints(Reader(), providers: ProviderTraits.samples).routes(
                    keys.endpoint))
    }

    @Test(
        "Without a valid key there is a 401 that says what to send",
        arguments: [
            (String?.none, "missing_key"), ("Bearer nonsense", "wrong_key"),
            ("Bearer", "wrong_key"),
            ("Basic YTpi", "wrong_key"), ("Bearer \(Keys.revoked)", "wrong_key"),
            ("Bearer \(Keys.read) \(Keys.read)", "wrong_key"), ("Bearer wb_AAAA", "wrong_key"),
            ("Bearer ", "wrong_key"), ("Bearer   ", "wrong_key"),
            ("Bearer \(Keys.read) ", "wrong_key"), ("Bearer \t\(Keys.read)", "wrong_key"),
            (" Bearer \(Keys.read)", "wrong_key"), ("Bearer\t\(Keys.read)", "wrong_key"),
        ])
    func unauthorized(authorization: String?, code: String) throws {
        let answer = try server().send(
            "GET", "/v1/messages/\(Samples.id)",
            headers: authorization.map { ["HTTP_AUTHORIZATION": $0] } ?? [:])
        #expect(answer.status == 401)
        #expect(answer.code == code)
        #expect(answer.header("WWW-Authenticate") == "Bearer realm=\"waybill\"")
    }

    @Test("A key without the scope is a 403 that names the scope")
    func forbidden() throws {
        let answer = try server().get("/v1/messages/\(Samples.id)", key: Keys.admin)
        #expect(answer.status == 403)
        #expect(answer.code == "missing_scope")
        #expect(answer.json["detail"] as? String == "This API key lacks the scope read.")
    }

    @Test(
        "The scheme's name may be written in any case, and any number of blanks follow it",
        arguments: ["bEaReR ", "Bearer  ", "BEARER     "])
    func scheme(text: String) throws {
        let answer = try server().send(
            "GET", "/v1/messages/\(Samples.id)",
            headers: ["HTTP_AUTHORIZATION": text + Keys.read])
        #expect(answer.status == 404)
    }

    @Test("Keys that cannot be looked up are a 503, not a 401")
    func keysAway() throws {
        let answer = try server(Keys(failure: StoreFailure(.unavailable, "away")))
            .get("/v1/messages/\(Samples.id)", key: Keys.read)
        #expect(answer.status == 503)
        #expect(answer.code == "database_unavailable")
    }

    /// Every kind of endpoint that takes a key, with keys whose database fails and recovers.
    private func server(_ store: FlakyKeys) throws -> WebServer {
        let authenticator = Authenticator(store)
        let endpoint = APIEndpoint(authenticator: authenticator, logger: Logger(descriptor: -1))
        let status = StatusEndpoint(
            version: "1", startedAt: .now, database: ServiceProbe(), writer: ServiceProbe(),
            callbacks: [],
            sending: ServiceProbe(), live: ServiceProbe(), processes: ServiceProbe())
        let health = HealthEndpoints(
            database: ServiceProbe(), writer: ServiceProbe(), metrics: Metrics())
        return try WebServer(
            status.routes(endpoint)
                + MessageEndpoints(Reader(), providers: ProviderTraits.samples).routes(endpoint)
                + health.routes(endpoint))
    }

    @Test("A key that was valid still shows the status while the database is away, and no other")
    func keysRemembered() throws {
        let store = FlakyKeys()
        let server = try server(store)
        #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
        store.isAway.store(true, ordering: .relaxed)
        #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
        #expect(try server.get("/v1/status", key: Keys.read).status == 503)
        // The database is back without the key: from then on it is not valid anywhere.
        store.isAway.store(false, ordering: .relaxed)
        store.isRevoked.store(true, ordering: .relaxed)
        #expect(try server.get("/v1/status", key: Keys.admin).status == 401)
        store.isAway.store(true, ordering: .relaxed)
        #expect(try server.get("/v1/status", key: Keys.admin).status == 503)
    }

    @Test("A secret that has ended since it was seen valid opens nothing from memory")
    func memoryEndsWithTheSecret() throws {
        for (end, status) in [
            (Timestamp.now.advanced(by: .seconds(3600)), 200),
            (.now.advanced(by: .seconds(-1)), 503),
        ] {
            let store = FlakyKeys(end: end)
            let server = try server(store)
            #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
            store.isAway.store(true, ordering: .relaxed)
            #expect(try server.get("/v1/status", key: Keys.admin).status == status)
        }
    }

    @Test("A key that was valid opens nothing but the status while the database is away")
    func memoryIsForTheStatus() throws {
        let store = FlakyKeys()
        let server = try server(store)
        let (path, elsewhere) = ("/v1/messages/\(Samples.id)", "192.0.2.7")
        #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
        #expect(try server.get(path, key: Keys.read).status == 404)
        store.isAway.store(true, ordering: .relaxed)
        for answer in [
            try server.get(path, key: Keys.read),
            try server.get("/metrics", key: Keys.admin, remoteAddress: elsewhere),
        ] {
            #expect(answer.status == 503)
            #expect(answer.code == "database_unavailable")
            #expect(answer.header("Retry-After") == "5")
        }
        #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
    }

    @Test("While the database is only busy, remembered keys do not count, not even for the status")
    func busyIsNotAway() throws {
        let store = FlakyKeys()
        let server = try server(store)
        #expect(try server.get("/v1/status", key: Keys.admin).status == 200)
        store.isBusy.store(true, ordering: .relaxed)
        let answer = try server.get("/v1/status", key: Keys.admin)
        #expect(answer.status == 503)
        #expect(answer.code == "database_unavailable")
        #expect(answer.header("Retry-After") == "5")
        store.isBusy.store(false, ordering: .relaxed)
        store.isRevoked.store(true, ordering: .relaxed)
        #expect(try server.get("/v1/status", key: Keys.admin).status == 401)
    }

    @Test("Liveness makes no query and needs no key, whatever the parameters")
    func live() throws {
        let server = try server(
            Keys(failure: StoreFailure(.unavailable, "away")),
            probe: ServiceProbe(
                database: DatabaseState(
                    latency: nil, migration: nil, expectedMigration: 3, problem: "away")))
        for target in ["/health/live", "/health/live?%zz=%", "/health/live?a=b"] {
            let answer = try server.get(target)
            #expect(answer.status == 200)
            #expect(answer.body == #"{"status":"live"}"#)
        }
    }

    @Test("Readiness is 200 with a database that is reachable and up to date, 503 otherwise")
    func ready() throws {
        let ready = try server().get("/health/ready")
        #expect(ready.status == 200)
        #expect(
            ready.body == #"{"status":"ready","reason":null,"database_latency_ms":1.500,"#
                + #""migration":3,"expected_migration":3,"spool":null}"#)
        let behind = try server(
            probe: ServiceProbe(
                database: DatabaseState(
                    latency: .milliseconds(1), migration: 2, expectedMigration: 3,
                    problem: "run waybill migrate"))
        ).get("/health/ready")
        #expect(behind.status == 503)
        #expect(
            behind.body == #"{"status":"not_ready","reason":"run waybill migrate","#
                + #""database_latency_ms":1,"migration":2,"expected_migration":3,"spool":null}"#)
    }

    @Test("A database that can be read while nothing can be written is not ready, and says why")
    func readOnly() throws {
        let problem = "the server takes no writes"
        let answer = try server(probe: ServiceProbe(writeProblem: problem)).get("/health/ready")
        #expect(answer.status == 503)
        #expect(answer.json["status"] as? String == "not_ready")
        #expect(answer.json["reason"] as? String == problem)
    }

    @Test("Health and this machine's metrics need no key; everything else does")
    func immediate() throws {
        let keys = Keys()
        let router = Router(
            HealthEndpoints(
                database: ServiceProbe(), writer: ServiceProbe(), metrics: Metrics()
            ).routes(keys.endpoint)
                + MessageEndpoints(Reader(), providers: ProviderTraits.samples).routes(
                    keys.endpoint))
        let seen = Seen()
        let folder = try TemporaryDirectory()
        let server = try Server.start(
            Listener(.api, on: .path(folder.path(of: "s"))), handler: Gate(router, seen))
        defer { _ = server.drain(deadline: .now + .seconds(2)) }
        for (path, address) in [
            ("/health/live", "192.0.2.7"), ("/health/ready", "192.0.2.7"),
            ("/metrics", "127.0.0.1"), ("/metrics", "192.0.2.7"), ("/v1/messages/x", "127.0.0.1"),
            ("/nowhere", "127.0.0.1"),
        ] {
            let connection = try SocketConnection(folder.path(of: "s"))
            connection.write(
                Records.request(
                    ["REQUEST_METHOD": "GET", "DOCUMENT_URI": path, "REMOTE_ADDR": address], []))
            _ = connection.readAll()
        }
        #expect(seen.all == [true, true, true, false, false, false])
    }

    @Test("A request that was refused for lack of time is a 503 with a code and Retry-After")
    func overloaded() throws {
        let folder = try TemporaryDirectory()
        let server = try Server.start(
            Listener(.api, on: .path(folder.path(of: "s"))), handler: Refuser())
        defer { _ = server.drain(deadline: .now + .seconds(2)) }
        let connection = try SocketConnection(folder.path(of: "s"))
        connection.write(
            Records.request(["REQUEST_METHOD": "GET", "REQUEST_ID": "r7"], []))
        let answer = try Answer(connection.readAll())
        #expect(answer.status == 503)
        #expect(answer.code == "overloaded")
        #expect(answer.header("Retry-After") == "5")
        #expect(answer.json["request_id"] as? String == "r7")
    }

    @Test("Metrics are open on this machine", arguments: ["127.0.0.1", "::1"])
    func metricsOnLoopback(address: String) throws {
        let answer = try server().get("/metrics", remoteAddress: address)
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.body.contains("# TYPE waybill_test_total counter\nwaybill_test_total 3\n"))
    }

    @Test(
        "Metrics need scope admin from elsewhere",
        arguments: ["192.0.2.7", "127.0.0.10", "", "::2"])
    func metricsFromElsewhere(address: String) throws {
        let server = try server()
        #expect(try server.get("/metrics", remoteAddress: address).status == 401)
        #expect(try server.get("/metrics", key: Keys.read, remoteAddress: address).status == 403)
        #expect(try server.get("/metrics", key: Keys.admin, remoteAddress: address).status == 200)
    }
}

/// What a router did with requests.
private final class Seen: Sendable {
    private let list = Mutex<[Bool]>([])

    var all: [Bool] { list.withLock { $0 } }

    func add(_ isImmediate: Bool) { list.withLock { $0.append(isImmediate) } }
}

/// Records what a router says of each request, and answers it.
private struct Gate: ExchangeHandler {
    private let router: Router
    private let seen: Seen

    init(_ router: Router, _ seen: Seen) {
        self.router = router
        self.seen = seen
    }

    func handle(_ exchange: Exchange) {
        seen.add(router.answersAtOnce(exchange))
        exchange.respond(Response(.ok))
    }
}

/// Refuses every request, as a router does.
private struct Refuser: ExchangeHandler {
    func handle(_ exchange: Exchange) { Router([]).refuse(exchange) }
}
