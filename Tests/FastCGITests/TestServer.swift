import Foundation
import System
import Testing

@testable import FastCGI

/// A handler made of a closure.
struct Handler: ExchangeHandler {
    let body: @Sendable (Exchange) -> Void

    init(_ body: @escaping @Sendable (Exchange) -> Void) { self.body = body }

    func handle(_ exchange: Exchange) { body(exchange) }

    /// Answers with method, URI and body.
    static let echo = Handler { exchange in
        do throws(FastCGIError) {
            let body = try exchange.readBody(limit: 1 << 20)
            let head = "\(exchange.method ?? "-") \(exchange.requestURI ?? "-") "
            exchange.respond(Response(.ok, headers: [.plainText], body: Array(head.utf8) + body))
        } catch {
            exchange.respond(
                Response(.badRequest, headers: [.plainText], body: Array("\(error)".utf8)))
        }
    }
}

/// A server on a socket in a folder of its own, which is removed with it.
final class TestServer: Sendable {
    let server: Server
    let path: String
    let incidents = Inbox<Incident>()
    private let folder: TemporaryFolder

    init(
        _ limits: Listener.Limits = Listener.Limits(workers: 2), handler: any ExchangeHandler
    ) throws {
        folder = try TemporaryFolder()
        path = folder.path("s")
        let incidents = incidents
        server = try Server.start(
            Listener(.callbacks, on: .path(path), limits: limits), handler: handler
        ) { incidents.put($0) }
    }

    deinit { server.drain(deadline: .now + .seconds(1)) }

    func peer() throws -> TestPeer { try TestPeer(path) }
}

final class TemporaryFolder: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(
            path: "waybill-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

/// Values passed from the server's threads to the test's, each taken once.
final class Inbox<Value: Sendable>: Sendable {
    // Not the standard library's Mutex: the thread sanitizer does not understand that one.
    private let values = Monitor<[Value]>([])

    func put(_ value: Value) {
        values.withLock { $0.append(value) }
        values.wakeAll()
    }

    /// The oldest one; nil after ten seconds, or as long as is given, without any.
    func take(within limit: Duration = .seconds(10)) -> Value? {
        values.wait(until: .now + limit) { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// All that were not taken.
    var rest: [Value] { values.withLock { $0 } }
}
