import Domain
import Security
import Telemetry

/// All settings of the responder, checked as a whole before anything starts.
struct Configuration {
    /// Where the responder reads and writes; a libpq connection string.
    let databaseURL: Secret
    /// Where `waybill migrate` changes the schema.
    let migrateDatabaseURL: Secret
    let infobip: Infobip?
    let plivo: Plivo?
    let logLevel: Logger.Level
    let sockets: Sockets
    let limits: Limits

    /// How Infobip proves that it is Infobip: every method that has secrets is enabled.
    struct Infobip {
        /// User and password, any pair of which suffices.
        let basic: [(user: Secret, password: Secret)]
        let header: HeaderName
        let headerSecrets: [Secret]
        let hmacHeader: HeaderName
        let hmacAlgorithm: HMAC.Algorithm
        let hmacSecrets: [Secret]
    }

    /// How Plivo proves that it is Plivo.
    struct Plivo {
        let authID: String?
        let tokens: [Secret]
        /// Scheme and authority that Plivo calls, without a trailing slash.
        let baseURLs: [String]
        let allowsV2: Bool
    }

    /// The Unix sockets that we bind ourselves when systemd hands none over.
    struct Sockets {
        /// Holds `callbacks.sock`, `api.sock`, `events.sock`.
        let directory: String
        /// The group that may connect (nginx's); nil leaves the process's own.
        let group: String?
    }

    /// Bounds on what the process takes on.
    struct Limits {
        let callbackWorkers: Int
        let apiWorkers: Int
        let maxConnections: Int
        let maxInFlight: Int
        let writerQueueReports: Int
        let writerConnections: Int
        let commitDeadline: Duration
        let poolSize: Int
        let statementTimeout: Duration
        let drainDeadline: Duration
        let callbackRetentionDays: Int
    }
}

/// Every problem of the configuration, one a line.
struct ConfigurationError: Error, CustomStringConvertible {
    let problems: [String]

    var description: String {
        (["the configuration has \(problems.count) problem(s):"] + problems.map { "  \($0)" })
            .joined(separator: "\n")
    }
}
