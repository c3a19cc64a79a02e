/// The providers that a message can go to, and the one that it goes to if its caller names none.
package struct Routing: Sendable, Equatable {
    /// The providers that a caller can name.
    package let providers: [ProviderTraits]
    package let fallback: Provider
    /// By the first digits of the number, longest first.
    package let rules: [Rule]

    /// - Parameters:
    ///   - providers: those that a caller can name, with the fallback and those of the rules.
    ///   - fallback: for numbers that no rule matches.
    ///   - rules: in any order.
    package init(among providers: [ProviderTraits], fallback: Provider, rules: [Rule] = []) {
        self.providers = providers
        self.fallback = fallback
        self.rules = rules.sorted { $0.prefix.count > $1.prefix.count }
    }

    /// The longest rule that matches decides.
    package func provider(for number: PhoneNumber) -> Provider {
        rules.first { number.description.hasPrefix($0.prefix) }?.provider ?? fallback
    }

    /// The limits of a provider and its name in sentences; nil for one that a caller cannot name.
    package func traits(of provider: Provider) -> ProviderTraits? {
        providers.first { $0.provider == provider }
    }

    /// Numbers that begin so go to this provider.
    package struct Rule: Sendable, Equatable {
        /// `+` and digits.
        package let prefix: String
        package let provider: Provider

        package init(prefix: String, provider: Provider) {
            self.prefix = prefix
            self.provider = provider
        }
    }
}

extension Collection<ProviderTraits> {
    /// The provider of a name; nil if there is none.
    package func provider(named name: String) -> Provider? {
        first { $0.provider.name == name }?.provider
    }

    /// `infobip, plivo`: for a message about an unknown name.
    package var names: String { map(\.provider.name).joined(separator: ", ") }
}
