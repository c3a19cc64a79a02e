import Foundation
import FoundationNetworking
import Security
import TestSupport
import Testing

/// The simulator as the demo runs it: behind its nginx, with callbacks by TLS to its responder.
@Suite("The simulated providers", .timeLimit(.minutes(10)))
struct SimulatedProviderTests {
    private let demo: RunningDemo
    private let url: String
    private let infobipKey: String

    init() throws {
        demo = try RunningDemo.shared
        url = try #require(demo.document.simulator_url)
        let data = try Data(contentsOf: URL(fileURLWithPath: demo.directory + "/secrets.json"))
        let secrets = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        infobipKey = try #require(secrets?["infobipAPIKey"] as? String)
    }

    private func send(
        _ method: String, _ path: String, _ body: [String: Any]? = nil, authorization: String? = nil
    ) async throws -> (status: Int, json: [String: Any]) {
        var request = URLRequest(url: try #require(URL(string: url + path)), timeoutInterval: 20)
        request.httpMethod = method
        request.httpBody = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        if let authorization {
            request.setValue(authorization, forHTTPHeaderField: "Authorization")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, json ?? [:])
    }

    private func infobip(_ recipient: String, _ id: String) async throws -> Int {
        try await send(
            "POST", "/sms/3/messages",
            [
                "messages": [
                    [
                        "destinations": [["to": recipient, "messageId": id]],
                        "content": ["text": "hello"],
                        "webhooks": ["delivery": ["url": demo.document.infobip.callback_url]],
                    ]
                ]
            ], authorization: "App \(infobipKey)"
        ).status
    }

    /// How many reports the responder has of a message by the provider's name.
    private func reports(on name: String) throws -> Int {
        try demo.count(
            "select count(*) from report join message on message.id = message_id"
                + " where provider_message_id = '\(name)'")
    }

    private func record(_ id: String) async throws -> [String: Any] {
        let answer = try await send("GET", "/simulator/messages?id=\(id)")
        return (answer.json["messages"] as? [[String: Any]])?.first ?? [:]
    }

    @Test("Infobip's report comes signed over TLS, and the responder accepts it")
    func infobip() async throws {
        let id = uniqueName()
        // Its answer comes when the responder has acknowledged the report.
        #expect(try await infobip("447700999942", id) == 200)
        #expect(try await record(id)["callbacks_acknowledged"] as? Int == 1)
        #expect(try reports(on: id) == 1)
    }

    @Test("Plivo's callbacks are authenticated by their signature, at a message's own URL")
    func plivo() async throws {
        let plivo = demo.document.plivo
        let credentials = Data("\(plivo.auth_id):\(plivo.auth_token)".utf8).base64EncodedString()
        let message = UUID().uuidString.lowercased()
        let answer = try await send(
            "POST", "/v1/Account/\(plivo.auth_id)/Message/",
            [
                "src": "12025550123", "dst": "447700999942", "text": "hello",
                "url": "\(plivo.callback_url)?reference=\(message)",
            ], authorization: "Basic \(credentials)")
        #expect(answer.status == 202)
        let id = try #require((answer.json["message_uuid"] as? [String])?.first)
        #expect(
            waitUntil(within: .seconds(10)) {
                (try? reports(on: id)) == 3
            })
    }

    @Test("An accepted message whose connection is closed is known to the simulator")
    func closed() async throws {
        let id = uniqueName()
        await #expect(throws: (any Error).self) { try await infobip("447700999930", id) }
        #expect(try await record(id)["times_accepted"] as? Int == 1)
    }

    @Test(
        "The relay for callbacks leads to the demo and nowhere else",
        arguments: [
            "/callbacks-out/example.com/callbacks/infobip", "/callbacks-out/", "/simulator-close",
        ])
    func relay(path: String) async throws {
        #expect(try await send("GET", path).status == 404)
    }
}
