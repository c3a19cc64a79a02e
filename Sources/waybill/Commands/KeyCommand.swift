import Domain
import Foundation
import Postgres
import Security
import Settings
import Store
import Telemetry

/// `waybill key`: the keys to the API.
enum KeyCommand {
    static let help = """
        usage: waybill key create --name NAME --scope SCOPE[,SCOPE…]
               waybill key list
               waybill key revoke --name NAME

        Scopes: read (messages and reports), send (sending), admin (the state of the service).
        The key is printed once, when it is made; the database keeps only its SHA-256. Connects
        with DATABASE_URL.
        """

    static func run(_ words: [String]) throws -> Int32 {
        guard let verb = words.first else {
            throw CommandFailure(.usage, "create, list or revoke is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "create":
            let arguments = try Arguments(rest, options: ["name", "scope"])
            guard let name = arguments.value("name"), name.unicodeScalars.count <= 100 else {
                throw CommandFailure(.usage, "--name is missing or longer than 100 characters")
            }
            let scopes = try scopes(arguments.value("scope"))
            try create(name, scopes)
        case "list":
            _ = try Arguments(rest)
            try list()
        case "revoke":
            let arguments = try Arguments(rest, options: ["name"], positional: 0...1)
            guard let name = arguments.value("name") ?? arguments.positional.first else {
                throw CommandFailure(.usage, "--name is missing")
            }
            try revoke(name)
        default:
            throw CommandFailure(
                .usage, "there is no \"\(verb)\" here; known: create, list, revoke")
        }
        return 0
    }

    private static func scopes(_ text: String?) throws(CommandFailure) -> Set<APIKey.Scope> {
        let known = APIKey.Scope.allCases.map(\.rawValue).joined(separator: ", ")
        guard let text else {
            throw CommandFailure(.usage, "--scope is missing; it takes \(known)")
        }
        var scopes: Set<APIKey.Scope> = []
        for word in text.split(separator: ",") {
            guard let scope = APIKey.Scope(rawValue: String(word)) else {
                throw CommandFailure(.usage, "there is no scope \"\(word)\"; known: \(known)")
            }
            scopes.insert(scope)
        }
        guard !scopes.isEmpty else {
            throw CommandFailure(.usage, "--scope names no scope; it takes \(known)")
        }
        return scopes
    }

    private static func create(_ name: String, _ scopes: Set<APIKey.Scope>) throws {
        let token = try APIToken.generate()
        let isNew = try onDatabase { keys throws(StoreFailure) in
            try keys.create(name: name, scopes: scopes, hash: token.digest.bytes)
        }
        guard isNew else {
            throw CommandFailure(
                "a valid key named \"\(name)\" exists; revoke it or take another name")
        }
        Output.line(token.revealed)
    }

    private static func list() throws {
        let keys = try onDatabase { keys throws(StoreFailure) in try keys.list() }
        for key in keys {
            let scopes = key.scopes.sorted().map(\.rawValue).joined(separator: ",")
            let used = key.lastUsedAt?.description ?? "never"
            let state = key.revokedAt.map { "revoked \($0)" } ?? "valid"
            // A name may hold control characters that move the terminal's cursor.
            let name = MessageTimeline.printable(key.name)
            Output.line("\(name)\t\(scopes)\tmade \(key.createdAt)\tused \(used)\t\(state)")
        }
    }

    private static func revoke(_ name: String) throws {
        guard try onDatabase({ keys throws(StoreFailure) in try keys.revoke(name: name) }) else {
            throw CommandFailure("there is no valid key named \"\(name)\"")
        }
        Output.line("revoked")
    }

    private static func onDatabase<Value>(
        _ body: (APIKeys) throws(StoreFailure) -> Value
    ) throws -> Value {
        var environment = Environment()
        let database = try environment.requiredDatabase()
        let pool = ConnectionPool(database, maximumCount: 1)
        defer { pool.close() }
        do throws(StoreFailure) {
            // The command line shows the failure; a log line would repeat it.
            return try body(APIKeys(pool, logger: Logger(descriptor: -1)))
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
