package import Domain
import JSON

extension PlivoSending {
    /// Reads the answer to a request that sent these messages.
    ///
    /// A success holds a UUID for each valid recipient and names the others. The order of the UUIDs
    /// is not documented, so with several none is assigned to a message; each message's first
    /// callback gives it. If UUIDs and named recipients do not add up to the messages, those that
    /// are not named are ambiguous.
    ///
    /// A refusal of several may be about one of them, such as a country to which the account may
    /// not send: then each is sent alone.
    package func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult] {
        func all(_ result: SendResult) -> [SendResult] { messages.map { _ in result } }
        guard let response else { return all(.ambiguous(.noAnswer)) }
        guard (200..<300).contains(response.status) else {
            let result = PlivoRefusal(response).result
            guard messages.count > 1, case .refused(let problem) = result else {
                return all(result)
            }
            return all(.refusedTogether(problem))
        }
        let answer = JSONValue(response.body)
        let ids = Self.texts(answer?["message_uuid"])
        let invalid = Self.texts(answer?["invalid_number"])
        guard !ids.isEmpty || !invalid.isEmpty else { return all(.ambiguous(.unreadableAnswer)) }
        guard messages.count > 1 else { return all(Self.result(ids.first)) }
        let named = Set(invalid.map(Self.digits))
        let refusedCount = messages.count { named.contains($0.recipient.digits) }
        let addsUp = Set(ids).count + refusedCount == messages.count
        return messages.map { message in
            if named.contains(message.recipient.digits) { return Self.result(nil) }
            return addsUp ? .accepted(providerMessageID: nil) : .ambiguous(.notInAnswer)
        }
    }

    /// The result of a message with this UUID, or of one with an invalid recipient.
    private static func result(_ id: String?) -> SendResult {
        if let id { return .accepted(providerMessageID: id) }
        return .refused(
            ProviderProblem(
                code: "invalid_number", text: "Plivo takes the recipient for no valid number."))
    }

    /// The texts of a list, or of a text alone.
    private static func texts(_ value: JSONValue?) -> [String] {
        guard let value else { return [] }
        return value.text.map { [$0] } ?? value.elements.compactMap(\.text)
    }

    /// A number in any spelling, as `PhoneNumber.digits` has it.
    private static func digits(_ text: String) -> String {
        let digits = text.utf8.filter { ByteView.isDigit($0) }
        return String(decoding: digits.drop { $0 == UInt8(ascii: "0") }, as: UTF8.self)
    }
}
