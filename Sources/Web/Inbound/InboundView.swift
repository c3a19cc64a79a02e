package import Domain
import JSON

/// Messages from people as JSON and CSV, as one caller may see them: who does not see details gets
/// masked numbers and no text.
package struct InboundView: Sendable {
    private let seesDetails: Bool

    package init(_ seesDetails: Bool) { self.seesDetails = seesDetails }

    /// As in a list, and in a stream.
    package func document(_ stored: StoredInbound) -> [UInt8] {
        JSONWriter.document { members(of: stored, in: &$0) }
    }

    /// With the provider's other fields.
    func whole(_ stored: StoredInbound) -> [UInt8] {
        JSONWriter.document { json in
            members(of: stored, in: &json)
            json.key("attributes")
            if let attributes = stored.message.attributes, seesDetails {
                json.raw(attributes)
            } else {
                json.null()
            }
        }
    }

    func members(of stored: StoredInbound, in json: inout JSONWriter) {
        let message = stored.message
        json.member("id", message.id.description)
        json.member("provider", message.provider.name)
        json.member("provider_message_id", message.providerMessageID)
        json.member("type", message.kind.name)
        json.member("from", message.sender.map(number))
        json.member("to", message.recipient.map(number))
        json.member("text", seesDetails ? message.text : nil)
        json.member("keyword", seesDetails ? message.keyword : nil)
        json.array("media") { json in
            for file in message.media where seesDetails {
                json.object { json in
                    json.member("url", file.url)
                    json.member("type", file.type)
                }
            }
        }
        json.member("segments", message.parts)
        json.key("price")
        if let price = message.price {
            json.object { json in
                json.member("amount", price.amount)
                json.member("currency", price.currency)
            }
        } else {
            json.null()
        }
        json.member("intent", message.intent?.name)
        json.member("sent_at", message.sentAt?.description)
        json.member("received_at", stored.receivedAt.description)
        json.member("source", message.source.name)
        json.member("callback_id", stored.callback.description)
        json.member("message_id", stored.answered?.description)
    }

    /// A conversation's entry.
    func entry(_ entry: ConversationEntry, in json: inout JSONWriter) {
        json.object { json in
            json.member("direction", entry.isInbound ? "in" : "out")
            json.member("at", entry.at.description)
            switch entry {
            case .from(let stored):
                json.member("id", stored.message.id.description)
                json.member("provider", stored.message.provider.name)
                json.member("status", String?.none)
                json.member("sender", stored.message.recipient.map(number))
                json.member("text", seesDetails ? stored.message.text : nil)
                json.member("media", stored.message.media.count)
            case .to(let sent):
                json.member("id", sent.id.description)
                json.member("provider", sent.provider.name)
                json.member("status", sent.status.rawValue)
                json.member("sender", sent.sender.map(number))
                json.member("text", seesDetails ? sent.text : nil)
                json.member("media", 0)
            }
        }
    }

    private func number(_ text: String) -> String {
        seesDetails ? text : NumberMask.masked(text)
    }

    /// The header line of an export.
    static let columns = [
        "id", "received_at", "sent_at", "provider", "provider_message_id", "type", "from", "to",
        "text", "keyword", "media", "segments", "price_amount", "price_currency", "intent",
        "source",
        "message_id",
    ]

    func row(_ stored: StoredInbound, in csv: inout CSVWriter) {
        let message = stored.message
        csv.identifier(message.id)
        csv.time(stored.receivedAt)
        csv.time(message.sentAt)
        csv.text(message.provider.name)
        csv.text(message.providerMessageID)
        csv.word(message.kind.name)
        csv.text(message.sender.map(number))
        csv.text(message.recipient.map(number))
        csv.text(seesDetails ? message.text : nil)
        csv.text(seesDetails ? message.keyword : nil)
        csv.text(seesDetails ? message.media.map(\.url).joined(separator: " ") : nil)
        csv.integer(message.parts.map(Int.init))
        csv.text(message.price?.amount)
        csv.text(message.price?.currency)
        csv.text(message.intent?.name)
        csv.word(message.source.name)
        csv.identifier(stored.answered)
        csv.endRow()
    }
}

extension ConversationEntry {
    fileprivate var isInbound: Bool { if case .from = self { true } else { false } }
}
