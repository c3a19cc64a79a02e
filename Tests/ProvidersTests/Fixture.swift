import Domain
import Foundation
import Providers
import Security
import Testing

/// The providers' sample bodies, byte for byte as the signature vectors cover them.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
}

extension CallbackRequest {
    /// A request with these headers, their names in any case.
    init(
        uri: String = "/callbacks/infobip", sendRequest: SendRequestID? = nil, body: [UInt8],
        headers: [String: String] = [:]
    ) {
        let parameters = Dictionary(
            uniqueKeysWithValues: headers.map { name, value in
                (
                    "HTTP_" + name.uppercased().replacing("-", with: "_"), value
                )
            })
        self.init(uri: uri, sendRequest: sendRequest, body: body) { parameters[$0.parameter] }
    }
}

extension ReceivedCallback {
    /// The parts that a parser reads, and no more.
    init(
        message: MessageID? = nil, sendRequest: SendRequestID? = nil,
        contentType: String? = "application/json", body: [UInt8]
    ) {
        let now = Timestamp(microseconds: 1_795_000_000_000_000)
        self.init(
            id: .new(at: now), provider: .infobip, uri: "", contentType: contentType,
            message: message, sendRequest: sendRequest, receivedAt: now, body: body)
    }
}

/// A webhook that accepts the password `password` and reads as any other does.
func infobip(stringLimit: Int = 16_384) throws -> InfobipWebhook {
    let password = try #require(Secret("password"))
    let settings = InfobipWebhook.Settings(basic: [("user", password)])
    return try #require(InfobipWebhook(settings, stringLimit: stringLimit))
}

/// The result of Infobip's webhook for a body.
func parse(_ body: String, contentType: String? = "application/json") throws -> ParsedCallback {
    try infobip().parse(ReceivedCallback(contentType: contentType, body: Array(body.utf8)))
}

/// A moment written as our API writes it.
func utc(_ text: String) throws -> Timestamp {
    let digits = text.split { !$0.isNumber }.compactMap { Int($0) }
    let fraction = text.split(separator: ".").last.map { $0.filter(\.isNumber) } ?? ""
    let microsecond = try #require(
        Int(fraction.padding(toLength: 6, withPad: "0", startingAt: 0)))
    return try #require(
        Timestamp(
            year: digits[0], month: digits[1], day: digits[2], hour: digits[3], minute: digits[4],
            second: digits[5], microsecond: microsecond))
}
