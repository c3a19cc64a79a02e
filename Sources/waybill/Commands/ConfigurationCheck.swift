import Domain
import Providers
import Settings

/// The configuration as the services read it: what `waybill check` shows.
struct ConfigurationCheck {
    /// The services whose settings are checked.
    enum Service: String, CaseIterable {
        case serve
        case dispatch
        case all
    }

    /// The source of all services' settings.
    let environment: Environment
    /// The providers that the services know.
    let kits: ProviderKits
    /// The settings of `serve`, or their problems; nil if it is not checked.
    let serving: Result<Configuration, ConfigurationError>?
    /// The settings of `dispatch`, or their problems; nil if it is not checked.
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

    /// The problems of the checked services, each once.
    var problems: [SettingProblem] {
        let sending = problems(of: .dispatch)
        let serving = problems(of: .serve)
        return serving + sending.filter { !serving.contains($0) }
    }

    /// The problems of one service; none if it is not checked.
    func problems(of service: Setting.Reader) -> [SettingProblem] {
        switch service {
        case .serve: serving?.error?.problems ?? []
        case .dispatch: sending?.error?.problems ?? []
        default: []
        }
    }

    /// The settings of the services.
    ///
    /// - Parameter databases: what trying them came to; none if they were not tried.
    /// - Returns: nil for a service that is not looked at.
    /// - Throws: `ConfigurationError` with all problems, the databases' too, so that one run shows
    ///   all.
    func configurations(
        databases: [DatabaseTrial] = []
    ) throws(ConfigurationError) -> (serving: Configuration?, sending: SendingConfiguration?) {
        var problems = problems
        guard problems.isEmpty else {
            for trial in databases {
                guard let text = trial.state.problem else { continue }
                let problem = SettingProblem(trial.setting.name, text)
                if !problems.contains(problem) { problems.append(problem) }
            }
            throw ConfigurationError(problems: problems)
        }
        return (try serving?.get(), try sending?.get())
    }

    /// The environment of each service; nil for one that is not checked.
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
        // A file that both services share may name a provider's address while the secret that
        // belongs to it is only the other service's.
        return (serving, environment.without(kits.foreign(environment)))
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
