import Domain
import FastCGI
import Foundation
import JSON
import Security
import Testing

@testable import Simulator

/// A simulator with accounts at both providers, and the receiver of its callbacks.
struct Harness {
    static let infobipKey = "infobip-key-0001"
    static let plivoID = "MAXXXXXXXXXXXXXXXXXX"
    static let token = "ZGV2LW9ubHktcGxpdm8tdG9rZW4tMDAwMQ"
    static let hmacSecret = "ib-dev-hmac-secret-0001"
    static let url = "https://dlr.example.com/callbacks"
    static let subscriptionURL = "https://dlr.example.com/subscription"

    let simulator: Simulator
    let callbacks: Callbacks

    init(
        _ callbacks: Callbacks = Callbacks(),
        _ change: (inout SimulatorSettings) -> Void = { _ in }
    ) throws {
        var settings = SimulatorSettings()
        settings.report_delay_ms = 1
        change(&settings)
        var infobip = InfobipAccount()
        infobip.key = Secret(Self.infobipKey)
        infobip.hmac = try HMACKey(try #require(Secret(Self.hmacSecret)))
        infobip.callbackURL = Self.subscriptionURL
        infobip.basic = ("user", try #require(Secret("password")))
        var plivo = PlivoAccount()
        plivo.id = Self.plivoID
        plivo.token = Secret(Self.token)
        self.callbacks = callbacks
        simulator = Simulator(
            settings, accounts: [.infobip(infobip), .plivo(plivo)], transport: callbacks)
    }

    // MARK: Requests

    func infobip(
        _ method: String, _ target: String, _ body: [String: Any]? = nil, key: String = infobipKey
    ) throws -> Answer {
        try send(method, target, body, "App \(key)")
    }

    func plivo(
        _ method: String, _ rest: String = "", _ body: [String: Any]? = nil,
        token: String = token
    ) throws -> Answer {
        let credentials = Base64.encode(Array("\(Self.plivoID):\(token)".utf8))
        return try send(
            method, "/v1/Account/\(Self.plivoID)/Message/\(rest)", body, "Basic \(credentials)")
    }

    func control(
        _ method: String, _ target: String, _ body: [String: Any]? = nil
    ) throws -> Answer {
        try send(method, "/simulator/\(target)", body, nil)
    }

    private func send(
        _ method: String, _ target: String, _ body: [String: Any]?, _ authorization: String?
    ) throws -> Answer {
        let data = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        return Answer(
            simulator.reply(
                to: SimulatorRequest(
                    method, target, authorization: authorization, body: [UInt8](data ?? Data()))))
    }

    // MARK: Bodies

    static func v3(
        _ recipient: String, _ id: String, text: String = "hello", intermediate: Bool = false
    ) -> [String: Any] {
        [
            "sender": "ExampleCo", "destinations": [["to": recipient, "messageId": id]],
            "content": ["text": text],
            "webhooks": [
                "delivery": ["url": url, "intermediateReport": intermediate],
                "contentType": "application/json", "callbackData": "ref=\(id)",
            ],
        ]
    }

    static func v2(_ recipient: String, _ id: String, text: String = "hello") -> [String: Any] {
        [
            "from": "ExampleCo", "destinations": [["to": recipient, "messageId": id]],
            "text": text, "notifyUrl": url, "callbackData": "ref=\(id)",
        ]
    }

    static func message(
        _ recipients: String, text: String = "hello", method: String = "POST"
    ) -> [String: Any] {
        [
            "src": "12025550123", "dst": recipients, "text": text, "method": method,
            "url": url + "/plivo/1?ref=a%2F1",
        ]
    }

    /// Sends one message by version 3.
    func sendV3(_ recipient: String, _ id: String, intermediate: Bool = false) throws -> Answer {
        try infobip(
            "POST", "/sms/3/messages",
            ["messages": [Self.v3(recipient, id, intermediate: intermediate)]])
    }
}

/// The answer to a request.
struct Answer {
    let reply: SimulatorReply
    let json: [String: Any]

    init(_ reply: SimulatorReply) {
        self.reply = reply
        let object = try? JSONSerialization.jsonObject(with: Data(reply.response.body))
        json = object as? [String: Any] ?? [:]
    }

    var status: Int { reply.response.status.code }

    /// The objects in one of its lists.
    func list(_ name: String) -> [[String: Any]] { json[name] as? [[String: Any]] ?? [] }

    func header(_ name: String) -> String? {
        reply.response.headers.first { $0.name == name }?.value
    }

    /// The ids of Infobip's statuses.
    var statusIDs: [Int] {
        list("messages").compactMap { ($0["status"] as? [String: Any])?["id"] as? Int }
    }
}

extension ProviderRequest {
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
    }

    var results: [[String: Any]] { json["results"] as? [[String: Any]] ?? [] }

    /// Its form, or the query of a GET.
    var form: [String: String] {
        let text =
            method == "GET"
            ? String(url.split(separator: "?").last ?? "") : String(decoding: body, as: UTF8.self)
        let form = FormReader(lenient: Array(text.utf8))
        return Dictionary(
            form.pairs.map { (form.text($0.name), form.text($0.value)) }, uniquingKeysWith: { $1 })
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
