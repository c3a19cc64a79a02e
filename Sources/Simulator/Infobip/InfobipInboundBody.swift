import Domain
import JSON

/// What Infobip posts of people's messages and other events. Source: Infobip's OpenAPI of SMS
/// (inbound messages, URL tracking) and of Blocklists.
enum InfobipInboundBody {
    static func body(_ record: InboundRecord) -> [UInt8] {
        switch record.kind {
        case .click: return click(record)
        case .sms, .mms, .stop, .start, .help:
            return JSONWriter.document { json in
                json.array("results") { $0.object { message(record, &$0) } }
                json.member("messageCount", 1)
                json.member("pendingMessageCount", 0)
            }
        case .block, .unblock, .seen, .unknown:
            return JSONWriter.document { json in
                json.array("results") { $0.object { event(record, &$0) } }
            }
        }
    }

    private static func message(_ record: InboundRecord, _ json: inout JSONWriter) {
        json.member("messageId", record.id)
        json.member("from", record.from)
        json.member("to", record.to)
        if record.kind == .mms {
            json.array("message") { json in
                json.object { json in
                    json.member("contentType", "text/plain")
                    json.member("value", record.text)
                }
                json.object { json in
                    json.member("contentType", "image/jpeg")
                    json.member("url", "https://media.example.com/\(record.id)")
                }
            }
        } else {
            json.member("text", record.text)
            json.member("cleanText", record.text)
            json.member("keyword", record.keyword)
        }
        json.member("receivedAt", record.at.infobip)
        json.member("smsCount", Segmentation(record.text).segments)
        json.object("price") { json in
            json.member("pricePerMessage", 0)
            json.member("currency", "EUR")
        }
        json.member("callbackData", String?.none)
    }

    private static func event(_ record: InboundRecord, _ json: inout JSONWriter) {
        json.member("messageId", record.id)
        switch record.kind {
        case .block, .unblock:
            json.member("event", record.kind == .block ? "BLOCK" : "UNBLOCK")
            json.member("receivedAt", record.at.infobip)
            json.object("content") { json in
                json.member("destination", record.from)
                json.member("channel", "SMS")
                json.member("sourceType", "MO")
            }
        case .seen:
            json.member("from", record.to)
            json.member("to", record.from)
            json.member("seenAt", record.at.infobip)
        default: json.member("event", "TYPING_STARTED")
        }
    }

    /// One object, and no list.
    private static func click(_ record: InboundRecord) -> [UInt8] {
        JSONWriter.document { json in
            json.member("notificationType", "CLICKED")
            json.member("recipient", record.from)
            json.member("url", "https://shop.example.com/1")
            json.member("sendDateTime", record.at.microseconds / 1000)
            json.member("messageId", record.id)
            json.member("bulkId", "b-1")
            json.object("recipientInfo") { $0.member("deviceType", "Phone") }
        }
    }
}
