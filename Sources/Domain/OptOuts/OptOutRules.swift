/// How opt-outs follow from what providers send. Pure: the same callback gives the same entries.
package struct OptOutRules: Sendable {
    package let words: OptOutWords
    package let scope: Scope
    private let signs: [Provider: OptOutSigns]

    /// - Parameters:
    ///   - words: none unless given.
    ///   - scope: whom a person's word stops.
    ///   - providers: their errors that mean an opt-out.
    package init(
        words: OptOutWords = OptOutWords(), scope: Scope = .all, providers: [ProviderTraits] = []
    ) {
        self.words = words
        self.scope = scope
        signs = Dictionary(providers.map { ($0.provider, $0.optOutSigns) }) { first, _ in first }
    }

    /// Whom a person's STOP stops.
    package enum Scope: String, Sendable, CaseIterable {
        /// All of our senders.
        case all
        /// Only the number that they wrote to.
        case sender
    }

    /// The entry that a message makes; nil if it says nothing of it.
    package func entry(
        of message: InboundMessage, in callback: CallbackID, at receivedAt: Timestamp
    ) -> OptOutEntry? {
        guard let person = message.sender, let sign = sign(of: message), sign.meaning != .help
        else { return nil }
        return OptOutEntry(
            id: OptOutID(high: message.id.high, low: message.id.low), recipient: person,
            sender: scope == .sender ? message.recipient : nil, isOut: sign.meaning == .out,
            source: sign.source, provider: message.provider, at: message.sentAt ?? receivedAt,
            recordedAt: receivedAt, cause: .inbound(message.id, callback: callback),
            detail: sign.detail)
    }

    /// Whether a message asks for help.
    package func asksForHelp(_ message: InboundMessage) -> Bool {
        sign(of: message)?.meaning == .help
    }

    /// The entry that a provider's event makes.
    package func entry(
        of notice: OptOutNotice, in callback: CallbackID, at receivedAt: Timestamp
    ) -> OptOutEntry {
        OptOutEntry(
            id: notice.id, recipient: notice.recipient, sender: notice.sender, isOut: notice.isOut,
            source: .event, provider: notice.provider, at: notice.at ?? receivedAt,
            recordedAt: receivedAt, cause: .callback(callback), detail: notice.detail)
    }

    /// Whether reports of this outcome say that somebody is out.
    package func isOptOut(_ outcome: Outcome) -> Bool {
        signs[outcome.provider]?.fit(outcome) ?? false
    }

    /// The entry that a report of such an outcome makes; nil if it names no number.
    package func entry(
        of report: Report, in callback: CallbackID, at receivedAt: Timestamp
    ) -> OptOutEntry? {
        guard let person = report.recipient else { return nil }
        let outcome = report.outcome
        let words = [outcome.errorCode, outcome.errorName ?? outcome.statusName]
        return OptOutEntry(
            id: OptOutID(
                high: report.message.high ^ UInt64(bitPattern: report.fingerprint),
                low: report.message.low),
            recipient: person, sender: scope == .sender ? report.sender : nil, isOut: true,
            source: .report, provider: report.provider, at: report.doneAt ?? receivedAt,
            recordedAt: receivedAt, cause: .message(report.message, callback: callback),
            detail: words.compactMap { $0 }.joined(separator: " "))
    }

    private func sign(
        of message: InboundMessage
    ) -> (meaning: OptOutWords.Meaning, source: OptOutEntry.Source, detail: String?)? {
        switch message.intent {
        case .optOut: return (.out, .intent, message.text)
        case .optIn: return (.in, .intent, message.text)
        case .help: return (.help, .intent, nil)
        case nil: break
        }
        guard let text = message.text, let found = words.meaning(of: text) else { return nil }
        return (found.meaning, .word, "\(found.word) (\(found.language))")
    }
}

extension OptOutSigns {
    fileprivate func fit(_ outcome: Outcome) -> Bool {
        outcome.errorCode.map { errors.contains($0) } ?? false
            || outcome.statusID.map { statuses.contains($0) } ?? false
    }
}
