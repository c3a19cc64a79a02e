import Foundation
import Postgres
import Settings
import Store

/// `waybill migrate`: the only command that changes the schema.
enum MigrateCommand {
    static let help = """
        usage: waybill migrate [--status] [--directory DIR]

        Applies the migrations that the database lacks, each in a transaction of its own, and gives
        the role of DATABASE_URL its rights. Connects with MIGRATE_DATABASE_URL, or DATABASE_URL if
        that is not set.

          --status         only list which migrations are applied; exit status 3 if some are not
          --directory DIR  where NNNN_verb_noun.sql are; found beside the program unless given
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["directory"], flags: ["status"])
        var environment = Environment()
        let (database, responder) = try settings(&environment)
        do {
            let files = try MigrationFile.all(
                in: try arguments.value("directory") ?? Resources.folder("Migrations"))
            let migrator = try Migrator(database, files: files)
            if arguments.has("status") { return try printStatus(migrator) }
            let applied = try migrator.migrate(
                granting: responder.role.map { user in
                    DatabaseRole.all.map { RoleUser($0, user: user) }
                } ?? [],
                registering: ProviderKits.all.providers,
                onApply: { Output.line("applying \($0.name)") },
                onWait: { Output.note("\($0)") })
            Output.line(
                applied.isEmpty
                    ? "the schema is up to date" : "applied \(applied.count) migration(s)")
            if case .nobody(let reason) = responder {
                Output.line("no rights granted to another role: \(reason)")
            }
            return 0
        } catch let error as MigrationError {
            throw CommandFailure("\(error)")
        }
    }

    /// The migrations' connection, and the users that get rights.
    ///
    /// - Throws: `ConfigurationError` with the problems.
    static func settings(
        _ environment: inout Environment
    ) throws(ConfigurationError) -> (database: ConnectionSettings, responder: GrantedRole) {
        guard let database = environment.migrationDatabase() else {
            throw ConfigurationError(problems: environment.problems)
        }
        return (database, try environment.responderRole(besides: database))
    }

    private static func printStatus(_ migrator: Migrator) throws(MigrationError) -> Int32 {
        let states = try migrator.status()
        for state in states {
            Output.line("\(state.isApplied ? "applied" : "missing")  \(state.file.name)")
        }
        return states.allSatisfy(\.isApplied) ? 0 : 3
    }
}

/// The role that `serve` connects as, if it is another one than the migrations'.
enum GrantedRole {
    case another(String)
    /// No other user gets rights, with the reason.
    case nobody(String)

    var role: String? {
        if case .another(let role) = self { role } else { nil }
    }
}

extension Environment {
    fileprivate mutating func responderRole(
        besides migrations: ConnectionSettings
    ) throws(ConfigurationError) -> GrantedRole {
        // Without a migrations' role of its own, DATABASE_URL is set; otherwise nothing would
        // start.
        guard text(WaybillSettings.migrateDatabaseURL) != nil else {
            return .nobody("MIGRATE_DATABASE_URL is not set")
        }
        guard text(WaybillSettings.databaseURL) != nil else {
            return .nobody("DATABASE_URL is not set")
        }
        guard let responder = database(WaybillSettings.databaseURL) else {
            throw ConfigurationError(problems: problems)
        }
        guard let role = responder.user else { return .nobody("DATABASE_URL names none") }
        guard role != migrations.user else {
            return .nobody("DATABASE_URL and MIGRATE_DATABASE_URL name the same one")
        }
        return .another(role)
    }
}
