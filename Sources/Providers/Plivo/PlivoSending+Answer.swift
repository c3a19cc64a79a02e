package import Domain

extension PlivoSending {
    /// Reads the answer to a request that sent one message.
    package func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult] {
        messages.map { _ in Self.result(response) }
    }

    private static func result(_ response: ProviderResponse?) -> SendResult {
        guard let response else { return .ambiguous(.noAnswer) }
        guard (200..<300).contains(response.status) else {
            return PlivoRefusal(response).result
        }
        let answer = JSONValue(response.body)
        let ids = answer?["message_uuid"].map { $0.text.map { [$0] } ?? texts($0) } ?? []
        if let id = ids.first { return .accepted(providerMessageID: id) }
        if answer?["invalid_number"] != nil {
            return .refused(
                ProviderProblem(
                    code: "invalid_number", text: "Plivo takes the recipient for no valid number."))
        }
        return .ambiguous(.unreadableAnswer)
    }

    private static func texts(_ list: JSONValue) -> [String] { list.elements.compactMap(\.text) }
}
