package import Domain
import JSON

extension InfobipSending {
    /// Reads the answer to a request that sent these messages.
    ///
    /// A message is found by our id, whatever the order. An entry without an id of ours belongs to
    /// the only message to its number that no other entry names. A message that no entry names is
    /// ambiguous, because Infobip accepted the request.
    package func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult] {
        guard let response else { return messages.map { _ in .ambiguous(.noAnswer) } }
        guard (200..<300).contains(response.status) else {
            return InfobipRefusal(response).results(of: messages.count)
        }
        guard let answer = JSONValue(response.body), case .array(let list)? = answer["messages"]
        else { return messages.map { _ in .ambiguous(.unreadableAnswer) } }
        var entries: [String: [JSONValue]] = [:]
        for entry in list { entries[entry["messageId"]?.text ?? "", default: []].append(entry) }
        var found = messages.map { entries.removeValue(forKey: $0.id.description) ?? [] }
        assign(entries.values.flatMap { $0 }, of: messages, to: &found)
        return zip(messages, found).map { message, entries in
            Self.decisive(entries.map { Self.result(of: $0, id: message.id) })
        }
    }

    private func assign(
        _ entries: [JSONValue], of messages: [OutgoingMessage], to found: inout [[JSONValue]]
    ) {
        guard !entries.isEmpty else { return }
        let missing = Dictionary(
            grouping: messages.indices.filter { found[$0].isEmpty },
            by: { messages[$0].recipient.digits })
        let byNumber = Dictionary(grouping: entries) { entry in
            let number = (entry["destination"] ?? entry["to"])?.text
            return number.map(PhoneNumberText.wire(sender:)) ?? ""
        }
        for (number, entries) in byNumber {
            guard entries.count == 1, let indices = missing[number], indices.count == 1 else {
                continue
            }
            found[indices[0]] = entries
        }
    }

    /// The result of several entries for one message: one that may have been sent is not sent
    /// again.
    private static func decisive(_ results: [SendResult]) -> SendResult {
        let accepted = results.first { if case .accepted = $0 { true } else { false } }
        let ambiguous = results.first { if case .ambiguous = $0 { true } else { false } }
        return accepted ?? ambiguous ?? results.first ?? .ambiguous(.notInAnswer)
    }

    /// The meaning of an entry's status.
    ///
    /// Most rejections are final. There are four exceptions:
    /// - 12 and 17, no credit and package expired, are about the account and would affect every
    ///   message, so sending stops;
    /// - 21, a system error, may be tried again;
    /// - 23, duplicate id: only this message has this id, so Infobip has accepted it in an earlier
    ///   attempt whose answer we never got. A report or a log will give its status.
    private static func result(of entry: JSONValue, id: MessageID) -> SendResult {
        let accepted = SendResult.accepted(
            providerMessageID: entry["messageId"]?.text ?? id.description)
        guard let status = entry["status"], !status.members.isEmpty else {
            return .ambiguous(.unreadableAnswer)
        }
        let statusID = status["id"]?.int32
        let meaning = Status(
            infobipGroup: status["groupName"]?.text, groupID: status["groupId"]?.int32,
            id: statusID)
        let words = [status["description"]?.text, status["action"]?.text].compactMap { $0 }
        let problem = ProviderProblem(
            code: status["name"]?.text ?? statusID.map { String($0) } ?? "unknown_status",
            text: words.joined(separator: " "))
        switch (meaning, statusID) {
        case (.accepted, _), (.sent, _), (.delivered, _): return accepted
        case (.rejected, 23): return accepted
        case (.rejected, 12), (.rejected, 17): return .stopped(problem)
        case (.rejected, 21): return .deferred(problem, afterSeconds: nil)
        case (.rejected, _), (.undeliverable, _), (.expired, _): return .refused(problem)
        case (.failed, _), (.queued, _), (.unknown, _), (.cancelled, _), (.partiallyDelivered, _):
            return .ambiguous(problem)
        }
    }
}
