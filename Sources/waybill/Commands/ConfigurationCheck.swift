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
    /// The providers that the services know.
    let kits: ProviderKits
    /// What `serve` reads, or what is wrong with it; nil if it is not looked at.
    let serving: Result<Configuration, ConfigurationError>?
    /// What `dispatch` reads, or what is wrong with it; nil if it is not looked at.
    let sending: Result<SendingConfiguration, ConfigurationError>?

    /// - Parameters:
    ///   - environment: what the services would be started with.
    ///   - service: whose settings are looked at, exactly as that service reads them; nil for those
    ///     of each service whose secrets are there.
    ///   - kits: the providers that the services know.
    init(_ environment: Environment, _ service: Service? = nil, kits: ProviderKits = .all) {
        self.environment = environment
        self.kits = kits
        let sources = Self.environments(environment, service, kits)
        serving = sources.serving.map { source in
            Result { () throws(ConfigurationError) in try Configuration(source, kits: kits) }
        }
        sending = sources.sending.map { source in
            Result { () throws(ConfigurationError) in
                try SendingConfiguration(source, kits: kits)
            }
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
        _ environment: Environment, _ service: Service?, _ kits: ProviderKits
    ) -> (serving: Environment?, sending: Environment?) {
        switch service {
        case .serve: return (environment, nil)
        case .dispatch: return (nil, environment)
        case .all: return (environment, environment)
        case nil: break
        }
        let sends = kits.list.contains { $0.neededToSend.areGiven(in: environment) }
        let receives = kits.list.contains { $0.neededToReceive.areGiven(in: environment) }
        let serving = !sends || receives ? environment : nil
        guard sends else { return (serving, nil) }
        // A file that both services share names a provider's address also where the secret that
        // goes with it is the other service's.
        return (serving, environment.without(kits.foreign(environment)))
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
