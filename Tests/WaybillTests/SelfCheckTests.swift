import FastCGI
import Foundation
import TestSupport
import Testing

@testable import waybill

@Suite("Self-check", .blocking)
struct SelfCheckTests {
    private struct Handler: ExchangeHandler {
        let body: @Sendable (Exchange) -> Void

        func handle(_ exchange: Exchange) { body(exchange) }
    }

    private func check(
        within limit: Duration = .seconds(5), _ handler: @escaping @Sendable (Exchange) -> Void
    ) throws -> Bool {
        let folder = try TemporaryDirectory()
        let server = try Server.start(
            Listener(.api, on: .path(folder.path(of: "s"))), handler: Handler(body: handler))
        defer { _ = server.drain(deadline: .now + .milliseconds(100)) }
        return SelfCheck.answers(path: folder.path(of: "s"), within: limit)
    }

    @Test("It requests /health/live as nginx would, and accepts a 200")
    func alive() throws {
        #expect(
            try check { exchange in
                let isRight =
                    exchange.method == "GET" && exchange.documentURI == "/health/live"
                    && exchange.requestURI == "/health/live" && exchange.requestID == "watchdog"
                exchange.respond(Response(isRight ? .ok : .badRequest))
            })
    }

    @Test("Any other status is a failure, whatever the body says")
    func unhealthy() throws {
        #expect(
            try !check { exchange in
                exchange.respond(
                    Response(
                        .serviceUnavailable, headers: [.plainText], body: Array("Status: 200".utf8))
                )
            })
    }

    @Test("No answer in time is a failure")
    func late() throws {
        let release = DispatchSemaphore(value: 0)
        let start = ContinuousClock.now
        let isAlive = try check(within: .milliseconds(50)) { exchange in
            // Until the test has its result; the server's drain waits for it.
            _ = release.wait(timeout: .now() + 0.3)
            exchange.respond(Response(.ok))
        }
        release.signal()
        #expect(!isAlive)
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test(
        "A socket that is not there is a failure",
        arguments: ["/nonexistent/s", String(repeating: "x", count: 200)])
    func missing(path: String) {
        #expect(!SelfCheck.answers(path: path, within: .seconds(1)))
    }
}
