import Domain
import Postgres
import Providers
import Security
import Store
import Telemetry

/// `waybill check`: the configuration as `serve` would see it.
enum CheckCommand {
    static let help = """
        usage: waybill check

        Lists every problem of the configuration at once, tries the database, and prints what is
        configured, without any secret; that of sending, too, if any of it is set. Exit status 0 if
        `waybill serve` (and `waybill dispatch`) would start, 78 if the configuration has problems, 1
        if only the database has.
        """

    static func run(_ words: [String]) throws -> Int32 {
        _ = try Arguments(words)
        let (configuration, sending) = try configurations(Environment())
        for (name, value) in configuration.summary + (sending?.summary ?? []) {
            Output.line("\(name): \(value)")
        }
        let state = databaseState(configuration.database)
        if let problem = state.problem { throw CommandFailure(problem) }
        let milliseconds = (state.latency ?? .zero) / .milliseconds(1)
        Output.line(
            "database: reachable in \(Int(milliseconds.rounded(.up))) ms,"
                + " migration \(state.migration ?? 0)")
        return 0
    }

    /// The settings of both services, with all problems of both; nil for one that is not wanted.
    static func configurations(
        _ environment: Environment
    ) throws(ConfigurationError) -> (Configuration, SendingConfiguration?) {
        var problems: [String] = []
        var serving: Configuration?
        var sending: SendingConfiguration?
        do throws(ConfigurationError) {
            serving = try configuration(environment)
        } catch { problems += error.problems }
        if SendingConfiguration.isWanted(environment) {
            do throws(ConfigurationError) {
                sending = try SendingConfiguration(environment)
            } catch { problems += error.problems.filter { !problems.contains($0) } }
        }
        guard let serving, problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return (serving, sending)
    }

    /// The settings; their problems come with the database's, so that one run shows them all.
    private static func configuration(
        _ environment: Environment
    ) throws(ConfigurationError) -> Configuration {
        do throws(ConfigurationError) {
            return try Configuration(environment)
        } catch {
            var environment = environment
            guard let database = environment.database("DATABASE_URL"),
                let problem = databaseState(database).problem
            else { throw error }
            throw ConfigurationError(problems: error.problems + ["DATABASE_URL: \(problem)"])
        }
    }

    private static func databaseState(_ settings: ConnectionSettings) -> DatabaseState {
        let pool = ConnectionPool(settings, maximumCount: 1)
        defer { pool.close() }
        return DatabaseHealth(pool).databaseState()
    }
}

extension Configuration {
    /// What is configured, in the words of README.md, without secrets.
    var summary: [(name: String, value: String)] {
        var lines: [(String, String)] = [("DATABASE_URL", database.description)]
        if let infobip {
            lines.append(("infobip basic", "\(infobip.basic.count) pair(s)"))
            lines.append(
                (
                    "infobip header",
                    "\(infobip.headerName), \(infobip.headerSecrets.count) secret(s)"
                ))
            let algorithm = infobip.hmacKeys.first.map { ", \($0.algorithm.rawValue)" } ?? ""
            lines.append(
                (
                    "infobip hmac",
                    "\(infobip.hmacHeaderName), \(infobip.hmacKeys.count) secret(s)\(algorithm)"
                ))
            lines.append(("infobip url", "\(infobip.urlSecrets.count) secret(s)"))
        } else {
            lines.append(("infobip", "off"))
        }
        if let plivo {
            lines.append(("plivo base URLs", plivo.baseURLs.joined(separator: ", ")))
            lines.append(
                (
                    "plivo",
                    "\(plivo.tokens.count) token(s), signature V2 \(plivo.allowsV2 ? "allowed" : "refused")"
                ))
        } else {
            lines.append(("plivo", "off"))
        }
        lines.append(("routing", routing.summary))
        lines.append(("sockets", sockets.directory + (sockets.group.map { ", group \($0)" } ?? "")))
        lines.append(("log level", logLevel.rawValue))
        lines.append(
            ("workers", "\(limits.callbackWorkers) for callbacks, \(limits.apiWorkers) for the API")
        )
        lines.append(
            (
                "bounds",
                "\(limits.maxConnections) connections and \(limits.maxInFlight) requests a socket,"
                    + " \(limits.writerQueueReports) queued reports"
            ))
        lines.append(
            (
                "database connections",
                "\(limits.writerConnections) for the writer, \(limits.poolSize) for the API"
            ))
        lines.append(
            (
                "deadlines",
                "commit \(limits.commitDeadline), drain \(limits.drainDeadline)"
            ))
        lines.append(("callbacks kept", "\(limits.callbackRetentionDays) days"))
        return lines
    }
}
