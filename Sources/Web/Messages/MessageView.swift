package import Domain
import JSON

/// Messages and reports as JSON, with the API's names, as one caller may see them.
package struct MessageView: Sendable {
    /// Whether numbers are whole, and texts are shown: that of the message, and what its sender or
    /// the provider put with it, which may hold numbers too.
    let seesDetails: Bool

    package init(_ seesDetails: Bool) {
        self.seesDetails = seesDetails
    }

    /// A message with its current status and the report that decides it.
    ///
    /// For our own messages it also has what the sender asked for. Where a report and the sender
    /// both give a value, the report's counts, because it shows what was billed.
    package static func message(_ message: Message) -> [UInt8] {
        MessageView(true).document(message)
    }

    /// The same as the caller may see it.
    func document(_ message: Message) -> [UInt8] {
        JSONWriter.document { members(of: message, in: &$0) }
    }

    /// As in a list.
    func listed(_ message: Message, in json: inout JSONWriter) {
        json.object { members(of: message, in: &$0) }
    }

    private func members(of message: Message, in json: inout JSONWriter) {
        json.member("id", message.id.description)
        json.member("provider", message.provider.name)
        json.member("provider_message_id", message.providerMessageID)
        json.member("status", message.shownStatus.rawValue)
        json.member("final", message.shownStatus.isFinal)
        json.member("sent_by_us", message.isOurs)
        json.member("to", message.recipient.map(number))
        json.member("from", message.sender.map(number))
        json.member("country", message.country)
        json.member("created_at", message.createdAt.description)
        json.member("updated_at", message.updatedAt.description)
        if let decisive = message.decisive {
            details(of: decisive.report, message, in: &json)
        } else if let sending = message.sending {
            error(message.decisiveEvent, in: &json)
            json.member("segments", sending.segments)
            json.member("callback_data", detail(sending.callbackData))
        }
        parts(of: message, in: &json)
        if let sending = message.sending { describe(sending, in: &json) }
    }

    /// The statuses of the parts of a message.
    private func parts(of message: Message, in json: inout JSONWriter) {
        json.key("parts")
        guard let counts = message.partCounts else { return json.null() }
        json.beginObject()
        json.member("total", counts.total)
        json.member("delivered", counts.delivered)
        json.member("failed", counts.failed)
        json.member("pending", counts.pending)
        json.endObject()
    }

    private func describe(_ sending: SendDetails, in json: inout JSONWriter) {
        json.member("send_request_id", sending.sendRequest.description)
        json.key("submitted_by")
        describe(sending.submitter, in: &json)
        json.member("encoding", sending.encoding.rawValue)
        json.member("attempts", sending.attempts)
        json.member("validity_minutes", sending.validityMinutes)
        json.member("send_at", sending.sendAt?.description)
        json.key("metadata")
        if let metadata = detail(sending.metadata) { json.raw(metadata) } else { json.null() }
    }

    /// Null if it was not recorded.
    private func describe(_ submitter: Submitter?, in json: inout JSONWriter) {
        guard let submitter else { return json.null() }
        json.beginObject()
        json.member("kind", submitter.id.kind.rawValue)
        json.member("id", submitter.id.uuid.description)
        json.member("name", submitter.name)
        json.endObject()
    }

    /// Our own reason for a failure, in the form of a report's error.
    private func error(_ event: SendEvent?, in json: inout JSONWriter) {
        json.key("error")
        guard let problem = event?.problem else { return json.null() }
        json.beginObject()
        json.member("code", problem.code)
        json.member("group_id", Int?.none)
        json.member("group", String?.none)
        json.member("name", String?.none)
        json.member("description", words(problem.text))
        json.member("permanent", Bool?.none)
        json.endObject()
    }

    /// A report's details. For the message's own view, our result where that decides, and the
    /// sender's values where the report has none.
    func details(of report: Report, _ message: Message? = nil, in json: inout JSONWriter) {
        let outcome = report.outcome
        json.key("provider_status")
        json.beginObject()
        json.member("group_id", outcome.statusGroupID)
        json.member("group", words(outcome.statusGroup))
        json.member("id", outcome.statusID)
        json.member("name", words(outcome.statusName))
        json.member("description", words(outcome.statusDescription))
        json.endObject()
        if let event = message?.decisiveEvent {
            error(event, in: &json)
        } else {
            error(outcome, in: &json)
        }
        json.member("sent_at", report.sentAt?.description)
        json.member("done_at", report.doneAt?.description)
        // A message whose parts are reported on one by one takes what they all take.
        let settled = message?.settlement
        let segments = settled?.segments ?? report.segments
        json.member("segments", segments.map(Int.init) ?? message?.sending?.segments)
        json.key("price")
        if let price = settled.map(\.price) ?? report.price {
            json.beginObject()
            json.member("amount", price.amount)
            json.member("currency", price.currency)
            json.endObject()
        } else {
            json.null()
        }
        json.member("bulk_id", report.bulkID)
        json.member(
            "callback_data", detail(report.callbackData ?? message?.sending?.callbackData))
        json.member("network", report.network)
        json.key("attributes")
        if let attributes = detail(report.attributes) {
            json.raw(attributes)
        } else {
            json.null()
        }
    }

    private func error(_ outcome: Outcome, in json: inout JSONWriter) {
        json.key("error")
        json.beginObject()
        json.member("code", outcome.errorCode)
        json.member("group_id", outcome.errorGroupID)
        json.member("group", words(outcome.errorGroup))
        json.member("name", words(outcome.errorName))
        json.member("description", words(outcome.errorDescription))
        json.member("permanent", outcome.isPermanent)
        json.endObject()
    }

    private func number(_ text: String) -> String {
        seesDetails ? text : NumberMask.masked(text)
    }

    /// A provider's words, in which a number may stand.
    func words(_ text: String?) -> String? {
        seesDetails ? text : text.map(NumberMask.maskedNumbers)
    }

    /// What only those see who see texts.
    func detail(_ text: String?) -> String? { seesDetails ? text : nil }
}
