import Postgres
import Settings

extension Environment {
    /// A connection that must be configured.
    ///
    /// - Parameters:
    ///   - setting: holds a connection string.
    ///   - responseTimeout: the longest wait for an answer; the usual one unless given.
    /// - Returns: nil if it is absent or of another form, which is a problem.
    mutating func database(
        _ setting: Setting, responseTimeout: Duration = .seconds(30)
    ) -> ConnectionSettings? {
        guard
            let text = required(setting, "set it to a connection string such as postgresql://…")
        else { return nil }
        guard !Self.splitsPassword(text) else {
            report(
                setting,
                "holds an @ or a / in its user or password, which libpq takes for the end of it;"
                    + " write %40 and %2F")
            return nil
        }
        do {
            return try ConnectionSettings(text, responseTimeout: responseTimeout)
        } catch {
            report(setting, "is no connection string that libpq understands")
            return nil
        }
    }

    /// The connection of the commands that use the service's own role.
    ///
    /// - Throws: `ConfigurationError` if there is none.
    mutating func requiredDatabase() throws(ConfigurationError) -> ConnectionSettings {
        guard let database = database(WaybillSettings.databaseURL) else {
            throw ConfigurationError(problems: problems)
        }
        return database
    }

    /// The connection of a setting that may be left out: then it is that of `DATABASE_URL`.
    ///
    /// - Parameter setting: holds a connection string.
    /// - Returns: nil if neither is given, or it is no connection string; the problem is reported.
    mutating func databaseOrUsual(_ setting: Setting) -> ConnectionSettings? {
        let before = problems.count
        if text(setting) != nil { return database(setting) }
        return problems.count == before ? database(WaybillSettings.databaseURL) : nil
    }

    /// Whether libpq would read a part of the password as the host, the port or the database's
    /// name, which are shown.
    private static func splitsPassword(_ text: String) -> Bool {
        guard
            let prefix = ["postgresql://", "postgres://"].first(where: text.hasPrefix)
        else { return false }
        let rest = text.dropFirst(prefix.count)
        // Where libpq ends user and password.
        guard let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }) else { return false }
        return rest[rest.index(after: end)...].prefix { $0 != "?" }.contains("@")
    }
}
