import Foundation
import Glibc
import Synchronization
import TestSupport

/// Two responders on one database behind one nginx, which is told which of them gets callbacks and
/// which gets streams.
///
/// nginx connects to links; each points to a socket of the one or the other, and the sockets stay
/// open while their responder is exchanged, as systemd's do.
final class ResponderPair: Sendable {
    enum Side: String, Sendable, CaseIterable {
        case first, second
    }

    let demo: RunningDemo
    private let sockets: [Side: ListeningSockets]
    private let running = Mutex<[Side: ActivatedResponder]>([:])
    private let starts = Atomic<Int>(0)
    private let settings: [String: String]

    /// Starts a demo, and two responders in place of its own.
    ///
    /// - Parameter settings: more of both responders' environment.
    /// - Throws: when one of them does not get ready.
    init(settings: [String: String] = [:]) throws {
        demo = try RunningDemo()
        let document = demo.document
        let own = try demo.currentDocument.pids.responder
        kill(own, SIGTERM)
        guard waitUntil(within: .seconds(30), { kill(own, 0) != 0 }) else {
            throw ConnectionFailure("the demo's responder does not end")
        }
        var sockets: [Side: ListeningSockets] = [:]
        for side in Side.allCases {
            let folder = "\(demo.directory)/nginx/\(side.rawValue)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            chmod(folder, 0o755)
            sockets[side] = try ListeningSockets(in: folder)
        }
        self.sockets = sockets
        self.settings = [
            "DATABASE_URL": document.database_url, "APP_BASE_URL": document.url,
            "INFOBIP_WEBHOOK_USER": document.infobip.user,
            "INFOBIP_WEBHOOK_PASSWORD": document.infobip.password,
            "PLIVO_AUTH_TOKEN": document.plivo.auth_token,
        ].merging(settings) { $1 }
        try route("callbacks", to: .first)
        try route("api", to: .first)
        try route("events", to: .second)
        for side in Side.allCases { try start(side) }
    }

    /// From now on a kind of request goes there: `callbacks`, `api` or `events`.
    func route(_ kind: String, to side: Side) throws {
        let link = "\(demo.directory)/nginx/\(kind).sock"
        let next = link + ".next"
        guard symlink("\(side.rawValue)/\(kind).sock", next) == 0, rename(next, link) == 0 else {
            throw ConnectionFailure("cannot link \(link): \(errno)")
        }
    }

    /// Starts a responder there, and returns when it is ready.
    func start(_ side: Side) throws {
        guard let sockets = sockets[side] else { throw ConnectionFailure("no sockets") }
        let number = starts.wrappingAdd(1, ordering: .relaxed).newValue
        let responder = try ActivatedResponder(
            sockets, settings: settings,
            log: "\(demo.directory)/logs/\(side.rawValue)-\(number).log")
        guard waitUntil(within: .seconds(30), { responder.isReady }) else {
            let log = try? String(contentsOfFile: responder.log, encoding: .utf8)
            throw ConnectionFailure("\(side) does not get ready: \(log ?? "")")
        }
        running.withLock { $0[side] = responder }
    }

    /// Ends the responder there, and returns when it has ended.
    ///
    /// - Returns: its exit status; nil if the signal ended it.
    @discardableResult
    func stop(_ side: Side, by signal: Int32 = SIGTERM) throws -> Int32? {
        let responder = running.withLock { $0.removeValue(forKey: side) }
        responder?.send(signal: signal)
        return responder?.waitForExit()
    }

    /// What the responder there has logged since its start.
    func log(of side: Side) -> String {
        let path = running.withLock { $0[side]?.log }
        return path.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? ""
    }

    /// Ends all of it.
    func end() {
        for side in Side.allCases { _ = try? stop(side) }
        _ = try? demo.stop()
    }
}
