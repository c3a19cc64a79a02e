import Domain
import Providers
import Settings
import Store

/// The list of providers that all parts use: configuration, sockets, lanes, checks, probes, the
/// demo and the database.
struct ProviderKits: Sendable {
    let list: [any ProviderKit]

    /// - Parameter list: not empty; each code and each name once.
    init(_ list: [any ProviderKit]) {
        precondition(!list.isEmpty, "a provider")
        precondition(Set(list.map(\.provider.name)).count == list.count, "a name of two providers")
        self.list = list
        // Rows name their provider by a code.
        KnownProviders.add(list.map(\.provider))
    }

    /// The list with more at its end.
    func appending(_ kits: any ProviderKit...) -> ProviderKits { ProviderKits(list + kits) }

    var traits: [ProviderTraits] { list.map(\.traits) }
    var providers: [Provider] { list.map(\.provider) }

    /// What the providers' errors mean.
    var errors: [Provider: any ErrorDictionary] {
        Dictionary(uniqueKeysWithValues: list.map { ($0.provider, $0.errors) })
    }

    /// The entries of all providers in the table of settings.
    var settings: [Setting] { list.flatMap(\.settings) }
}

/// A provider whose callbacks are received.
struct ReceivingProvider: Sendable {
    let traits: ProviderTraits
    let settings: any ReceivingSettings
}

/// A provider that messages are sent through.
struct SendingProviderSettings: Sendable {
    let traits: ProviderTraits
    let settings: any SendingSettings
    let limits: SendingConfiguration.Limits
}

extension ProviderKits {
    /// Each provider whose callbacks can be authenticated.
    ///
    /// - Parameter environment: is read, and gets every problem; also if there is no such provider.
    /// - Returns: those that have a secret, in the order of the list.
    func receiving(_ environment: inout Environment) -> [ReceivingProvider] {
        let before = environment.problems.count
        let receiving = list.compactMap { kit in
            kit.receiving(&environment).map {
                ReceivingProvider(traits: kit.traits, settings: $0)
            }
        }
        if receiving.isEmpty, environment.problems.count == before {
            report(
                "no provider is configured, so every callback would be refused",
                list.map(\.neededToReceive), in: &environment)
        }
        return receiving
    }

    /// Each provider that has all settings for sending.
    ///
    /// - Parameters:
    ///   - environment: is read, and gets every problem; also if there is no such provider.
    ///   - callbackBase: the public address for the providers; nil if none is set.
    ///   - reconcile: when the final status of a message is queried; empty for the usual times.
    /// - Returns: those that have credentials, in the order of the list.
    func sending(
        _ environment: inout Environment, callbackBase: String?, reconcile: [Duration]
    ) -> [SendingProviderSettings] {
        let before = environment.problems.count
        let sending = list.map { $0.sending(&environment, callbackBase: callbackBase) }
        if sending.allSatisfy({ $0 == nil }), environment.problems.count == before {
            report(
                "no provider can be sent through", list.map(\.neededToSend), in: &environment)
        }
        // Those of all, so that every problem is reported.
        let limits = list.map { kit in
            SendingConfiguration.Limits(
                &environment, kit.lane,
                reconcile: reconcile.isEmpty ? kit.traits.usual.reconcile : reconcile)
        }
        return zip(list, zip(sending, limits)).compactMap { kit, found in
            found.0.map {
                SendingProviderSettings(traits: kit.traits, settings: $0, limits: found.1)
            }
        }
    }

    private func report(
        _ problem: String, _ needed: [NeededSettings], in environment: inout Environment
    ) {
        let others = needed.dropFirst().map { needed in
            [needed.first.name, needed.advice].filter { !$0.isEmpty }.joined(separator: " ")
        }
        let ways = ([needed[0].advice] + others).filter { !$0.isEmpty }
        environment.report(
            needed[0].first, "\(problem); set it " + ways.joined(separator: ", or "))
    }

    /// The first provider with any setting, or else the first one of all. The responder need not
    /// have the dispatcher's keys, so any setting counts that marks a provider.
    func usual(_ environment: Environment) -> Provider {
        (list.first { $0.marks.contains(where: environment.isGiven) } ?? list[0]).provider
    }

    /// The settings of providers that are sent through, of those that are not.
    func foreign(_ environment: Environment) -> Set<Setting> {
        list.filter { !$0.neededToSend.areGiven(in: environment) }
            .reduce(into: []) { $0.formUnion($1.besidesSending) }
    }
}
