import Domain
import Foundation
import Postgres
import Providers
import Security
import Settings
import Store
import Telemetry
import TestSupport

@testable import waybill

/// Waybill with one more provider: the responder, the dispatcher and the database, wired by the
/// program's own code from the list of kits with one added.
final class AcmeResponder {
    static let kits = ProviderKits.all.appending(AcmeKit())
    static let secret = "a-secret-of-acme"

    let database: String
    let settings: [String: String]
    let key: String
    private let folder: TemporaryDirectory
    private let responder: Responder
    private let dispatcher: DispatchService

    /// Migrates a database of its own and starts everything.
    ///
    /// - Parameters:
    ///   - acme: the address of Acme's API.
    ///   - more: settings besides those that are needed.
    /// - Throws: the error of the part that does not start.
    init(acme: String, _ more: [String: String] = [:]) throws {
        let server = try PostgresServer.shared
        database = try server.createDatabase()
        folder = try TemporaryDirectory()
        settings = [
            "DATABASE_URL": database, "APP_BASE_URL": "https://sms.example.com",
            "WAYBILL_SOCKET_DIRECTORY": folder.path, "ACME_WEBHOOK_SECRET": Self.secret,
            "ACME_API_KEY": "key-of-acme", "ACME_BASE_URL": acme, "WAYBILL_ROUTES": "+49=acme",
            "LOG_LEVEL": "error",
        ].merging(more) { $1 }
        let connection = try ConnectionSettings(database)
        let files = try MigrationFile.all(in: Resources.folder("Migrations"))
        _ = try Migrator(connection, files: files)
            .migrate(granting: [], registering: Self.kits.providers) { _ in }
        let token = try APIToken.generate()
        key = token.revealed
        let logger = Logger(descriptor: -1)
        let pool = ConnectionPool(connection, maximumCount: 1)
        defer { pool.close() }
        _ = try APIKeys(pool, logger: logger).create(
            name: "test", scopes: Set(Scope.allCases), hash: token.digest.bytes,
            by: Requester(.commandLine(name: "test", number: 0)))
        responder = try Responder(
            Configuration(Environment(settings), kits: Self.kits), logger: logger)
        dispatcher = try DispatchService(
            SendingConfiguration(Environment(settings), kits: Self.kits), logger: logger)
    }

    /// Ends everything; work that has begun is written.
    func stop() -> Bool {
        let isSent = dispatcher.drain()
        return responder.drain() && isSent
    }

    /// A request to the API, as nginx would pass it.
    func api(_ method: String, _ target: String, _ body: String = "") throws -> SocketClient.Answer
    {
        try SocketClient(path: folder.path(of: "api.sock")).send(
            method, target,
            headers: [
                "HTTP_AUTHORIZATION": "Bearer \(key)", "CONTENT_TYPE": "application/json",
            ],
            body: Array(body.utf8))
    }

    /// A callback as Acme posts it.
    func callback(
        _ path: String, id: String, state: String, signedBy secret: String = AcmeResponder.secret
    ) throws -> SocketClient.Answer {
        let body = AcmeWebhook.body(
            id: id, state: state, at: "2026-11-20T09:15:04.913Z", to: "4915112345678")
        var headers = ["CONTENT_TYPE": "application/json"]
        headers["HTTP_X_ACME_SIGNATURE"] = Secret(secret).flatMap {
            AcmeWebhook.signature(of: body, $0)
        }
        return try SocketClient(path: folder.path(of: "callbacks.sock")).send(
            "POST", path, headers: headers, body: body)
    }

    /// A message's status from the API.
    func status(of id: String) throws -> String? {
        try api("GET", "/v1/messages/\(id)").json["status"] as? String
    }
}
