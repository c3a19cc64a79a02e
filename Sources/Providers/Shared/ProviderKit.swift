package import Domain
package import Settings

/// Everything that the program needs of one provider: its traits, its settings, how its callbacks
/// are received, and how messages are sent through it.
///
/// A provider is a kit in a folder of its own here, and one line in the executable's list. No other
/// code names it.
package protocol ProviderKit: Sendable {
    /// The properties of the provider, whatever is configured.
    var traits: ProviderTraits { get }
    /// Its entries in the table of settings.
    var settings: [Setting] { get }
    /// Its entries that bound how much is sent through it.
    var lane: LaneSettings { get }

    /// What must be given so that callbacks are received.
    var neededToReceive: NeededSettings { get }
    /// What must be given so that messages are sent.
    var neededToSend: NeededSettings { get }
    /// Settings that only have a meaning together with those needed to send. A file that `serve`
    /// and `dispatch` share may hold them while the secret is only the other service's.
    var besidesSending: Set<Setting> { get }
    /// Any of these shows that the provider is used here, perhaps by the other service.
    var marks: [Setting] { get }

    /// How its callbacks are received, as configured.
    ///
    /// - Parameter environment: is read, and gets every problem.
    /// - Returns: nil if no secret is set.
    func receiving(_ environment: inout Environment) -> (any ReceivingSettings)?

    /// How messages are sent through it, as configured.
    ///
    /// - Parameters:
    ///   - environment: is read, and gets every problem.
    ///   - callbackBase: the public address for the provider; nil if none is set.
    /// - Returns: nil if there are no credentials.
    func sending(
        _ environment: inout Environment, callbackBase: String?
    ) -> (any SendingSettings)?

    /// What its errors mean, in words for people.
    var errors: any ErrorDictionary { get }

    /// How `waybill demo` uses it; nil if the demo leaves it out.
    var demo: DemoKit? { get }
}

extension ProviderKit {
    /// Code, name, and how it names messages.
    package var provider: Provider { traits.provider }

    /// How the names of its settings begin.
    package var settingPrefix: String { traits.settingPrefix }

    package var besidesSending: Set<Setting> { [] }

    package var marks: [Setting] {
        neededToReceive.ways.flatMap(\.self) + neededToSend.ways.flatMap(\.self)
    }

    package var errors: any ErrorDictionary { UnexplainedErrors() }

    package var demo: DemoKit? { nil }
}

/// Of a provider whose errors nobody has explained yet.
private struct UnexplainedErrors: ErrorDictionary {
    func meaning(of outcome: Outcome) -> ErrorMeaning? { nil }
}

/// What must be given so that a provider can be used.
package struct NeededSettings: Sendable {
    /// Each is enough: all settings of one of them.
    package let ways: [[Setting]]
    /// The setting that is named if none is given.
    package let first: Setting
    /// A text after that setting's name, such as `with ACME_BASE_URL`; may be empty.
    package let advice: String

    /// - Parameters:
    ///   - ways: not empty, nor is any of them.
    ///   - first: what a user sets first.
    ///   - advice: nothing unless given.
    package init(ways: [[Setting]], first: Setting, advice: String = "") {
        self.ways = ways
        self.first = first
        self.advice = advice
    }

    /// Whether all settings of one way are given.
    package func areGiven(in environment: Environment) -> Bool {
        ways.contains { $0.allSatisfy(environment.isGiven) }
    }
}

/// How one provider's callbacks are received, as configured.
package protocol ReceivingSettings: Sendable {
    /// Authenticates and reads callbacks; nil if nothing could be authenticated.
    func webhook() -> (any WebhookProvider)?

    /// What is configured, a line each, without secrets.
    var summary: [(name: String, value: String)] { get }

    /// A callback as the provider would post it, which says that a message was delivered.
    ///
    /// - Returns: nil if this machine's libcrypto cannot sign it.
    func probe(_ message: ProbeMessage) -> SignedCallback?

    /// What to do if a deployment at this address says that the probe's signature is wrong.
    func adviceOnWrongSignature(url: String) -> String
}

extension ReceivingSettings {
    package func adviceOnWrongSignature(url: String) -> String {
        "the deployment has other secrets than this environment"
    }
}

/// How messages are sent through one provider, as configured.
package protocol SendingSettings: Sendable {
    /// Makes the requests and reads the answers.
    func sending() -> any SendingProvider

    /// What is configured, a line each, without secrets.
    var summary: [(name: String, value: String)] { get }
}

/// The made-up message that a probe reports on.
package struct ProbeMessage: Sendable {
    /// The provider's name of it.
    package let id: String
    /// Its recipient's digits.
    package let recipient: String
    /// When it was delivered, to the millisecond and in UTC: `2026-11-20T15:30:06.640`.
    package let time: String
    /// The public address that is used, without a slash at its end.
    package let url: String
    /// The path of the callback, appended to that address.
    package let path: String

    package init(id: String, recipient: String, time: String, url: String, path: String) {
        self.id = id
        self.recipient = recipient
        self.time = time
        self.url = url
        self.path = path
    }
}

/// The callback that a probe posts.
package struct SignedCallback: Sendable {
    /// The method that authenticates it, named as in `/v1/status`: `basic`, `v3`.
    package let method: String
    /// Appended to the path, with its question mark; may hold a secret.
    package let query: String
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(
        method: String, query: String = "", headers: [(name: String, value: String)], body: [UInt8]
    ) {
        self.method = method
        self.query = query
        self.headers = headers
        self.body = body
    }
}
