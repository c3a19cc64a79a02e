import Domain
import JSON

/// Other events than delivery reports that Infobip sends to a URL.
///
/// A subscription or a number's forwarding may name the same URL for all of them.
/// Source: Infobip's OpenAPI of SMS (inbound messages, URL tracking), of Blocklists and of the
/// Messages API (`event`, `seenAt`).
enum InfobipEvent {
    /// The kind of an object without a status.
    ///
    /// - Parameters:
    ///   - range: exactly the object, which has been found to be well-formed.
    ///   - bytes: the body.
    /// - Returns: nil if it is unknown; then it may be a report without its status.
    /// - Throws: only what reading the whole has thrown before.
    static func kind(of range: Range<Int>, in bytes: ByteView) throws(JSONFault) -> RejectReason? {
        var reader = JSONReader(bytes)
        reader.position = range.lowerBound
        var event: String?
        var hasBeenSeen = false
        var hasArrived = false
        var hasText = false
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if bytes.matches(key, "event") || bytes.matches(key, "notificationType"),
                reader.peek() == UInt8(ascii: "\"")
            {
                event = Word.normalized(bytes.text(try reader.scanString()).text)
                continue
            }
            hasBeenSeen = hasBeenSeen || bytes.matches(key, "seenAt")
            hasArrived = hasArrived || bytes.matches(key, "receivedAt")
            hasText = hasText || texts.contains { bytes.matches(key, $0) }
            try reader.skipValue()
        }
        if let event { return kind(ofEvent: event) }
        if hasBeenSeen { return .seen }
        return hasArrived || hasText ? .inboundMessage : nil
    }

    /// The members that hold an inbound message's text; MMS have a list.
    private static let texts: [StaticString] = ["text", "message", "cleanText", "keyword"]

    private static func kind(ofEvent word: String) -> RejectReason? {
        switch word {
        case "CLICKED", "CLICK", "URL_CLICK", "URL_CLICKED": .click
        case "SEEN", "READ": .seen
        case "BLOCK", "UNBLOCK": .blocklistEvent
        case "MO", "INBOUND", "INBOUND_MESSAGE": .inboundMessage
        // A delivery event without a status is a report that lacks it.
        case "DELIVERY": nil
        default: .notAReport
        }
    }
}
