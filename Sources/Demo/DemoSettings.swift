package import Providers

/// The settings of a demo.
package struct DemoSettings: Sendable {
    /// Where everything is kept.
    package let directory: String
    /// Of HTTPS.
    package let port: UInt16
    /// Whether the providers are simulated.
    package let simulates: Bool
    /// Whether a first start sends a few messages of each kind; only where the providers are
    /// simulated.
    package let sendsSamples: Bool
    /// The folder of nginx's site files.
    package let site: String
    /// The folder of the database's migrations.
    package let migrations: String
    /// The providers that the program knows.
    package let kits: [any ProviderKit]
    /// The names of the responder's sockets, in the order in which it gets them.
    package let responderSockets: [String]
    /// The variables of this process.
    package let environment: [String: String]

    /// All of it.
    package init(
        directory: String, port: UInt16, simulates: Bool, sendsSamples: Bool, site: String,
        migrations: String, kits: [any ProviderKit], responderSockets: [String],
        environment: [String: String]
    ) {
        self.directory = directory
        self.port = port
        self.simulates = simulates
        self.sendsSamples = sendsSamples && simulates
        self.site = site
        self.migrations = migrations
        self.kits = kits
        self.responderSockets = responderSockets
        self.environment = environment
    }
}
