import Domain
import Providers
import Settings

/// The configuration as the services read it: what `waybill check` shows.
struct ConfigurationCheck {
    /// Whose settings are looked at.
    enum Service: String, CaseIterable {
        case serve
        case dispatch
        case all
    }

    /// What all services are read from.
    let environment: Environment
    /// What `serve` reads, or what is wrong with it; nil if it is not looked at.
    let serving: Result<Configuration, ConfigurationError>?
    /// What `dispatch` reads, or what is wrong with it; nil if it is not looked at.
    let sending: Result<SendingConfiguration, ConfigurationError>?

    /// - Parameters:
    ///   - environment: what the services would be started with.
    ///   - service: whose settings are looked at, exactly as that service reads them; nil for those
    ///     of each service whose secrets are there.
    init(_ environment: Environment, _ service: Service? = nil) {
        self.environment = environment
        let sources = Self.environments(environment, service)
        serving = sources.serving.map { source in
            Result { () throws(ConfigurationError) in try Configuration(source) }
        }
        sending = sources.sending.map { source in
            Result { () throws(ConfigurationError) in try SendingConfiguration(source) }
        }
    }

    /// What is wrong with the services that are looked at, each problem once.
    var problems: [SettingProblem] {
        let sending = problems(of: .dispatch)
        let serving = problems(of: .serve)
        return serving + sending.filter { !serving.contains($0) }
    }

    /// What is wrong with one service; nothing if it is not looked at.
    func problems(of service: Setting.Reader) -> [SettingProblem] {
        switch service {
        case .serve: serving?.error?.problems ?? []
        case .dispatch: sending?.error?.problems ?? []
        default: []
        }
    }

    /// The settings of the services.
    ///
    /// - Parameter database: what trying it came to; nil if it was not tried.
    /// - Returns: nil for a service that is not looked at.
    /// - Throws: `ConfigurationError` with all problems, the database's too, so that one run shows
    ///   all.
    func configurations(
        database: DatabaseState? = nil
    ) throws(ConfigurationError) -> (serving: Configuration?, sending: SendingConfiguration?) {
        var problems = problems
        guard problems.isEmpty else {
            if let problem = database?.problem {
                problems.append(SettingProblem(WaybillSettings.databaseURL.name, problem))
            }
            throw ConfigurationError(problems: problems)
        }
        return (try serving?.get(), try sending?.get())
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
        var foreign: Set<Setting> = []
        if !senders.contains(.infobip) { foreign.insert(InfobipSettings.baseURL) }
        if !senders.contains(.plivo) {
            foreign.formUnion([
                PlivoSettings.authID, PlivoSettings.sender, PlivoSettings.powerpackUUID,
            ])
        }
        return (serving, environment.without(foreign))
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
