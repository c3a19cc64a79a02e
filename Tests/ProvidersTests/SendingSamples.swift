import Domain
import Foundation
import Security
import Testing

@testable import Providers

extension MessageID {
    /// A version 7 id that ends in this number.
    static func sample(_ number: UInt64) -> MessageID {
        MessageID(high: 0x0193_4A6B_0000_7000, low: 0x8000_0000_0000_0000 | number)
    }
}

extension OutgoingMessage {
    /// A message to a number that ends in its own number.
    static func sample(
        _ number: UInt64, to recipient: String? = nil, sender: String? = "ExampleCo",
        text: String = "Your order is on its way.", validityMinutes: Int? = nil,
        callbackData: String? = nil,
        sendRequest: SendRequestID = .sample
    ) throws -> OutgoingMessage {
        OutgoingMessage(
            id: .sample(number), sendRequest: sendRequest,
            recipient: try PhoneNumber(recipient ?? "+44770090\(String(number + 1000).suffix(4))"),
            sender: sender, text: text, validityMinutes: validityMinutes,
            callbackData: callbackData)
    }
}

extension OutgoingMessage {
    /// A message of one send request, under the id that follows from the send request.
    static func ofCall(
        _ number: UInt64, sendRequest: SendRequestID = .sample, to recipient: String? = nil,
        validityMinutes: Int? = nil
    ) throws -> OutgoingMessage {
        let message = try sample(number, to: recipient)
        return OutgoingMessage(
            id: MessageKey.derive(sendRequest: sendRequest, recipient: message.recipient),
            sendRequest: sendRequest,
            recipient: message.recipient, sender: message.sender, text: message.text,
            validityMinutes: validityMinutes)
    }
}

extension SendRequestID {
    static let sample = SendRequestID(high: 0x0193_4A6B_0000_7000, low: 1 << 63)
}

extension ProviderResponse {
    init(_ status: Int, _ body: String, retryAfterSeconds: Int? = nil) {
        self.init(status: status, retryAfterSeconds: retryAfterSeconds, body: Array(body.utf8))
    }
}

extension ProviderRequest {
    /// The body as Foundation reads it.
    var document: NSDictionary {
        get throws {
            let value = try JSONSerialization.jsonObject(with: Data(body))
            return try #require(value as? NSDictionary)
        }
    }

    /// The values at a path of names in each message of Infobip's requests.
    func inMessages(_ path: String) throws -> [Any?] {
        let messages = try #require(document["messages"] as? [NSDictionary])
        return messages.map { message in
            path.split(separator: ".").reduce(message as Any?) { value, name in
                let inner = (value as? [Any])?.first ?? value
                return (inner as? NSDictionary)?[String(name)]
            }
        }
    }

    /// The headers as they go out.
    var headerLines: [String] { headers.map { "\($0.name): \($0.value)" } }

    /// The value of a header.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The decoded query.
    var query: [String: String] {
        get throws {
            let items = try #require(URLComponents(string: url)?.queryItems)
            return Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
        }
    }
}

extension SendResult {
    /// The case, and the code of its problem.
    var summary: String {
        switch self {
        case .accepted(let id): "accepted \(id ?? "-")"
        case .refused(let problem): "refused \(problem.code)"
        case .refusedTogether(let problem): "refusedTogether \(problem.code)"
        case .deferred(let problem, let seconds):
            "deferred \(problem.code)" + (seconds.map { " \($0) s" } ?? "")
        case .ambiguous(let problem): "ambiguous \(problem.code)"
        case .stopped(let problem): "stopped \(problem.code)"
        }
    }
}

extension InfobipSending {
    static func sample(
        _ version: Version = .v3, baseURL: String = "https://xyz.api.infobip.com",
        callbackURL: String? = "https://dlr.example.com/callbacks/infobip",
        wantsIntermediateReports: Bool = false, batchLimit: Int = 1000
    ) throws -> InfobipSending {
        InfobipSending(
            Settings(
                version: version, baseURL: baseURL, apiKey: try #require(Secret("0000aaaa-1111")),
                callbackURL: callbackURL, wantsIntermediateReports: wantsIntermediateReports,
                batchLimit: batchLimit))
    }
}

extension PlivoSending {
    static func sample(
        callbackBaseURL: String? = "https://dlr.example.com", powerpackUUID: String? = nil,
        defaultSender: String? = nil, logging: Logging? = nil, batchLimit: Int = 100
    ) throws -> PlivoSending {
        PlivoSending(
            Settings(
                authID: "MAXXXXXXXXXXXXXXXXXX", authToken: try #require(Secret("token-0001")),
                callbackBaseURL: callbackBaseURL, powerpackUUID: powerpackUUID,
                defaultSender: defaultSender, logging: logging, batchLimit: batchLimit))
    }
}
