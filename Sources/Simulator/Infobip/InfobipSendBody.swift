import Domain
import JSON

/// One message of a request, whichever version it came by.
struct InfobipMessage {
    let to: String
    let messageID: String?
    let sender: String?
    let text: String
    let url: String?
    let callbackData: String?
    let wantsIntermediate: Bool
    /// False asks for no report at all; only version 3 allows that.
    let wantsReports: Bool
    /// When it is to be sent; nil for at once.
    let sendAt: Timestamp?
    /// How long delivery is tried, if it says so.
    let validity: Duration?
    /// Where it is in the request, as `messages[0].destinations[0]`.
    let place: (message: Int, destination: Int)
}

/// What is wrong with one field of a request.
struct Violation {
    let property: String
    let text: String
}

/// The body of a sending request, read and checked.
struct InfobipSendBody {
    private(set) var messages: [InfobipMessage] = []
    private(set) var violations: [Violation] = []
    let bulkID: String?
    let wantsCount: Bool
    /// The last text and URL: messages with the same ones share their memory.
    private var shared: (text: String, url: String?) = ("", nil)

    /// The most characters of `to`, and of `callbackData`.
    private static let numberLimit = 64
    private static let callbackDataLimit = 4_000
    private static let validityMinutes = 1...2_880
    /// How far ahead a message may be sent.
    private static let horizon = Duration.seconds(180 * 86_400)

    /// Nil if it is not the expected JSON.
    init?(_ body: [UInt8], isV3: Bool) {
        guard let json = try? JSONValue(strict: body, limits: .simulator) else { return nil }
        if isV3 {
            guard let root = try? Root3(json) else { return nil }
            bulkID = root.bulkID.map { String($0.prefix(100)) }
            wantsCount = root.wantsCount
            let sendAt = time(root.sendAt, "options.schedule.sendAt")
            for (index, entry) in root.messages.enumerated() {
                add(
                    index, entry.destinations, text: entry.text, isV3: true, sender: entry.sender,
                    url: entry.url, callbackData: entry.callbackData,
                    intermediate: entry.intermediate, notify: entry.notify, sendAt: sendAt,
                    validity: validity(index, entry.period))
            }
        } else {
            guard let root = try? Root2(json) else { return nil }
            bulkID = root.bulkID.map { String($0.prefix(100)) }
            wantsCount = root.wantsCount
            for (index, entry) in root.messages.enumerated() {
                add(
                    index, entry.destinations, text: entry.text, isV3: false,
                    sender: entry.sender, url: entry.url, callbackData: entry.callbackData,
                    intermediate: entry.intermediate, notify: nil,
                    sendAt: time(entry.sendAt, "messages[\(index)].sendAt"),
                    validity: entry.validity.map { Self.validity(minutes: $0) })
            }
        }
        if messages.isEmpty, violations.isEmpty {
            violations.append(Violation(property: "messages", text: "must not be empty"))
        }
    }

    private mutating func add(
        _ index: Int, _ destinations: [Destination]?, text: String?, isV3: Bool,
        sender: String?, url: String?, callbackData: String?, intermediate: Bool?, notify: Bool?,
        sendAt: Timestamp?, validity: Duration?
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
        // Not with `!=`: the same character in other code points is another text.
        if !shared.text.utf8.elementsEqual(text.utf8) { shared.text = text }
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
                    sendAt: sendAt, validity: validity,
                    place: (index, number)))
        }
    }

    /// The time in a text, or nil with a violation if it is not valid or too far ahead.
    private mutating func time(_ text: String?, _ property: String) -> Timestamp? {
        guard let text else { return nil }
        guard let time = Timestamp(filter: text) else {
            violations.append(
                Violation(property: property, text: "must be yyyy-MM-dd'T'HH:mm:ss.SSSZ"))
            return nil
        }
        guard time.since(.now) <= Self.horizon else {
            violations.append(
                Violation(property: property, text: "must be at most 180 days ahead"))
            return nil
        }
        return time
    }

    private mutating func validity(_ index: Int, _ period: Root3.Period?) -> Duration? {
        guard let period, let amount = period.amount else { return nil }
        switch period.timeUnit ?? "MINUTES" {
        case "SECONDS": return .seconds(min(max(amount, 1), Self.validityMinutes.upperBound * 60))
        case "MINUTES": return Self.validity(minutes: amount)
        case "HOURS": return Self.validity(minutes: min(max(amount, 0), 48) * 60)
        default:
            violations.append(
                Violation(
                    property: "messages[\(index)].options.validityPeriod.timeUnit",
                    text: "must be SECONDS, MINUTES or HOURS"))
            return nil
        }
    }

    /// A longer validity is shortened, as Infobip does.
    private static func validity(minutes: Int) -> Duration {
        let bounds = validityMinutes
        return .seconds(60 * min(max(minutes, bounds.lowerBound), bounds.upperBound))
    }
}

