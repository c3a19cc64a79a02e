import Foundation
import Glibc
import Synchronization
import Testing

@testable import FastCGI

/// A handler made of a closure.
struct Handler: ExchangeHandler {
    let body: @Sendable (Exchange) -> Void

    init(_ body: @escaping @Sendable (Exchange) -> Void) { self.body = body }

    func handle(_ exchange: Exchange) { body(exchange) }

    /// Answers with method, URI and body.
    static let echo = Handler { exchange in
        do throws(BodyError) {
            let body = try exchange.readBody(limit: 1 << 20)
            let head = "\(exchange.method ?? "-") \(exchange.requestURI ?? "-") "
            exchange.respond(Response(.ok, headers: [.plainText], body: Array(head.utf8) + body))
        } catch {
            exchange.respond(
                Response(.badRequest, headers: [.plainText], body: Array("\(error)".utf8)))
        }
    }
}

/// A server on a socket in a folder of its own, which goes with it.
final class TestServer: Sendable {
    let server: Server
    let path: String
    let incidents: Incidents
    private let folder: TemporaryFolder

    init(
        _ limits: Listener.Limits = Listener.Limits(workers: 2), handler: any ExchangeHandler
    ) throws {
        folder = try TemporaryFolder()
        path = folder.path("s")
        let incidents = Incidents()
        self.incidents = incidents
        server = try Server.start(
            Listener(.callbacks, on: .path(path), limits: limits), handler: handler
        ) { incidents.record($0) }
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

/// What the hook was told.
final class Incidents: Sendable {
    private let list = Mutex<[Incident]>([])
    private let changed = DispatchSemaphore(value: 0)

    func record(_ incident: Incident) {
        list.withLock { $0.append(incident) }
        changed.signal()
    }

    var all: [Incident] { list.withLock { $0 } }

    /// Waits for the next one.
    func next() -> Incident? {
        guard changed.wait(timeout: .now() + 10) == .success else { return nil }
        return list.withLock { $0.last }
    }
}

/// Values handed from the server's threads to the test's.
final class Inbox<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let filled = DispatchSemaphore(value: 0)

    func put(_ value: Value) {
        values.withLock { $0.append(value) }
        filled.signal()
    }

    /// The oldest one; nothing after ten seconds without any.
    func take() -> Value? {
        guard filled.wait(timeout: .now() + 10) == .success else { return nil }
        return values.withLock { $0.removeFirst() }
    }
}
