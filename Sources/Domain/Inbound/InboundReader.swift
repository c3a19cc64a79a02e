/// A stored message from somebody.
package struct StoredInbound: Sendable, Equatable {
    package let message: InboundMessage
    /// By the provider's clock if it gives a time, else when it came: lists are in this order.
    package let at: Timestamp
    package let receivedAt: Timestamp
    /// The archived callback that brought it.
    package let callback: CallbackID
    /// The last message to that number from that sender before it; nil also for the moment until it
    /// was looked for.
    package let answered: MessageID?

    package init(
        message: InboundMessage, at: Timestamp, receivedAt: Timestamp, callback: CallbackID,
        answered: MessageID?
    ) {
        self.message = message
        self.at = at
        self.receivedAt = receivedAt
        self.callback = callback
        self.answered = answered
    }

    package var position: InboundPosition { InboundPosition(at: at, id: message.id) }
}

/// A place in the list of messages from people.
package struct InboundPosition: Sendable, Equatable {
    package let at: Timestamp
    package let id: InboundID

    package init(at: Timestamp, id: InboundID) {
        self.at = at
        self.id = id
    }
}

/// Which messages from people are looked for: they meet every condition that is given.
package struct InboundFilter: Sendable, Equatable {
    package var provider: Provider?
    package var kind: InboundMessage.Kind?
    /// Whole numbers, in the stored spelling.
    package var sender: String?
    package var recipient: String?
    /// Not before then.
    package var since: Timestamp?
    /// Before then.
    package var until: Timestamp?
    package var text: InboundSearch?

    package init() {}

    /// The same bytes for equal filters, other ones for others.
    package var canonicalForm: [UInt8] {
        var form: [UInt8] = []
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            form.append(contentsOf: "\(name):\(value.utf8.count):\(value);".utf8)
        }
        add("provider", provider?.name)
        add("kind", kind?.name)
        add("sender", sender)
        add("recipient", recipient)
        add("since", since.map { String($0.microseconds) })
        add("until", until.map { String($0.microseconds) })
        add("digits", text?.digits)
        add("words", text?.words)
        add("part", text?.part)
        return form
    }
}

/// What somebody looks for among messages from people: a number or a part of one, or the beginnings
/// of words.
package struct InboundSearch: Sendable, Equatable {
    /// Of a number, at least three.
    package let digits: String?
    /// As PostgreSQL's `to_tsquery` takes it; letters and digits of each word only.
    package let words: String?
    /// A text without a letter or digit, to be found as it is.
    package let part: String?

    /// - Parameter text: nil for one without anything to look for, or with NUL.
    package init?(_ text: String) {
        guard let search = SearchText(text) else { return nil }
        digits = search.digits
        let words = search.description.unicodeScalars.split { scalar in
            !scalar.properties.isAlphabetic && scalar.properties.numericType == nil
        }.map { "'\(String(String.UnicodeScalarView($0)).lowercased())':*" }
        self.words = words.isEmpty ? nil : words.joined(separator: " & ")
        part = words.isEmpty ? search.description : nil
    }
}

/// Reads messages from people. Any thread; blocks for a round trip or two.
package protocol InboundReader: Sendable {
    /// Those that a filter finds, the latest first.
    ///
    /// - Parameters:
    ///   - filter: what they must meet.
    ///   - position: the last one of the page before; nil for the first page.
    ///   - limit: how many at most.
    /// - Returns: as many as there are, up to the limit.
    /// - Throws: `StoreFailure` if the database does not answer.
    func page(
        of filter: InboundFilter, before position: InboundPosition?, limit: Int
    ) throws(StoreFailure) -> [StoredInbound]

    /// One of them; nil if there is none of this id.
    func message(_ id: InboundID) throws(StoreFailure) -> StoredInbound?

    /// All messages to a number and from it, the latest first.
    ///
    /// - Parameters:
    ///   - number: the person's, in the stored spelling.
    ///   - time: only those before it; nil for the latest.
    ///   - limit: how many at most.
    /// - Returns: as many as there are, up to the limit.
    /// - Throws: `StoreFailure` if the database does not answer.
    func conversation(
        with number: String, before time: Timestamp?, limit: Int
    ) throws(StoreFailure) -> [ConversationEntry]
}

/// One message of a conversation with somebody.
package enum ConversationEntry: Sendable, Equatable {
    case from(StoredInbound)
    case to(SentMessage)

    package var at: Timestamp {
        switch self {
        case .from(let message): message.at
        case .to(let message): message.at
        }
    }

    /// A message of ours, or one that only reports tell of.
    package struct SentMessage: Sendable, Equatable {
        package let id: MessageID
        package let provider: Provider
        package let at: Timestamp
        package let status: Status
        package let sender: String?
        /// Nil where it is not ours, or not kept any more.
        package let text: String?

        package init(
            id: MessageID, provider: Provider, at: Timestamp, status: Status, sender: String?,
            text: String?
        ) {
            self.id = id
            self.provider = provider
            self.at = at
            self.status = status
            self.sender = sender
            self.text = text
        }
    }
}