extension InfobipSendBody {
    private struct Destination {
        let to: String?
        let messageId: String?

        init(_ json: JSONValue) throws(RequestProblem) {
            to = try json.string("to")
            messageId = try json.string("messageId")
        }

        static func list(_ json: JSONValue) throws(RequestProblem) -> [Destination]? {
            guard let list = try json.array("destinations") else { return nil }
            return try list.map { element throws(RequestProblem) in try Destination(element) }
        }
    }

    private struct Root2 {
        struct Message {
            let sender: String?
            let destinations: [Destination]?
            let text: String?
            let intermediate: Bool?
            let url: String?
            let callbackData: String?
            let validity: Int?
            let sendAt: String?

            init(_ json: JSONValue) throws(RequestProblem) {
                sender = try json.string("from")
                destinations = try Destination.list(json)
                text = try json.string("text")
                intermediate = try json.flag("intermediateReport")
                url = try json.string("notifyUrl")
                callbackData = try json.string("callbackData")
                validity = try json.integer("validityPeriod")
                sendAt = try json.string("sendAt")
            }
        }
        let messages: [Message]
        let bulkID: String?
        let wantsCount: Bool

        init(_ json: JSONValue) throws(RequestProblem) {
            messages = try (json.array("messages") ?? []).map { element throws(RequestProblem) in
                try Message(element)
            }
            bulkID = try json.string("bulkId")
            wantsCount = try json.flag("includeSmsCountInResponse") ?? false
        }
    }

    private struct Root3 {
        struct Period {
            let amount: Int?
            let timeUnit: String?
        }
        struct Message {
            let sender: String?
            let destinations: [Destination]?
            let text: String?
            let intermediate: Bool?
            let url: String?
            let notify: Bool?
            let callbackData: String?
            let period: Period?

            init(_ json: JSONValue) throws(RequestProblem) {
                sender = try json.string("sender")
                destinations = try Destination.list(json)
                text = try json.object("content")?.string("text")
                let webhooks = try json.object("webhooks")
                let delivery = try webhooks?.object("delivery")
                intermediate = try delivery?.flag("intermediateReport")
                url = try delivery?.string("url")
                notify = try delivery?.flag("notify")
                callbackData = try webhooks?.string("callbackData")
                let options = try json.object("options")
                if let period = try options?.object("validityPeriod") {
                    self.period = Period(
                        amount: try period.integer("amount"),
                        timeUnit: try period.string("timeUnit"))
                } else {
                    period = nil
                }
            }
        }
        let messages: [Message]
        let bulkID: String?
        let sendAt: String?
        let wantsCount: Bool

        init(_ json: JSONValue) throws(RequestProblem) {
            messages = try (json.array("messages") ?? []).map { element throws(RequestProblem) in
                try Message(element)
            }
            let options = try json.object("options")
            let schedule = try options?.object("schedule")
            bulkID = try schedule?.string("bulkId")
            sendAt = try schedule?.string("sendAt")
            wantsCount = try options?.flag("includeSmsCountInResponse") ?? false
        }
    }
}
