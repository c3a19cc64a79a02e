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
        usage: waybill key create --name NAME --scope SCOPE[,SCOPE…] [--expires WHEN]
                                  [--address ADDRESS[,ADDRESS…]]
               waybill key list
               waybill key rotate --name NAME [--overlap TIME]
               waybill key revoke --name NAME

        Scopes: read (messages and reports), send (sending), admin (the state of the service).
        The key is printed once, when it is made; the database keeps only its SHA-256. Connects
        with DATABASE_URL.

        --expires names when the key ends: a time with its zone, as in 2027-01-01T00:00:00Z, or how
        long it lives, as in 12h, 90d or 365d. --address names the addresses and networks that it may
        be used from, as in 192.0.2.0/24,2001:db8::1.

        rotate prints a new secret for the key: its id, name and scopes stay, and what hangs on
        them, such as its Idempotency-Keys. The old secret ends at once, or after the time that
        --overlap names, as in 90s, 30m, 24h or 7d; up to 30d.
        """

    private static let verbs = ["create", "list", "rotate", "revoke"]

    static func run(_ words: [String]) throws -> Int32 {
        guard let verb = words.first else {
            throw CommandFailure(.usage, "create, list, rotate or revoke is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "create":
            let arguments = try Arguments(rest, options: ["name", "scope", "expires", "address"])
            guard let name = arguments.value("name"), name.unicodeScalars.count <= 100 else {
                throw CommandFailure(.usage, "--name is missing or longer than 100 characters")
            }
            let draft = APIKeyDraft(
                name: name, scopes: try scopes(arguments.value("scope")),
                expiresAt: try end(arguments.value("expires")),
                networks: try networks(arguments.value("address")))
            try create(draft)
        case "list":
            _ = try Arguments(rest)
            try list()
        case "rotate":
            let arguments = try Arguments(rest, options: ["name", "overlap"], positional: 0...1)
            guard let name = arguments.value("name") ?? arguments.positional.first else {
                throw CommandFailure(.usage, "--name is missing")
            }
            try rotate(name, overlap: overlap(arguments.value("overlap")))
        case "revoke":
            let arguments = try Arguments(rest, options: ["name"], positional: 0...1)
            guard let name = arguments.value("name") ?? arguments.positional.first else {
                throw CommandFailure(.usage, "--name is missing")
            }
            try revoke(name)
        default:
            let known = verbs.joined(separator: ", ")
            throw CommandFailure(.usage, "there is no \"\(verb)\" here; known: \(known)")
        }
        return 0
    }

    private static func scopes(_ text: String?) throws(CommandFailure) -> Set<Scope> {
        let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
        guard let text else {
            throw CommandFailure(.usage, "--scope is missing; it takes \(known)")
        }
        var scopes: Set<Scope> = []
        for word in text.split(separator: ",") {
            guard let scope = Scope(rawValue: String(word)) else {
                throw CommandFailure(.usage, "there is no scope \"\(word)\"; known: \(known)")
            }
            scopes.insert(scope)
        }
        guard !scopes.isEmpty else {
            throw CommandFailure(.usage, "--scope names no scope; it takes \(known)")
        }
        return scopes
    }

    /// A time, or how long from now.
    private static func end(_ text: String?) throws(CommandFailure) -> Timestamp? {
        guard let text else { return nil }
        let end =
            DurationText.read(text, most: longestLife).map { Timestamp.now.advanced(by: $0) }
            ?? (try? Timestamp(rfc3339: text))
        guard let end, end > .now else {
            throw CommandFailure(
                .usage,
                "--expires takes a time to come with its zone, as in 2027-01-01T00:00:00Z, or a number"
                    + " of hours or days, as in 12h or 90d")
        }
        return end
    }

    private static func networks(_ text: String?) throws(CommandFailure) -> [IPNetwork] {
        guard let text else { return [] }
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        guard words.count <= APIKeyDraft.networkLimit else {
            throw CommandFailure(
                .usage, "--address takes at most \(APIKeyDraft.networkLimit) addresses")
        }
        var networks: [IPNetwork] = []
        for word in words {
            guard let network = IPNetwork(String(word)) else {
                throw CommandFailure(
                    .usage, "--address: \"\(word)\" is not \(IPNetwork.rule)")
            }
            networks.append(network)
        }
        return networks
    }

    private static func overlap(_ text: String?) throws(CommandFailure) -> Duration {
        guard let text else { return .zero }
        guard let duration = DurationText.read(text, most: longestOverlap) else {
            throw CommandFailure(
                .usage,
                "--overlap takes a number of seconds, minutes, hours or days, as in 90s, 30m, 24h"
                    + " or 7d; up to 30d")
        }
        return duration
    }

    private static let longestOverlap: Int64 = 30 * 86_400
    private static let longestLife: Int64 = 3650 * 86_400

    private static func create(_ draft: APIKeyDraft) throws {
        let token = try APIToken.generate()
        let creation = try onDatabase { keys throws(StoreFailure) in
            try keys.create(draft, hash: token.digest.bytes, by: .commandLine)
        }
        switch creation {
        case .created: break
        case .nameTaken:
            throw CommandFailure(
                "a valid key named \"\(draft.name)\" exists; revoke it or take another name")
        case .tooMany:
            throw CommandFailure(
                "there are \(keyLimit) valid keys; revoke those that nobody uses")
        }
        Output.line(token.revealed)
    }

    private static func list() throws {
        let keys = try onDatabase { keys throws(StoreFailure) in try keys.list() }
        for key in keys {
            let scopes = key.scopes.sorted().map(\.rawValue).joined(separator: ",")
            let used = key.lastUsedAt?.description ?? "never"
            let state =
                key.revokedAt.map { "revoked \($0)" }
                ?? key.expiresAt.map { $0 <= .now ? "ended \($0)" : "valid until \($0)" } ?? "valid"
            // A name may hold control characters that move the terminal's cursor.
            let name = MessageTimeline.printable(key.name)
            let from =
                key.networks.isEmpty
                ? [] : ["from \(key.networks.map(\.description).joined(separator: ","))"]
            let old = key.revokedAt == nil ? key.secrets.compactMap(Self.description) : []
            Output.line(
                (["\(name)\t\(scopes)\tmade \(key.createdAt)\tused \(used)\t\(state)"] + from + old)
                    .joined(separator: "\t"))
        }
    }

    /// The end of a secret that was replaced, and its last use.
    private static func description(_ secret: APIKey.IssuedSecret) -> String? {
        guard let end = secret.expiresAt else { return nil }
        let used = secret.lastUsedAt?.description ?? "never"
        return "old secret until \(end), used \(used)"
    }

    private static func rotate(_ name: String, overlap: Duration) throws {
        let token = try APIToken.generate()
        let isKnown = try onDatabase { keys throws(StoreFailure) in
            try keys.rotate(
                name: name, hash: token.digest.bytes, overlap: overlap, by: .commandLine)
        }
        guard isKnown else { throw unknown(name) }
        Output.line(token.revealed)
    }

    private static func revoke(_ name: String) throws {
        let isKnown = try onDatabase { keys throws(StoreFailure) in
            try keys.revoke(name: name, by: .commandLine)
        }
        guard isKnown else { throw unknown(name) }
        Output.line("revoked")
    }

    private static func unknown(_ name: String) -> CommandFailure {
        CommandFailure("there is no valid key named \"\(name)\"")
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
