/// How `waybill demo` uses a provider: the secrets that it makes, and the settings of its parts.
package struct DemoKit: Sendable {
    /// The secrets that the demo makes once and keeps.
    package let secrets: [DemoSecret]
    /// With these the callbacks of the user's own account are authenticated, and not those signed
    /// with the demo's secrets.
    package let ownAccount: NeededSettings
    /// The first letters of the settings that authenticate callbacks.
    package let receivingPrefixes: [String]
    /// Whether those settings of the user's own account are hidden from the dispatcher.
    package let hidesReceiving: Bool
    /// The responder's settings, of the demo's secrets.
    package let responder: @Sendable (DemoSecrets) -> [String: String]
    /// The dispatcher's settings, if the provider is simulated.
    package let dispatcher: @Sendable (DemoSecrets, _ simulator: String) -> [String: String]
    /// How the simulator is started for the provider; nil if it does not simulate it.
    package let simulator: DemoSimulation?
    /// The content of `demo.json`: the callback's URL and the secrets.
    package let summary: @Sendable (DemoPlace) -> [(name: String, value: String)]
    /// The part that is shown to people, in a few words.
    package let credentials: @Sendable (DemoSecrets) -> String
    /// A command that posts a callback as the provider would, if one is short enough.
    package let example: (@Sendable (DemoPlace) -> String)?

    /// The demo's secrets of one provider, by their names.
    package typealias DemoSecrets = [String: String]

    package init(
        secrets: [DemoSecret], ownAccount: NeededSettings, receivingPrefixes: [String],
        hidesReceiving: Bool = false,
        responder: @escaping @Sendable (DemoSecrets) -> [String: String],
        dispatcher: @escaping @Sendable (DemoSecrets, _ simulator: String) -> [String: String],
        simulator: DemoSimulation? = nil,
        summary: @escaping @Sendable (DemoPlace) -> [(name: String, value: String)],
        credentials: @escaping @Sendable (DemoSecrets) -> String,
        example: (@Sendable (DemoPlace) -> String)? = nil
    ) {
        self.secrets = secrets
        self.ownAccount = ownAccount
        self.receivingPrefixes = receivingPrefixes
        self.hidesReceiving = hidesReceiving
        self.responder = responder
        self.dispatcher = dispatcher
        self.simulator = simulator
        self.summary = summary
        self.credentials = credentials
        self.example = example
    }
}

/// A secret that the demo makes once and keeps.
package struct DemoSecret: Sendable {
    /// The member of the demo's file.
    package let name: String
    package let form: Form

    package init(_ name: String, _ form: Form = .token) {
        self.name = name
        self.form = form
    }

    package enum Form: Sendable {
        /// Random letters and digits.
        case token
        /// The same in capitals after some letters, as in the id of an account.
        case account(prefix: String)
        /// A fixed text, not a secret.
        case fixed(String)
    }
}

/// How the simulator simulates a provider.
package struct DemoSimulation: Sendable {
    /// Its settings.
    package let environment: @Sendable (DemoKit.DemoSecrets) -> [String: String]
    /// Its arguments, by the demo's address.
    package let arguments: @Sendable (_ url: String) -> [String]

    package init(
        environment: @escaping @Sendable (DemoKit.DemoSecrets) -> [String: String],
        arguments: @escaping @Sendable (_ url: String) -> [String]
    ) {
        self.environment = environment
        self.arguments = arguments
    }
}

/// Where the demo runs, with a provider's secrets there.
package struct DemoPlace: Sendable {
    /// The demo's address.
    package let url: String
    /// The file of the certificate authority.
    package let authority: String
    /// Whether the providers are simulated.
    package let simulates: Bool
    package let secrets: DemoKit.DemoSecrets

    package init(url: String, authority: String, simulates: Bool, secrets: DemoKit.DemoSecrets) {
        self.url = url
        self.authority = authority
        self.simulates = simulates
        self.secrets = secrets
    }
}
