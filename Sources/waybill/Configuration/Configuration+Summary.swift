import Domain
import Postgres
import Providers
import Settings
import Telemetry
import Web

extension Configuration {
    /// What is configured, as the documentation names it, without secrets.
    var summary: [(name: String, value: String)] {
        var lines: [(String, String)] = [
            (WaybillSettings.databaseURL.name, database.description)
        ]
        for kit in kits.list {
            let settings = receiving.first { $0.traits.provider == kit.provider }?.settings
            lines += settings?.summary ?? [(kit.provider.name, "off")]
        }
        lines.append(("routing", routing.summary))
        lines.append(
            ("single sign-on", singleSignOn.map { "by \($0.userParameter)" } ?? "off"))
        lines.append(("sessions", sessions.summary))
        lines.append(("sockets", sockets.directory + (sockets.group.map { ", group \($0)" } ?? "")))
        if !corsOrigins.isEmpty {
            lines.append(("pages of other origins", corsOrigins.joined(separator: ", ")))
        }
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
        if limits.observedPerHour > 0 {
            lines.append(("unverified callbacks kept", "\(limits.observedPerHour) an hour"))
        }
        if let spool { lines.append(("spool", spool.summary)) }
        lines.append(("callbacks kept", "\(limits.callbackRetentionDays) days"))
        lines.append(
            ("messages kept", limits.ledgerRetentionDays.map { "\($0) days" } ?? "for good"))
        lines.append(("audit kept", "\(limits.auditRetentionDays) days"))
        lines.append(("messages from people kept", "\(limits.inboundRetentionDays) days"))
        lines.append(
            (
                "answers to people",
                "STOP \(answers.stop == nil ? "off" : "on"), HELP"
                    + " \(answers.help == nil ? "off" : "on")"
            ))
        return lines
    }
}

extension Configuration.Spool {
    fileprivate var summary: String {
        let use =
            switch mode {
            case .fallback: "when the database is away"
            case .always: "always, kept for \(window)"
            }
        return "\(directory), up to \(limitBytes) bytes, \(use)"
    }
}
