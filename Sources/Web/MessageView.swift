import Domain
import Telemetry

/// Messages and reports as JSON, the names that the API promises.
enum MessageView {
    /// A message with its current status and the report that decides it.
    static func message(_ message: Message) -> [UInt8] {
        var json = JSONText()
        json.beginObject()
        json.member("id", message.id.description)
        json.member("provider", message.provider.rawValue)
        json.member("provider_message_id", message.providerMessageID)
        json.member("status", message.status.rawValue)
        json.member("final", message.status.isFinal)
        json.member("sent_by_us", message.isOurs)
        json.member("to", message.recipient)
        json.member("from", message.sender)
        json.member("created_at", message.createdAt.description)
        json.member("updated_at", message.updatedAt.description)
        if let decisive = message.decisive {
            details(of: decisive.report, in: &json)
        }
        json.endObject()
        return json.bytes
    }

    /// A message's reports, the deciding one first, each with the rule that put it there.
    static func timeline(of message: Message, reports: [RecordedReport]) -> [UInt8] {
        var json = JSONText()
        json.beginObject()
        json.member("message_id", message.id.description)
        json.member("status", message.status.rawValue)
        json.member("final", message.status.isFinal)
        json.key("reports")
        json.beginArray()
        for (position, recorded) in reports.enumerated() {
            json.beginObject()
            json.member("status", recorded.report.status.rawValue)
            json.member("final", recorded.report.status.isFinal)
            json.member("won", position == 0)
            verdict(of: recorded, at: position, among: reports, in: &json)
            json.member("source", recorded.report.source.name)
            json.member("received_at", recorded.receivedAt.description)
            json.member("callback_id", recorded.callback.description)
            details(of: recorded.report, in: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    /// Why the report is where it is: the winner against the runner-up, the others against it.
    private static func verdict(
        of recorded: RecordedReport, at position: Int, among reports: [RecordedReport],
        in json: inout JSONText
    ) {
        let rule: Precedence.Rule
        if reports.count == 1 {
            rule = .only
        } else {
            rule = recorded.precedence.rule(against: reports[position == 0 ? 1 : 0].precedence)
        }
        json.member("rule", rule.rawValue)
        json.member("why", explanation(rule, won: position == 0))
    }

    private static func explanation(_ rule: Precedence.Rule, won: Bool) -> String {
        switch (rule, won) {
        case (.only, _): "It is the only report."
        case (.finalBeatsNotFinal, true): "It is final and the others are not."
        case (.finalBeatsNotFinal, false): "It is not final and the winner is."
        case (.furtherAlong, true): "It is further along than the others."
        case (.furtherAlong, false): "The winner is further along."
        case (.laterProviderTime, true): "The provider dates it after the others."
        case (.laterProviderTime, false): "The provider dates the winner later."
        case (.deliveredBeatsFailed, true): "At the same time, its status outranks the others'."
        case (.deliveredBeatsFailed, false): "At the same time, the winner's status outranks it."
        case (.fingerprint, _): "Status and time are the winner's; only details differ."
        }
    }

    private static func details(of report: Report, in json: inout JSONText) {
        let outcome = report.outcome
        json.key("provider_status")
        json.beginObject()
        json.member("group_id", outcome.statusGroupID)
        json.member("group", outcome.statusGroup)
        json.member("id", outcome.statusID)
        json.member("name", outcome.statusName)
        json.member("description", outcome.statusDescription)
        json.endObject()
        json.key("error")
        json.beginObject()
        json.member("code", outcome.errorCode)
        json.member("group_id", outcome.errorGroupID)
        json.member("group", outcome.errorGroup)
        json.member("name", outcome.errorName)
        json.member("description", outcome.errorDescription)
        json.member("permanent", outcome.isPermanent)
        json.endObject()
        json.member("sent_at", report.sentAt?.description)
        json.member("done_at", report.doneAt?.description)
        json.member("segments", report.segments)
        json.key("price")
        if let price = report.price {
            json.beginObject()
            json.member("amount", price.amount)
            json.member("currency", price.currency)
            json.endObject()
        } else {
            json.null()
        }
        json.member("bulk_id", report.bulkID)
        json.member("callback_data", report.callbackData)
        json.member("network", report.network)
        json.key("attributes")
        if let attributes = report.attributes { json.raw(attributes) } else { json.null() }
    }
}
