package import Domain
import JSON

extension PlivoSending {
    /// How far Plivo's clock may be behind ours.
    private static let clockSkew = Duration.seconds(120)
    /// How long after the attempt Plivo may have taken the message.
    private static let span = Duration.seconds(600)
    /// The filter's times have no documented zone: they are wide enough for any, and the records'
    /// own times, which have an offset, decide.
    private static let zones = Duration.seconds(14 * 3600)
    /// The most records in one answer.
    private static let recordLimit = 20

    /// `GET …/Message/{uuid}/`; without a known UUID, `GET …/Message/?to_number=…` for the time of
    /// the attempt.
    package func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])] {
        messages.map { message in
            if let uuid = message.providerMessageID {
                return (get(PercentEncoding.encode(uuid) + "/"), [message])
            }
            let query = PercentEncoding.encode([
                ("to_number", message.recipient.digits),
                ("message_direction", "outbound"),
                ("message_time__gte", Self.filter(Self.window(of: message).lowerBound, -1)),
                ("message_time__lte", Self.filter(Self.window(of: message).upperBound, 1)),
                ("limit", String(Self.recordLimit)),
            ])
            return (get(query: query), [message])
        }
    }

    private static func window(of message: MessageLookUp) -> ClosedRange<Timestamp> {
        let earliest = message.sentAt.advanced(by: .zero - clockSkew)
        return earliest...message.sentAt.advanced(by: span)
    }

    /// `yyyy-MM-dd HH:mm:ss`.
    private static func filter(_ time: Timestamp, _ direction: Int) -> String {
        let text = time.advanced(by: zones * direction).description
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }

    /// Reads one record, or the list of them.
    ///
    /// In a list a record is the message's if it went to its recipient within ten minutes of the
    /// attempt, by Plivo's clock give or take two, is none of `otherProviderMessageIDs`, and is the
    /// only such one of a complete list. A complete list without one means that Plivo does not have
    /// the message; ask late enough for that, since how soon a message is listed is not documented.
    /// Two candidates, or more pages, leave the message undecided, and so does a list without one
    /// where Plivo may keep the number in another spelling than we asked for.
    ///
    /// - Throws: `ProviderProblem` for what is neither a readable 200 nor, for one record, Plivo's
    ///   own 404.
    package func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult {
        guard let message = messages.first else { return LookUpResult(reports: [], unknown: []) }
        guard response.status == 200 else {
            let refusal = PlivoRefusal(response)
            guard response.status == 404, refusal.isFromPlivo, message.providerMessageID != nil
            else { throw refusal.problem }
            return LookUpResult(reports: [], unknown: [message.id])
        }
        guard let answer = JSONValue(response.body) else { throw .unreadableAnswer }
        guard message.providerMessageID == nil else {
            return LookUpResult(reports: [try Self.report(answer, of: message)], unknown: [])
        }
        guard case .array(let records)? = answer["objects"] else { throw .unreadableAnswer }
        let candidates = records.filter { Self.isCandidate($0, for: message) }
        guard Self.isComplete(answer, recordCount: records.count), candidates.count <= 1 else {
            return LookUpResult(reports: [], unknown: [])
        }
        guard let record = candidates.first else {
            let isSure = !DialledDigits(message.recipient.digits).isOftenRewritten
            return LookUpResult(reports: [], unknown: isSure ? [message.id] : [])
        }
        return LookUpResult(reports: [try Self.report(record, of: message)], unknown: [])
    }

    package func archivable(_ lookUpBody: [UInt8]) -> [UInt8] {
        TextRedactor.redact(lookUpBody)
    }

    /// Whether a record may be the message's; an unreadable one may be.
    private static func isCandidate(_ record: JSONValue, for message: MessageLookUp) -> Bool {
        if record["message_direction"]?.text == "inbound" { return false }
        if let number = record["to_number"]?.text,
            case let (told, sent) = (DialledDigits(number), DialledDigits(message.recipient.digits)),
            told != sent, NumberLikeness(told, sent) == nil || !sent.isOftenRewritten
        {
            return false
        }
        if let uuid = record["message_uuid"]?.text, message.otherProviderMessageIDs.contains(uuid) {
            return false
        }
        guard let text = record["message_time"]?.text, let time = ProviderTime.withSpace(text)
        else {
            return true
        }
        return window(of: message).contains(time)
    }

    private static func isComplete(_ answer: JSONValue, recordCount: Int) -> Bool {
        guard answer["meta"]?["next"] == nil, answer["meta"]?["previous"] == nil else {
            return false
        }
        guard let total = answer["meta"]?["total_count"]?.int32 else {
            return recordCount < recordLimit
        }
        return total <= recordCount
    }

    private static func report(
        _ record: JSONValue, of message: MessageLookUp
    ) throws(ProviderProblem) -> Report {
        guard let report = PlivoRecord(record).report(message: message.id) else {
            throw .unreadableAnswer
        }
        return report
    }
}
