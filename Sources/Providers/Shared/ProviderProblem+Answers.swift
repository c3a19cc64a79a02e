import Domain

/// What is wrong with an answer in which the provider itself says nothing; codes in lower case.
extension ProviderProblem {
    static let noAnswer = ProviderProblem(
        code: "no_answer", text: "No answer came after the request was written.")

    static let unreadableAnswer = ProviderProblem(
        code: "unreadable_answer",
        text: "The provider answered in a form that it does not document.")

    static let notInAnswer = ProviderProblem(
        code: "not_in_answer", text: "The provider's answer does not mention the message.")

    /// An HTTP status without any text that could be shown.
    static func withoutText(_ status: Int) -> ProviderProblem {
        ProviderProblem(code: String(status), text: "HTTP \(status) without an explanation.")
    }
}

extension Report {
    /// The same report as the answer to a status query of ours, about a message of which we know
    /// what our own id is.
    func polled(as message: MessageID) -> Report {
        Report(
            message: message, isKeyDerived: isKeyDerived && message == self.message,
            provider: provider, providerMessageID: providerMessageID,
            status: status, outcome: outcome, source: .poll, recipient: recipient, sender: sender,
            sentAt: sentAt, doneAt: doneAt, segments: segments, price: price, bulkID: bulkID,
            callbackData: callbackData, network: network, part: part, attributes: attributes)
    }
}
