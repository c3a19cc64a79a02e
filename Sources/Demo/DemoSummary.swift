import Domain
import Foundation
import Providers

/// What the demo shows its user: `demo.json` for programs, a few lines for people.
struct DemoSummary {
    /// A provider whose callbacks are signed with the demo's own secrets.
    struct Caller {
        /// The member of `demo.json`.
        let name: String
        let title: String
        /// What that member holds.
        let members: [(name: String, value: String)]
        let callbackURL: String
        /// For people, in a few words.
        let credentials: String
        /// A command that posts a callback, if there is one.
        let example: String?

        /// Nil for a provider that the demo leaves out.
        init?(_ kit: any ProviderKit, _ place: DemoPlace) {
            guard let demo = kit.demo else { return nil }
            name = kit.provider.name
            title = kit.traits.title
            members = demo.summary(place)
            callbackURL = place.url + kit.provider.callbackPath
            credentials = demo.credentials(place.secrets)
            example = demo.example?(place)
        }
    }

    /// An admin, with whose password one signs in.
    struct Account {
        let email: String
        let password: String
    }

    struct Processes {
        var nginx: pid_t
        var responder: pid_t
        var postgres: pid_t
        /// Absent where nothing is sent.
        var dispatch: pid_t?
        /// Absent without the simulator.
        var simulator: pid_t?
        var deliver: pid_t?
        var egress: pid_t?
    }

    let url: String
    /// The certificate file that clients must trust.
    let ca: String
    /// The responder's least-privileged role.
    let database_url: String
    let admin_database_url: String
    let api_key: String
    let user: Account
    /// Without those whose callbacks come from the user's own account.
    var callers: [Caller] = []
    /// The base URL of the simulated APIs; absent without the simulator.
    var simulator_url: String?
    var pids: Processes

    /// Writes `demo.json`, readable by its owner only: it holds the secrets.
    func write(to path: String) throws(DemoError) {
        guard PrivateFile.write(Data(json + "\n".utf8), to: path) else {
            throw DemoError("cannot write \(path)")
        }
    }

    /// The short summary.
    func text(file: String) -> String {
        let sends = pids.dispatch != nil
        let simulator = simulator_url.map { "\n  Simulator \($0)" } ?? ""
        let example = sends ? sendExample : callers.lazy.compactMap(\.example).first ?? ""
        let more = sends ? "\n" + commandExample : ""
        let shown = callers.map { caller in
            let title = caller.title.padding(toLength: 10, withPad: " ", startingAt: 0)
            return "\n  \(title)\(caller.callbackURL)  \(caller.credentials)"
        }.joined()
        let named = callers.first { $0.example != nil }?.name ?? ""
        let path =
            sends ? "/ID_OF_THE_ANSWER" : "?provider=\(named)&provider_message_id=hello-1"
        return """

            Waybill is running at \(url) (loopback only). Ctrl-C stops it.
              Page      \(url)/
              E-mail    \(user.email)
              Password  \(user.password)
            The browser warns of the certificate, which the demo has made itself. Go on, or import
              \(ca)
            as an authority: in Firefox under Settings, Certificates, Authorities; in Chrome at
            chrome://certificate-manager.

              API key   \(api_key)\(shown)\(simulator)
              All of it: \(file)

            \(example)

            Read the message's status:
              curl --cacert \(ca) -H 'Authorization: Bearer \(api_key)' \\
                '\(url)/v1/messages\(path)'
            \(more)
            """
    }

    private var commandExample: String {
        let magic = """

            Numbers that end in 999911 fail, in 999934 are slow, in 999943 lose their reports:
            `waybill simulate --help` has them all.

            """
        return """
            Or watch it:
              DATABASE_URL='\(database_url)' waybill message ID_OF_THE_ANSWER --follow
            \(simulator_url == nil ? "" : magic)
            """
    }

    private var sendExample: String {
        """
        Send a message:
          curl --cacert \(ca) -H 'Authorization: Bearer \(api_key)' \\
            -H 'Content-Type: application/json' \(url)/v1/messages \\
            -d '{"to":"+447700900123","text":"Your order 1001 is on its way."}'
        """
    }
}
