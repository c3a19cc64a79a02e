import Foundation
import TestSupport
import Testing

extension SendingSuites {
    /// How requests are built is tested with the providers; here, that what leaves the process is
    /// that, and what comes back of it is authenticated.
    @Suite("Requests as they leave")
    struct RequestTests {
        private static let text = "Žluť, 10 € & \"quotes\" <b>"

        private func captured(
            _ sending: SendingDemo, _ recipients: [String], provider: String,
            settings: [String: String] = [:]
        ) throws -> (request: CapturedRequest, messages: [SentMessage]) {
            try sending.reset()
            let dispatcher = try sending.dispatcher(settings)
            let messages = try sending.send(
                to: recipients, provider: provider, text: Self.text,
                others: [
                    "from": "+12025550199", "validity_minutes": 30,
                    "callback_data": "order 7", "metadata": ["order": 7],
                ])
            try sending.waitForStatus(["delivered"], of: messages, within: .seconds(20))
            try sending.expectTaken(messages)
            let requests = sending.requests().filter(\.isSend)
            #expect(requests.count == 1)
            let request = try #require(requests.first)
            #expect(request.contentType == "application/json")
            #expect(request.accept == "application/json")
            #expect(request.agent.hasPrefix("waybill/"))
            try sending.stop(dispatcher)
            return (request, messages)
        }

        /// The bodies as our own dictionaries, so that a member too many is seen.
        private func expect(
            _ request: CapturedRequest, is expected: [String: Any],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let body = try JSONSerialization.jsonObject(with: Data(request.text.utf8))
            #expect(
                (body as? NSDictionary) == (expected as NSDictionary), "\(request.text)",
                sourceLocation: sourceLocation)
        }

        private func infobipKey(_ sending: SendingDemo) throws -> String {
            let file = URL(fileURLWithPath: sending.demo.directory + "/secrets.json")
            let secrets = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
            return try #require((secrets as? [String: Any])?["infobipAPIKey"] as? String)
        }

        @Test("Infobip's version 3")
        func infobipV3() throws {
            let sending = try SendingDemo.shared
            let (request, messages) = try captured(
                sending, TestNumbers.plain(2), provider: "infobip")
            #expect(request.uri == "/sms/3/messages")
            #expect(request.authorization == "App \(try infobipKey(sending))")
            let entries = messages.map { message -> [String: Any] in
                [
                    "sender": "12025550199",
                    "destinations": [["to": message.digits, "messageId": message.id]],
                    "content": ["text": Self.text],
                    "options": ["validityPeriod": ["amount": 30, "timeUnit": "MINUTES"]],
                    "webhooks": [
                        "delivery": ["url": sending.infobipURL],
                        "contentType": "application/json", "callbackData": "order 7",
                    ],
                ]
            }
            try expectEntries(request, entries) { entry in
                ((entry["destinations"] as? [[String: Any]])?.first?["to"] as? String) ?? ""
            }
        }

        @Test("Infobip's version 2, and its reports")
        func infobipV2() throws {
            let sending = try SendingDemo.shared
            let (request, messages) = try captured(
                sending, TestNumbers.plain(2), provider: "infobip",
                settings: ["INFOBIP_API_VERSION": "v2"])
            #expect(request.uri == "/sms/2/text/advanced")
            #expect(request.authorization == "App \(try infobipKey(sending))")
            let entries = messages.map { message -> [String: Any] in
                [
                    "from": "12025550199",
                    "destinations": [["to": message.digits, "messageId": message.id]],
                    "text": Self.text, "notifyContentType": "application/json",
                    "notifyUrl": sending.infobipURL,
                    "callbackData": "order 7", "validityPeriod": 30,
                ]
            }
            try expectEntries(request, entries) { entry in
                ((entry["destinations"] as? [[String: Any]])?.first?["to"] as? String) ?? ""
            }
            let shown = try sending.show(try #require(messages.first))
            #expect(shown["callback_data"].string == "order 7")
        }

        /// The order of messages in a request is nobody's business.
        private func expectEntries(
            _ request: CapturedRequest, _ expected: [[String: Any]],
            by key: ([String: Any]) -> String
        ) throws {
            let body = try JSONSerialization.jsonObject(with: Data(request.text.utf8))
            let members = try #require(body as? [String: Any])
            #expect(Set(members.keys) == ["messages"])
            // No flag that is false is sent where that is the default.
            let entries = try #require(members["messages"] as? [[String: Any]])
            #expect(
                entries.sorted { key($0) < key($1) } as NSArray
                    == expected.sorted { key($0) < key($1) } as NSArray, "\(request.text)")
        }

        @Test("Plivo, one recipient: its message's own callback URL")
        func plivoSingle() throws {
            let sending = try SendingDemo.shared
            let (request, messages) = try captured(
                sending, TestNumbers.plain(1), provider: "plivo")
            let message = try #require(messages.first)
            try expectPlivo(sending, request, to: message.digits, path: message.id)
            let record = try #require(try sending.simulator.records(of: message.digits).first)
            let shown = try sending.show(message)
            #expect(shown["provider_message_id"].string == record["id"].string)
        }

        @Test("Plivo, several recipients: one request with the send request's callback URL")
        func plivoBulk() throws {
            let sending = try SendingDemo.shared
            let (request, messages) = try captured(
                sending, TestNumbers.plain(3), provider: "plivo")
            let first = try #require(messages.first)
            let sendRequest = try #require(try sending.show(first)["send_request_id"].string)
            let to = try #require(request.body?["dst"].string)
            #expect(Set(to.split(separator: "<").map(String.init)) == Set(messages.map(\.digits)))
            try expectPlivo(sending, request, to: to, path: "send-requests/\(sendRequest)")
            // The callbacks have told which name is whose.
            for message in messages {
                let record = try #require(try sending.simulator.records(of: message.digits).first)
                #expect(
                    try sending.show(message)["provider_message_id"].string == record["id"].string)
            }
        }

        private func expectPlivo(
            _ sending: SendingDemo, _ request: CapturedRequest, to: String, path: String
        ) throws {
            let plivo = sending.demo.document.plivo
            let credentials = Data("\(plivo.auth_id):\(plivo.auth_token)".utf8)
            #expect(request.uri == "/v1/Account/\(plivo.auth_id)/Message/")
            #expect(request.authorization == "Basic \(credentials.base64EncodedString())")
            try expect(
                request,
                is: [
                    "src": "12025550199", "dst": to, "text": Self.text, "type": "sms",
                    "url": "\(plivo.callback_url)/\(path)", "method": "POST",
                    "message_expiry": 1800,
                ])
        }
    }
}
