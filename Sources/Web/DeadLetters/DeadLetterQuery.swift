import Domain

/// Reads the filter of dead letters, and the places between its pages.
enum DeadLetterQuery {
    /// - Throws: 400 or 422 for a provider that there is not, and a number that is none.
    static func filter(
        _ values: FilterValues, _ providers: [ProviderTraits]
    ) throws(Problem) -> DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.provider = try values.provider(among: providers)
        filter.code = values.text("code")
        filter.since = values.time("since")
        filter.until = values.time("until")
        filter.sendRequest = values.id("send_request_id")
        filter.recipient = try values.number()
        return filter
    }

    /// The messages that a body names besides; nil if it names none.
    static func messages(_ body: inout BodyReader) -> [MessageID]? {
        guard let texts = body.texts("ids") else { return nil }
        guard (1...idLimit).contains(texts.count) else {
            body.problems.add("ids", "bad_value", "It takes 1 to \(idLimit) ids of messages.")
            return nil
        }
        return texts.compactMap { index, text in
            let id = MessageID(anyCase: text)
            if id == nil {
                body.problems.add("ids[\(index)]", "bad_value", "It takes the id of a message.")
            }
            return id
        }
    }

    static let idLimit = 100

    /// Twenty-four bytes.
    static func bytes(_ position: DeadLetterPosition) -> [UInt8] {
        [UInt64(bitPattern: position.at.microseconds), position.message.high, position.message.low]
            .flatMap { number in
                (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - $0 * 8)) }
            }
    }

    static func position(_ bytes: [UInt8]) -> DeadLetterPosition? {
        guard bytes.count == 24 else { return nil }
        func number(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return DeadLetterPosition(
            at: Timestamp(microseconds: Int64(bitPattern: number(0))),
            message: MessageID(high: number(8), low: number(16)))
    }
}
