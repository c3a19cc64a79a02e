import Postgres
import Providers
import Security
import Settings
import Telemetry

extension Configuration {
    /// What is configured, as the documentation names it, without secrets.
    var summary: [(name: String, value: String)] {
        var lines: [(String, String)] = [
            (WaybillSettings.databaseURL.name, database.description)
        ]
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
