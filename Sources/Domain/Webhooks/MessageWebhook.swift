/// The webhook that a send request names for its own messages.
package struct MessageWebhook: Sendable, Equatable {
    package let url: WebhookURL
    /// For the case that no message has named this host before.
    package let secret: WebhookSecret

    package init(url: WebhookURL, secret: WebhookSecret) {
        self.url = url
        self.secret = secret
    }
}

/// The hosts that messages may name.
package struct WebhookHosts: Sendable, Equatable {
    /// Names in lower case, each perhaps with a port.
    package let hosts: Set<String>
    package let rules: EgressRules

    package static let none = WebhookHosts(hosts: [], rules: EgressRules())

    package init(hosts: Set<String>, rules: EgressRules) {
        self.hosts = hosts
        self.rules = rules
    }

    /// Whether a URL's host is one of them: with its port, or at the usual one.
    package func allow(_ url: WebhookURL) -> Bool { hosts.contains(url.authority) }
}
