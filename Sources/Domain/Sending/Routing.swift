/// Whom a message goes to if its caller names no provider.
package struct Routing: Sendable, Equatable {
    package let fallback: Provider
    /// By beginning of the number, longest first.
    package let rules: [Rule]

    package init(fallback: Provider, rules: [Rule] = []) {
        self.fallback = fallback
        self.rules = rules.sorted { $0.prefix.count > $1.prefix.count }
    }

    /// The longest rule that fits decides.
    package func provider(for number: PhoneNumber) -> Provider {
        rules.first { number.description.hasPrefix($0.prefix) }?.provider ?? fallback
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
