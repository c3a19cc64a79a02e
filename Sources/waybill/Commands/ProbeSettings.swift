import Domain
import Foundation
import Providers
import Security
import Settings

/// What a probe needs to know: where to, as whom, and how to read back.
struct ProbeSettings {
    /// Whose callbacks are imitated, and what proves them.
    enum Credentials {
        case infobip(InfobipWebhook.Settings)
        case plivo(token: Secret)

        var provider: Provider {
            switch self {
            case .infobip: .infobip
            case .plivo: .plivo
            }
        }
    }

    /// The public address that the callbacks' paths are put behind; no slash at its end.
    let url: String
    let credentials: Credentials
    let key: APIToken
    /// A PEM file of authorities to trust in place of the system's.
    let authorities: String?

    /// Reads the arguments, and the environment as `serve` would.
    ///
    /// - Throws: `CommandFailure` for an unknown provider; `ConfigurationError` with every problem at
    ///   once.
    init(_ arguments: Arguments, _ environment: Environment = Environment()) throws {
        var environment = environment
        try self.init(arguments, reading: &environment)
    }

    /// The same, and leaves in the environment what was read.
    init(_ arguments: Arguments, reading environment: inout Environment) throws {
        // The arguments stand in for the settings, so that both are checked alike.
        if let url = arguments.value("url") {
            environment.replace(
                .publicAddresses, with: url.replacingOccurrences(of: ",", with: "\\,"),
                by: "--url")
        }
        if let file = arguments.value("key-file") {
            environment.replace(WaybillSettings.apiKey, withFile: file, by: "--key-file")
        }
        let wanted = try arguments.value("provider").map(Self.provider)
        let credentials = environment.probeCredentials(wanted)
        let base = environment.probeURL()
        let key = environment.probeKey()
        // What is in it is for openssl to judge: comments in it may be in any encoding.
        if let file = arguments.value("ca"), !Self.isReadable(file) {
            environment.report(option: "--ca", "the file \(file) cannot be read")
        }
        guard let credentials, let base, let key, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        authorities = arguments.value("ca")
        self.credentials = credentials
        self.key = key
        url = base
    }

    private static func isReadable(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue && FileManager.default.isReadableFile(atPath: path)
    }

    private static func provider(_ name: String) throws(CommandFailure) -> Provider {
        guard let provider = Provider(rawValue: name) else {
            let known = Provider.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.usage, "there is no provider \"\(name)\"; known: \(known)")
        }
        return provider
    }
}

extension Environment {
    /// The credentials of the wanted provider, or of the first one that is configured.
    fileprivate mutating func probeCredentials(_ wanted: Provider?) -> ProbeSettings.Credentials? {
        let before = problems.count
        let infobip = wanted == .plivo ? nil : InfobipWebhook.Settings(&self)
        let plivo = wanted == .infobip ? nil : PlivoWebhook.Settings(&self)
        if let infobip { return .infobip(infobip) }
        if let token = plivo?.tokens.first { return .plivo(token: token) }
        if problems.count == before {
            report(
                wanted == .plivo ? PlivoSettings.authToken : InfobipSettings.webhookPassword,
                "is not set; a probe signs with the same secrets that `waybill serve` checks")
        }
        return nil
    }

    /// The first public address.
    fileprivate mutating func probeURL() -> String? {
        let setting = Setting.publicAddresses
        let first = list(setting).first
        if first == nil, !isGiven(setting) {
            report(setting, "is not set, nor was --url given; it is where the probe calls")
        }
        guard let first else { return nil }
        // A problem that Plivo's settings have told is not told again.
        guard checkAddress(first, of: setting) else { return nil }
        guard first.hasPrefix("https://") else {
            report(setting, "\"\(first)\" is not https, without which no secret is sent")
            return nil
        }
        return first.hasSuffix("/") ? String(first.dropLast()) : first
    }

    fileprivate mutating func probeKey() -> APIToken? {
        guard
            let text = required(
                WaybillSettings.apiKey,
                "make a key with `waybill key create --name probe --scope read`, and name a file"
                    + " that holds it with --key-file")
        else { return nil }
        guard let token = APIToken(text) else {
            report(
                WaybillSettings.apiKey,
                "is no API key of ours; they begin with \(APIToken.prefix)")
            return nil
        }
        return token
    }
}
