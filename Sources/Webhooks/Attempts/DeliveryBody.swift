package import Domain
import JSON

/// The body of a delivery. It follows from the event alone, so every attempt sends the same bytes.
///
/// Source: Standard Webhooks 1.0.0, "Payload structure".
package enum DeliveryBody {
    /// The most bytes: 20 kB is what receivers expect at most.
    package static let limit = 20_000

    /// - Parameters:
    ///   - delivery: what happened.
    ///   - hasNumbers: whether the receiver chose to be told telephone numbers.
    /// - Returns: UTF-8, less than `limit`: what the sender or the provider attached is left out
    ///   where it does not fit, and then named in `omitted`.
    package static func bytes(of delivery: WebhookDelivery, hasNumbers: Bool) -> [UInt8] {
        var omitted: [String] = []
        while true {
            let bytes = document(delivery, hasNumbers, omitted)
            guard bytes.count >= limit, omitted.count < omissible.count else { return bytes }
            omitted.append(omissible[omitted.count])
        }
    }

    private static let omissible = ["metadata", "callback_data", "error"]

    private static func document(
        _ delivery: WebhookDelivery, _ hasNumbers: Bool, _ omitted: [String]
    ) -> [UInt8] {
        JSONWriter.document { json in
            json.member("type", delivery.type.rawValue)
            json.member("timestamp", delivery.occurredAt.description)
            json.key("data")
            switch delivery.content {
            case .other(let data): json.raw(data)
            case .status(let facts):
                json.object { json in describe(facts, hasNumbers, omitted, in: &json) }
            }
        }
    }

    private static func describe(
        _ facts: WebhookDelivery.StatusFacts, _ hasNumbers: Bool, _ omitted: [String],
        in json: inout JSONWriter
    ) {
        json.member("id", facts.change.message.description)
        json.member("send_request_id", facts.sendRequest?.description)
        json.member("status", facts.change.status.rawValue)
        json.member("final", facts.change.isFinal)
        json.member("sequence", facts.change.sequence.rawValue)
        json.member("cause", facts.change.cause.name)
        json.member("provider", facts.provider.name)
        json.member("provider_message_id", facts.providerMessageID)
        if hasNumbers {
            json.member("to", facts.recipient)
            json.member("from", facts.sender)
        }
        json.member("country", facts.country)
        json.key("error")
        if omitted.contains("error") {
            json.null()
        } else {
            error(facts, hasNumbers, in: &json)
        }
        json.member("sent_at", facts.sentAt?.description)
        json.member("done_at", facts.doneAt?.description)
        json.member("received_at", facts.receivedAt?.description)
        json.member("segments", facts.segments)
        json.key("price")
        if let price = facts.price {
            json.object { json in
                json.member("amount", price.amount)
                json.member("currency", price.currency)
            }
        } else {
            json.null()
        }
        json.member(
            "callback_data", omitted.contains("callback_data") ? nil : facts.callbackData)
        json.key("metadata")
        if let metadata = facts.metadata, !omitted.contains("metadata") {
            json.raw(metadata)
        } else {
            json.null()
        }
        if !omitted.isEmpty {
            json.array("omitted") { json in for name in omitted { json.string(name) } }
        }
    }

    private static func error(
        _ facts: WebhookDelivery.StatusFacts, _ hasNumbers: Bool, in json: inout JSONWriter
    ) {
        // A provider's words may hold the number.
        func words(_ text: String?) -> String? {
            hasNumbers ? text : text.map(NumberMask.maskedNumbers)
        }
        if let outcome = facts.outcome, outcome.errorCode != nil || outcome.errorName != nil {
            json.object { json in
                json.member("code", outcome.errorCode)
                json.member("name", words(outcome.errorName))
                json.member("description", words(outcome.errorDescription))
                json.member("permanent", outcome.isPermanent)
            }
        } else if let problem = facts.problem {
            json.object { json in
                json.member("code", problem.code)
                json.member("name", String?.none)
                json.member("description", words(problem.text))
                json.member("permanent", Bool?.none)
            }
        } else {
            json.null()
        }
    }
}

extension StatusChange.Cause {
    /// As receivers read it.
    package var name: String {
        switch self {
        case .callback: "callback"
        case .statusQuery: "status_query"
        case .event: "waybill"
        // Of no change of a status, so in no delivery.
        case .inbound: "inbound"
        }
    }
}
