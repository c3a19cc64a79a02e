import Domain
import Foundation
import JSON
import Providers
import Security

/// The steps of a probe, each of which needs one more part of the system than the last.
struct Probe {
    /// A request, what it proves, and the expected answer.
    private struct Hop {
        let method: String
        let path: String
        let query: String
        let headers: [(name: String, value: String)]
        var body: [UInt8]?
        /// What works if this hop does.
        let shows: String
        /// Nil if the answer is as expected; otherwise what is wrong with it.
        let problem: (ProbeConnection.Answer) -> String?
    }

    private let settings: ProbeSettings
    private let callback: ProbeCallback

    init(_ settings: ProbeSettings, _ callback: ProbeCallback) {
        self.settings = settings
        self.callback = callback
    }

    /// Makes the requests, and reports each as soon as it is answered.
    ///
    /// - Parameters:
    ///   - openssl: the program that makes the connection.
    ///   - tell: takes a line of the table.
    ///
    /// - Throws: `CommandFailure` with what failed first and what to do.
    func run(openssl: String, _ tell: (String) -> Void) throws(CommandFailure) {
        let connection: ProbeConnection
        do {
            connection = try ProbeConnection(
                settings.url, trusted: settings.authorities, openssl: openssl)
        } catch {
            tell(Self.row("connect", "-", "-", "failed"))
            throw CommandFailure("\(settings.url): \(error)")
        }
        tell(Self.row("connect", "", Self.milliseconds(connection.setup), "TCP, TLS"))
        for hop in hops {
            let name = "\(hop.method) \(hop.path)"
            let answer: ProbeConnection.Answer
            do {
                answer = try connection.send(
                    hop.method, hop.path + hop.query, headers: hop.headers, body: hop.body)
            } catch {
                tell(Self.row(name, "-", "-", "failed"))
                throw CommandFailure("\(name): \(error)")
            }
            let problem = hop.problem(answer)
            tell(
                Self.row(
                    name, String(answer.status), Self.milliseconds(answer.duration),
                    problem == nil ? hop.shows : "failed"))
            if let problem { throw CommandFailure("\(name): \(problem)") }
        }
    }

    private var hops: [Hop] {
        let id = callback.messageID
        return [
            Hop(
                method: "GET", path: "/health/live", query: "", headers: [],
                shows: "nginx, FastCGI", problem: Self.refusal),
            Hop(
                method: "GET", path: "/health/ready", query: "", headers: [],
                shows: "and the database", problem: Self.refusal),
            Hop(
                method: "POST", path: callback.path, query: callback.query,
                headers: callback.headers,
                body: callback.body, shows: "stored, the commit included", problem: callbackProblem),
            Hop(
                method: "GET", path: "/v1/messages",
                query: "?provider=\(callback.provider.name)&provider_message_id=\(id)",
                headers: [("Authorization", "Bearer \(settings.key.revealed)")],
                shows: "read back as \(ProbeCallback.status.rawValue)", problem: readingProblem),
        ]
    }

    // MARK: What may be wrong

    private func callbackProblem(_ answer: ProbeConnection.Answer) -> String? {
        guard let refusal = Self.refusal(answer) else { return nil }
        let advice =
            switch ProbeAnswer(answer.body).code {
            case "missing_credentials", "wrong_credentials":
                "the deployment has other secrets than this environment"
            case "missing_signature", "wrong_signature":
                settings.receiving.adviceOnWrongSignature(url: settings.url)
            case "not_found": "the provider is not configured there"
            default: ""
            }
        return advice.isEmpty ? refusal : "\(refusal); \(advice)"
    }

    private func readingProblem(_ answer: ProbeConnection.Answer) -> String? {
        if let refusal = Self.refusal(answer) {
            let isAboutTheKey = answer.status == 401 || answer.status == 403
            return isAboutTheKey
                ? refusal
                    + "; make a key with `waybill key create --name probe --scope read`" : refusal
        }
        let message = ProbeAnswer(answer.body)
        guard message.providerMessageID == callback.messageID else {
            return "the answer is about another message; is this Waybill?"
        }
        guard message.status == ProbeCallback.status.rawValue else {
            return "the status is \(message.status ?? "missing"), but"
                + " \(ProbeCallback.status.rawValue) was posted"
        }
        return nil
    }

    /// Nil for 200; otherwise the answer's own text and what to do.
    private static func refusal(_ answer: ProbeConnection.Answer) -> String? {
        guard answer.status != 200 else { return nil }
        let problem = ProbeAnswer(answer.body)
        var text = "answered \(answer.status)"
        if let code = problem.code { text += " \(code)" }
        if let detail = problem.detail ?? problem.reason { text += ": \(detail)" }
        if let id = problem.requestID { text += " (request id \(id))" }
        switch (answer.status, problem.code) {
        case (300..<400, _): text += "; redirects are not followed, give the final URL"
        case (404, nil): text += "; is this the public URL of a Waybill?"
        case (403, "address_not_allowed"): text += "; nginx's allow-lists leave this machine out"
        case (502, _): text += "; the responder is not running: systemctl status waybill"
        default: break
        }
        return text
    }

    // MARK: The table

    private static func row(_ hop: String, _ status: String, _ time: String, _ shows: String)
        -> String
    {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        func indented(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return "  \(padded(hop, 24))\(padded(status, 4))\(indented(time, 11))  \(shows)"
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(1) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) ms"
    }
}

/// The parts of an answer that a probe reads: of a problem, of `/health/ready`, and of a message.
struct ProbeAnswer {
    let code: String?
    let detail: String?
    let reason: String?
    let requestID: String?
    let providerMessageID: String?
    let status: String?

    /// Reads the members that are there; an answer that is not a JSON object has none.
    init(_ body: [UInt8]) {
        let answer = JSONValue(body)
        func text(_ name: String) -> String? {
            // A problem's `status` is a number, a message's a text.
            guard case .string(let text)? = answer?[name] else { return nil }
            return Self.printable(text)
        }
        code = text("code")
        detail = text("detail")
        reason = text("reason")
        requestID = text("request_id")
        providerMessageID = text("provider_message_id")
        status = text("status")
    }

    /// At most 300 characters without control characters: any server may have answered.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(300).filter {
                    !CharacterSet.controlCharacters.contains($0)
                }))
    }
}
