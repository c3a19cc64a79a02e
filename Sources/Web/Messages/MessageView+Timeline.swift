package import Domain
import JSON

/// How a message's status came about.
extension MessageView {
    /// A message with its text and its timeline: reports and events in the order of time, each with
    /// the reason for what it did to the status.
    ///
    /// The deciding report comes first, of the events the earliest.
    func document(_ message: Message, reports: [RecordedReport], events: [SendEvent]) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.members(of: document(message))
        json.member("text", detail(message.sending?.text))
        json.key("timeline")
        json.beginArray()
        var next = events[...]
        for place in reports.indices.sorted(by: {
            (reports[$0].receivedAt, $1) < (reports[$1].receivedAt, $0)
        }) {
            while let event = next.first, event.at <= reports[place].receivedAt {
                entry(event, in: &json)
                next.removeFirst()
            }
            json.beginObject()
            json.member("type", "report")
            json.member("at", reports[place].receivedAt.description)
            describe(reports, at: place, of: message, in: &json)
            json.endObject()
        }
        for event in next { entry(event, in: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func entry(_ event: SendEvent, in json: inout JSONWriter) {
        json.beginObject()
        json.member("type", "event")
        json.member("why", Self.explanation(event.kind))
        describe(event, in: &json)
        json.endObject()
    }

    /// A message's reports, the deciding one first, each with the rule that ranks it; and the
    /// events of sending, the earliest first.
    package static func timeline(
        of message: Message, reports: [RecordedReport], events: [SendEvent]
    ) -> [UInt8] {
        MessageView(true).reports(of: message, reports: reports, events: events)
    }

    /// The same as the caller may see it.
    func reports(
        of message: Message, reports: [RecordedReport], events: [SendEvent]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("message_id", message.id.description)
        json.member("status", message.shownStatus.rawValue)
        json.member("final", message.shownStatus.isFinal)
        json.key("reports")
        json.beginArray()
        for place in reports.indices {
            json.beginObject()
            describe(reports, at: place, of: message, in: &json)
            json.endObject()
        }
        json.endArray()
        json.key("events")
        json.beginArray()
        for event in events { json.object { describe(event, in: &$0) } }
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private func describe(
        _ reports: [RecordedReport], at place: Int, of message: Message, in json: inout JSONWriter
    ) {
        let recorded = reports[place]
        json.member("status", recorded.report.status.rawValue)
        json.member("final", recorded.report.status.isFinal)
        json.member("won", place == 0 && !message.isDecidedByUs)
        if place == 0, message.isDecidedByUs {
            json.member("rule", Precedence.Rule.finalBeatsNotFinal.rawValue)
            json.member("why", "Our own judgement decides; see the events.")
        } else {
            verdict(of: recorded, at: place, among: reports, in: &json)
        }
        json.member("source", recorded.report.source.name)
        json.member("received_at", recorded.receivedAt.description)
        json.member("callback_id", recorded.callback.description)
        details(of: recorded.report, in: &json)
        json.member("part", recorded.report.part?.number)
        json.member("parts", recorded.report.part?.total)
    }

    private func describe(_ event: SendEvent, in json: inout JSONWriter) {
        json.member("kind", event.kind.rawValue)
        json.member("at", event.at.description)
        json.member("provider", event.provider?.name)
        json.member("attempt", event.attempt)
        json.member("status", event.status?.rawValue)
        json.member("code", event.problem?.code)
        json.member("detail", words(event.problem?.text))
    }

    /// Why the report has its rank: the first compared with the second, the others with the first.
    private func verdict(
        of recorded: RecordedReport, at place: Int, among reports: [RecordedReport],
        in json: inout JSONWriter
    ) {
        let rule: Precedence.Rule
        if reports.count == 1 {
            rule = .only
        } else {
            rule = recorded.precedence.rule(against: reports[place == 0 ? 1 : 0].precedence)
        }
        json.member("rule", rule.rawValue)
        json.member("why", Self.explanation(rule, won: place == 0))
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

    private static func explanation(_ kind: SendEvent.Kind) -> String {
        switch kind {
        case .accepted: "The provider has taken it."
        case .refused: "The provider will never take it."
        case .deferred: "The provider did not take it for now; it is tried again."
        case .unanswered: "Whether the provider has taken it is not known; the provider is asked."
        case .leaseExpired:
            "The dispatcher ended while it may have been under way; the provider is asked."
        case .found: "The provider has it after all."
        case .notFound: "The provider was asked and does not have it; it is tried again."
        case .stopped: "The provider takes nothing until the account is set right; it waits."
        case .rerouted: "Another provider takes over."
        case .gaveUp: "It was tried too often, or for too long."
        case .expired: "Its validity is over."
        case .cancelled: "Its sender cancelled it."
        case .retried: "It was given up, and somebody had it sent again."
        }
    }
}

extension JSONWriter {
    /// The members of an object that is written already.
    fileprivate mutating func members(of object: [UInt8]) {
        raw(Array(object.dropFirst().dropLast()))
    }
}
