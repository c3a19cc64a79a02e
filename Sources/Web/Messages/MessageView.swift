package import Domain
import JSON

/// Messages and reports as JSON, with the API's names.
package enum MessageView {
    /// A message with its current status and the report that decides it.
    ///
    /// For our own messages it also has what the sender asked for. Where a report and the sender
    /// both give a value, the report's counts, because it shows what was billed.
    package static func message(_ message: Message) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("id", message.id.description)
        json.member("provider", message.provider.name)
        json.member("provider_message_id", message.providerMessageID)
        json.member("status", message.shownStatus.rawValue)
        json.member("final", message.shownStatus.isFinal)
        json.member("sent_by_us", message.isOurs)
        json.member("to", message.recipient)
        json.member("from", message.sender)
        json.member("created_at", message.createdAt.description)
        json.member("updated_at", message.updatedAt.description)
        if let decisive = message.decisive {
            details(of: decisive.report, message, in: &json)
        } else if let sending = message.sending {
            error(message.decisiveEvent, in: &json)
            json.member("segments", sending.segments)
            json.member("callback_data", sending.callbackData)
        }
        parts(of: message, in: &json)
        if let sending = message.sending { describe(sending, in: &json) }
        json.endObject()
        return json.bytes
    }

    /// The statuses of the parts of a message.
    private static func parts(of message: Message, in json: inout JSONWriter) {
        json.key("parts")
        guard let counts = message.partCounts else { return json.null() }
        json.beginObject()
        json.member("total", counts.total)
        json.member("delivered", counts.delivered)
        json.member("failed", counts.failed)
        json.member("pending", counts.pending)
        json.endObject()
    }

    private static func describe(_ sending: SendDetails, in json: inout JSONWriter) {
        json.member("send_request_id", sending.sendRequest.description)
        json.key("submitted_by")
        describe(sending.submitter, in: &json)
        json.member("encoding", sending.encoding.rawValue)
        json.member("attempts", sending.attempts)
        json.member("validity_minutes", sending.validityMinutes)
        json.member("send_at", sending.sendAt?.description)
        json.key("metadata")
        if let metadata = sending.metadata { json.raw(metadata) } else { json.null() }
    }

    /// Null if it was not recorded.
    private static func describe(_ submitter: Submitter?, in json: inout JSONWriter) {
        guard let submitter else { return json.null() }
        json.beginObject()
        json.member("kind", submitter.id.kind.rawValue)
        json.member("id", submitter.id.uuid.description)
        json.member("name", submitter.name)
        json.endObject()
    }

    /// Our own reason for a failure, in the form of a report's error.
    private static func error(_ event: SendEvent?, in json: inout JSONWriter) {
        json.key("error")
        guard let problem = event?.problem else { return json.null() }
        json.beginObject()
        json.member("code", problem.code)
        json.member("group_id", Int?.none)
        json.member("group", String?.none)
        json.member("name", String?.none)
        json.member("description", problem.text)
        json.member("permanent", Bool?.none)
        json.endObject()
    }

    /// A message's reports, the deciding one first, each with the rule that ranks it; and the
    /// events of sending, the earliest first.
    package static func timeline(
        of message: Message, reports: [RecordedReport], events: [SendEvent]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("message_id", message.id.description)
        json.member("status", message.shownStatus.rawValue)
        json.member("final", message.shownStatus.isFinal)
        json.key("reports")
        json.beginArray()
        for (position, recorded) in reports.enumerated() {
            json.beginObject()
            json.member("status", recorded.report.status.rawValue)
            json.member("final", recorded.report.status.isFinal)
            json.member("won", position == 0 && !message.isDecidedByUs)
            if position == 0, message.isDecidedByUs {
                json.member("rule", Precedence.Rule.finalBeatsNotFinal.rawValue)
                json.member("why", "Our own judgement decides; see the events.")
            } else {
                verdict(of: recorded, at: position, among: reports, in: &json)
            }
            json.member("source", recorded.report.source.name)
            json.member("received_at", recorded.receivedAt.description)
            json.member("callback_id", recorded.callback.description)
            details(of: recorded.report, in: &json)
            json.member("part", recorded.report.part?.number)
            json.member("parts", recorded.report.part?.total)
            json.endObject()
        }
        json.endArray()
        json.key("events")
        json.beginArray()
        for event in events { describe(event, in: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func describe(_ event: SendEvent, in json: inout JSONWriter) {
        json.beginObject()
        json.member("kind", event.kind.rawValue)
        json.member("at", event.at.description)
        json.member("provider", event.provider?.name)
        json.member("attempt", event.attempt)
        json.member("status", event.status?.rawValue)
        json.member("code", event.problem?.code)
        json.member("detail", event.problem?.text)
        json.endObject()
    }

    /// Why the report has its rank: the first compared with the second, the others with the first.
    private static func verdict(
        of recorded: RecordedReport, at position: Int, among reports: [RecordedReport],
        in json: inout JSONWriter
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

    /// A report's details. For the message's own view, our result where that decides, and the
    /// sender's values where the report has none.
    private static func details(
        of report: Report, _ message: Message? = nil, in json: inout JSONWriter
    ) {
        let outcome = report.outcome
        json.key("provider_status")
        json.beginObject()
        json.member("group_id", outcome.statusGroupID)
        json.member("group", outcome.statusGroup)
        json.member("id", outcome.statusID)
        json.member("name", outcome.statusName)
        json.member("description", outcome.statusDescription)
        json.endObject()
        if let event = message?.decisiveEvent {
            error(event, in: &json)
        } else {
            error(outcome, in: &json)
        }
        json.member("sent_at", report.sentAt?.description)
        json.member("done_at", report.doneAt?.description)
        json.member("segments", report.segments.map(Int.init) ?? message?.sending?.segments)
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
        json.member("callback_data", report.callbackData ?? message?.sending?.callbackData)
        json.member("network", report.network)
        json.key("attributes")
        if let attributes = report.attributes { json.raw(attributes) } else { json.null() }
    }

    private static func error(_ outcome: Outcome, in json: inout JSONWriter) {
        json.key("error")
        json.beginObject()
        json.member("code", outcome.errorCode)
        json.member("group_id", outcome.errorGroupID)
        json.member("group", outcome.errorGroup)
        json.member("name", outcome.errorName)
        json.member("description", outcome.errorDescription)
        json.member("permanent", outcome.isPermanent)
        json.endObject()
    }
}
