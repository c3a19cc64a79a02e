import Domain
import JSON

/// What else than delivery reports Infobip sends to a URL.
///
/// A subscription or a number's forwarding may name the same URL for all of them.
/// Source: Infobip's OpenAPI of SMS (inbound messages, URL tracking), of Blocklists and of the
/// Messages API (`event`, `seenAt`).
enum InfobipEvent {
    /// What an object without a status is about.
    ///
    /// - Parameters:
    ///   - range: exactly the object, which has been found to be well-formed.
    ///   - bytes: the body.
    /// - Returns: nil where nothing tells; then it may be a report that lacks its status.
    /// - Throws: nothing that the reading of the whole has not thrown before.
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

    /// Where an inbound message has its text; MMS have a list.
    private static let texts: [StaticString] = ["text", "message", "cleanText", "keyword"]

    private static func kind(ofEvent word: String) -> RejectReason? {
        switch word {
        case "CLICKED", "CLICK", "URL_CLICK", "URL_CLICKED": .click
        case "SEEN", "READ": .seen
        case "BLOCK", "UNBLOCK": .blocklistEvent
        case "MO", "INBOUND", "INBOUND_MESSAGE": .inboundMessage
        // A delivery's event without a status lacks what it is for.
        case "DELIVERY": nil
        default: .notAReport
        }
    }
}
