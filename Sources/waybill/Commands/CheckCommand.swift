import Domain
import Postgres
import Providers
import Security
import Store
import Telemetry

/// `waybill check`: the configuration as `serve` and `dispatch` would see it.
enum CheckCommand {
    static let help = """
        usage: waybill check [--service serve|dispatch|all]

        Lists every problem of the configuration at once, tries the database, and prints what is
        configured, without any secret. Exit status 0 if the services would start, 78 if the
        configuration has problems, 1 if only the database has.

          --service NAME  whose settings are looked at, exactly as that service reads them. Unless
                          given: those of each service whose secrets are here, and `serve` where there
                          are none. Both services may share a file of settings, so what belongs to a
                          secret of the other one is no problem then.
        """

    /// Whose settings are looked at.
    enum Service: String, CaseIterable {
        case serve
        case dispatch
        case all
    }

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["service"])
        let service = try arguments.value("service").map(service)
        let (configuration, sending) = try configurations(Environment(), service)
        for (name, value) in (configuration?.summary ?? []) + (sending?.summary ?? []) {
            Output.line("\(name): \(value)")
        }
        guard let database = configuration?.database ?? sending?.database else { return 0 }
        let state = databaseState(database)
        if let problem = state.problem { throw CommandFailure(problem) }
        let milliseconds = (state.latency ?? .zero) / .milliseconds(1)
        Output.line(
            "database: reachable in \(Int(milliseconds.rounded(.up))) ms,"
                + " migration \(state.migration ?? 0)")
        return 0
    }

    private static func service(_ name: String) throws(UsageError) -> Service {
        guard let service = Service(rawValue: name) else {
            let known = Service.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("--service takes one of \(known)")
        }
        return service
    }

    /// The settings of the services, with all problems of them; nil for one that is not looked at.
    static func configurations(
        _ environment: Environment, _ service: Service? = nil
    ) throws(ConfigurationError) -> (Configuration?, SendingConfiguration?) {
        let (servingFrom, sendingFrom) = environments(environment, service)
        var problems: [String] = []
        var serving: Configuration?
        var sending: SendingConfiguration?
        if let servingFrom {
            do throws(ConfigurationError) {
                serving = try Configuration(servingFrom)
            } catch { problems += error.problems }
        }
        if let sendingFrom {
            do throws(ConfigurationError) {
                sending = try SendingConfiguration(sendingFrom)
            } catch { problems += error.problems.filter { !problems.contains($0) } }
        }
        guard problems.isEmpty else {
            // The database's comes with them, so that one run shows all.
            var environment = environment
            if let database = environment.database("DATABASE_URL"),
                let problem = databaseState(database).problem
            {
                problems.append("DATABASE_URL: \(problem)")
            }
            throw ConfigurationError(problems: problems)
        }
        return (serving, sending)
    }

    /// What each service is to be read from; nil for one that is not looked at.
    private static func environments(
        _ environment: Environment, _ service: Service?
    ) -> (serving: Environment?, sending: Environment?) {
        switch service {
        case .serve: return (environment, nil)
        case .dispatch: return (nil, environment)
        case .all: return (environment, environment)
        case nil: break
        }
        let senders = SendingConfiguration.providersWithSecrets(environment)
        let serving =
            senders.isEmpty || Configuration.hasSecret(environment) ? environment : nil
        guard !senders.isEmpty else { return (serving, nil) }
        // A file that both services share names a provider's address also where the secret that
        // goes with it is the other service's.
        var foreign: Set<String> = []
        if !senders.contains(.infobip) { foreign.insert("INFOBIP_BASE_URL") }
        if !senders.contains(.plivo) {
            foreign.formUnion(["PLIVO_AUTH_ID", "PLIVO_SENDER", "PLIVO_POWERPACK_UUID"])
        }
        return (serving, environment.without(foreign))
    }

    private static func databaseState(_ settings: ConnectionSettings) -> DatabaseState {
        let pool = ConnectionPool(settings, maximumCount: 1)
        defer { pool.close() }
        return DatabaseHealth(pool).databaseState()
    }
}

extension Configuration {
    /// What is configured, as the documentation names it, without secrets.
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
