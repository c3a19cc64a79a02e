import Domain
import Foundation
import Providers
import Security
import Settings

/// The settings of a probe: the URL, the provider's credentials, and the API key.
struct ProbeSettings {
    /// The public address to which the callbacks' paths are appended; no slash at its end.
    let url: String
    /// The provider whose callback is imitated.
    let provider: Provider
    /// The settings that authenticate it.
    let receiving: any ReceivingSettings
    let key: APIToken
    /// A PEM file of authorities to trust instead of the system's.
    let authorities: String?

    /// Reads the arguments, and the environment as `serve` would.
    ///
    /// - Throws: `CommandFailure` for an unknown provider; `ConfigurationError` with every problem at
    ///   once.
    init(
        _ arguments: Arguments, _ environment: Environment = Environment(),
        kits: ProviderKits = .all
    ) throws {
        var environment = environment
        try self.init(arguments, reading: &environment, kits: kits)
    }

    /// The same; the environment keeps what was read.
    init(
        _ arguments: Arguments, reading environment: inout Environment,
        kits: ProviderKits = .all
    ) throws {
        // The arguments replace the settings, so that both are checked in the same way.
        if let url = arguments.value("url") {
            environment.replace(
                .publicAddresses, with: url.replacingOccurrences(of: ",", with: "\\,"),
                by: "--url")
        }
        if let file = arguments.value("key-file") {
            environment.replace(WaybillSettings.apiKey, withFile: file, by: "--key-file")
        }
        let wanted = try arguments.value("provider").map { try Self.kits(named: $0, in: kits) }
        let receiving = environment.probed(wanted ?? kits.list)
        let base = environment.probeURL()
        let key = environment.probeKey()
        // openssl checks its content: comments in it may be in any encoding.
        if let file = arguments.value("ca"), !Self.isReadable(file) {
            environment.report(option: "--ca", "the file \(file) cannot be read")
        }
        guard let receiving, let base, let key, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        authorities = arguments.value("ca")
        provider = receiving.traits.provider
        self.receiving = receiving.settings
        self.key = key
        url = base
    }

    private static func isReadable(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue && FileManager.default.isReadableFile(atPath: path)
    }

    private static func kits(
        named name: String, in kits: ProviderKits
    ) throws(CommandFailure) -> [any ProviderKit] {
        guard let kit = kits.list.first(where: { $0.provider.name == name }) else {
            throw CommandFailure(
                .usage, "there is no provider \"\(name)\"; known: \(kits.traits.names)")
        }
        return [kit]
    }
}

extension Environment {
    /// The first of these providers that is configured.
    fileprivate mutating func probed(_ kits: [any ProviderKit]) -> ReceivingProvider? {
        let before = problems.count
        // All are read, so that every problem is reported.
        let found = kits.compactMap { kit in
            kit.receiving(&self).map { ReceivingProvider(traits: kit.traits, settings: $0) }
        }
        if found.isEmpty, problems.count == before, let kit = kits.first {
            report(
                kit.neededToReceive.first,
                "is not set; a probe signs with the same secrets that `waybill serve` checks")
        }
        return found.first
    }

    /// The first public address.
    fileprivate mutating func probeURL() -> String? {
        let setting = Setting.publicAddresses
        let first = list(setting).first
        if first == nil, !isGiven(setting) {
            report(setting, "is not set, nor was --url given; it is where the probe calls")
        }
        guard let first else { return nil }
        // A problem that a provider's settings have reported is not reported again.
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
