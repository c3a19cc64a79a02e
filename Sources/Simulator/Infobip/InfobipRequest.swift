import Foundation

/// One message of a request, whichever version it came by.
struct InfobipMessage {
    let to: String
    let messageID: String?
    let sender: String?
    let text: String
    let url: String?
    let callbackData: String?
    let wantsIntermediate: Bool
    /// False asks for no report at all, which only version 3 can.
    let wantsReports: Bool
    /// Where it is in the request, as `messages[0].destinations[0]`.
    let place: (message: Int, destination: Int)
}

/// What is wrong with a request's field.
struct Violation {
    let property: String
    let text: String
}

/// The body of a request that sends, read and checked.
struct InfobipRequest {
    private(set) var messages: [InfobipMessage] = []
    private(set) var violations: [Violation] = []
    let bulkID: String?
    let wantsCount: Bool
    /// The last text and URL: messages that have them in common share their memory.
    private var shared: (text: String, url: String?) = ("", nil)

    /// The most characters of `to`, and of `callbackData`.
    private static let numberLimit = 64
    private static let callbackDataLimit = 4_000

    /// Nil if it is not the JSON that is expected.
    init?(_ body: [UInt8], isV3: Bool) {
        let decoder = JSONDecoder()
        if isV3 {
            guard let root = try? decoder.decode(Root3.self, from: Data(body)) else { return nil }
            bulkID = root.options?.schedule?.bulkId.map { String($0.prefix(100)) }
            wantsCount = root.options?.includeSmsCountInResponse ?? false
            for (index, entry) in (root.messages ?? []).enumerated() {
                let delivery = entry.webhooks?.delivery
                add(
                    index, entry.destinations, text: entry.content?.text,
                    isV3: true, sender: entry.sender, url: delivery?.url,
                    callbackData: entry.webhooks?.callbackData,
                    intermediate: delivery?.intermediateReport, notify: delivery?.notify)
            }
        } else {
            guard let root = try? decoder.decode(Root2.self, from: Data(body)) else { return nil }
            bulkID = root.bulkId.map { String($0.prefix(100)) }
            wantsCount = root.includeSmsCountInResponse ?? false
            for (index, entry) in (root.messages ?? []).enumerated() {
                add(
                    index, entry.destinations, text: entry.text,
                    isV3: false, sender: entry.from, url: entry.notifyUrl,
                    callbackData: entry.callbackData, intermediate: entry.intermediateReport,
                    notify: nil)
            }
        }
        if messages.isEmpty, violations.isEmpty {
            violations.append(Violation(property: "messages", text: "must not be empty"))
        }
    }

    private mutating func add(
        _ index: Int, _ destinations: [Destination]?, text: String?, isV3: Bool,
        sender: String?, url: String?, callbackData: String?, intermediate: Bool?, notify: Bool?
    ) {
        let path = "messages[\(index)]"
        guard let destinations, !destinations.isEmpty else {
            violations.append(
                Violation(property: "\(path).destinations", text: "must not be empty"))
            return
        }
        guard let text, !text.isEmpty else {
            violations.append(
                Violation(
                    property: isV3 ? "\(path).content.text" : "\(path).text",
                    text: "must not be blank"))
            return
        }
        if let callbackData, callbackData.utf16.count > Self.callbackDataLimit {
            let name = isV3 ? "webhooks.callbackData" : "callbackData"
            violations.append(
                Violation(
                    property: "\(path).\(name)", text: "size must be between 0 and 4000"))
        }
        if shared.text != text { shared.text = text }
        if shared.url != url { shared.url = url }
        for (number, destination) in destinations.enumerated() {
            guard let to = destination.to, !to.isEmpty, to.utf8.count <= Self.numberLimit else {
                violations.append(
                    Violation(
                        property: "\(path).destinations[\(number)].to",
                        text: destination.to.map { $0.isEmpty } ?? true
                            ? "must not be blank" : "size must be between 0 and 64"))
                continue
            }
            messages.append(
                InfobipMessage(
                    // Reports and logs have digits only.
                    to: to.hasPrefix("+") ? String(to.dropFirst()) : to,
                    messageID: destination.messageId.map { String($0.prefix(200)) },
                    sender: sender, text: shared.text, url: shared.url, callbackData: callbackData,
                    wantsIntermediate: intermediate ?? false, wantsReports: notify ?? true,
                    place: (index, number)))
        }
    }

    private struct Destination: Decodable {
        let to: String?
        let messageId: String?
    }

    private struct Root2: Decodable {
        struct Message: Decodable {
            let from: String?
            let destinations: [Destination]?
            let text: String?
            let intermediateReport: Bool?
            let notifyUrl: String?
            let callbackData: String?
        }
        let messages: [Message]?
        let bulkId: String?
        let includeSmsCountInResponse: Bool?
    }

    private struct Root3: Decodable {
        struct Message: Decodable {
            struct Content: Decodable { let text: String? }
            struct Delivery: Decodable {
                let url: String?
                let intermediateReport: Bool?
                let notify: Bool?
            }
            struct Webhooks: Decodable {
                let delivery: Delivery?
                let callbackData: String?
            }
            let sender: String?
            let destinations: [Destination]?
            let content: Content?
            let webhooks: Webhooks?
        }
        struct Schedule: Decodable { let bulkId: String? }
        struct Options: Decodable {
            let schedule: Schedule?
            let includeSmsCountInResponse: Bool?
        }
        let messages: [Message]?
        let options: Options?
    }
}
