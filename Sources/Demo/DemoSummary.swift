import Foundation

/// What the demo tells its user: `demo.json` for programs, a few lines for people.
struct DemoSummary {
    struct Infobip {
        let callback_url: String
        let user: String
        let password: String
        let header_name: String
        let header_secret: String
        let hmac_header: String
        let hmac_secret: String
        /// `token` in the query of the URL to which sent messages report.
        var url_secret: String?
        /// The key that the simulator accepts; absent without it.
        var api_key: String?
    }

    struct Plivo {
        let callback_url: String
        let auth_id: String
        let auth_token: String
    }

    struct Processes {
        var nginx: pid_t
        var responder: pid_t
        var postgres: pid_t
        /// Absent where nothing is sent.
        var dispatch: pid_t?
        /// Absent without the simulator.
        var simulator: pid_t?
    }

    let url: String
    /// The certificate file that clients must trust.
    let ca: String
    /// The responder's least-privileged role.
    let database_url: String
    let admin_database_url: String
    let api_key: String
    /// Absent where the callbacks of the user's own account are authenticated, as is Plivo's.
    var infobip: Infobip?
    var plivo: Plivo?
    /// The base URL of both simulated APIs; absent without the simulator.
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
        let example = sends ? sendExample : infobip.map(callbackExample) ?? ""
        let more = sends ? "\n" + commandExample : ""
        let callers = [
            infobip.map {
                "\n  Infobip   \($0.callback_url)  user \($0.user)  password \($0.password)"
            },
            plivo.map { "\n  Plivo     \($0.callback_url)  auth token \($0.auth_token)" },
        ].compactMap { $0 }.joined()
        let path =
            sends ? "/ID_OF_THE_ANSWER" : "?provider=infobip&provider_message_id=hello-1"
        return """

            Waybill is running at \(url) (loopback only). Ctrl-C stops it.
              API key   \(api_key)\(callers)\(simulator)
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

    private func callbackExample(_ infobip: Infobip) -> String {
        let report =
            #"{"results":[{"messageId":"hello-1","to":"447700900123","#
            + #""doneAt":"2026-11-20T09:15:04.913+0000","#
            + #""status":{"groupId":3,"groupName":"DELIVERED","id":5,"#
            + #""name":"DELIVERED_TO_HANDSET"}}]}"#
        return """
            Post a callback as Infobip would:
              curl --cacert \(ca) -u '\(infobip.user):\(infobip.password)' \\
                -H 'Content-Type: application/json' \(infobip.callback_url) \\
                -d '\(report)'
            """
    }
}
