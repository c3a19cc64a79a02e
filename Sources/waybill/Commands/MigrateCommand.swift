import Foundation
import Postgres
import Settings
import Store

/// `waybill migrate`: the only command that changes the schema.
enum MigrateCommand {
    static let help = """
        usage: waybill migrate [--status] [--directory DIR]

        Applies the migrations that the database lacks, each in a transaction of its own, and gives
        the roles of DATABASE_URL, DISPATCH_DATABASE_URL and DELIVER_DATABASE_URL exactly the rights
        that the responder, the dispatcher and the deliverer need. Connects with MIGRATE_DATABASE_URL, or DATABASE_URL if that is not set.

          --status         only list which migrations are applied; exit status 3 if some are not
          --directory DIR  where NNNN_verb_noun.sql are; found beside the program unless given
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["directory"], flags: ["status"])
        var environment = Environment()
        let (database, holders) = try settings(&environment)
        do {
            let files = try MigrationFile.all(
                in: try arguments.value("directory") ?? Resources.folder("Migrations"))
            let migrator = try Migrator(database, files: files)
            if arguments.has("status") { return try printStatus(migrator) }
            let applied = try migrator.migrate(
                granting: holders.users,
                registering: ProviderKits.all.providers,
                onApply: { Output.line("applying \($0.name)") },
                onWait: { Output.note("\($0)") })
            Output.line(
                applied.isEmpty
                    ? "the schema is up to date" : "applied \(applied.count) migration(s)")
            for note in holders.notes { Output.line(note) }
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
    ) throws(ConfigurationError) -> (database: ConnectionSettings, holders: RightHolders) {
        guard
            let database = environment.databaseOrUsual(WaybillSettings.migrateDatabaseURL)
        else { throw ConfigurationError(problems: environment.problems) }
        return (database, try environment.rightHolders(besides: database))
    }

    private static func printStatus(_ migrator: Migrator) throws(MigrationError) -> Int32 {
        let states = try migrator.status()
        for state in states {
            Output.line("\(state.isApplied ? "applied" : "missing")  \(state.file.name)")
        }
        return states.allSatisfy(\.isApplied) ? 0 : 3
    }
}

/// The users of the database that get rights from the migrations' role.
struct RightHolders {
    /// Each with its role; none is the migrations' own.
    fileprivate(set) var users: [RoleUser] = []
    /// The roles that nobody else plays, and why.
    fileprivate(set) var withoutUser: [(role: DatabaseRole, reason: String)] = []

    /// What to tell the person who migrates.
    var notes: [String] {
        guard let first = withoutUser.first else { return [] }
        if users.isEmpty { return ["no rights granted to another role: \(first.reason)"] }
        return withoutUser.map { "no rights granted to the \($0.role.name): \($0.reason)" }
    }
}

extension Environment {
    /// Finds the user of each role by the role's setting.
    fileprivate mutating func rightHolders(
        besides migrations: ConnectionSettings
    ) throws(ConfigurationError) -> RightHolders {
        var holders = RightHolders()
        let hasOwner = text(WaybillSettings.migrateDatabaseURL) != nil
        let owner = hasOwner ? WaybillSettings.migrateDatabaseURL : WaybillSettings.databaseURL
        for role in DatabaseRole.all {
            let own = WaybillSettings.databaseURL(of: role)
            let setting = text(own) != nil ? own : WaybillSettings.databaseURL
            guard setting != owner else {
                holders.withoutUser.append((role, "MIGRATE_DATABASE_URL is not set"))
                continue
            }
            guard text(setting) != nil else {
                holders.withoutUser.append((role, "\(setting.name) is not set"))
                continue
            }
            guard let connection = database(setting) else { continue }
            if let user = connection.user, user != migrations.user {
                holders.users.append(RoleUser(role, user: user))
            } else {
                let reason =
                    connection.user == nil
                    ? "names none" : "and \(owner.name) name the same one"
                holders.withoutUser.append((role, "\(setting.name) \(reason)"))
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return holders
    }
}
