/// A message that somebody sent to one of our numbers.
package struct InboundMessage: Sendable, Equatable {
    /// Follows from provider and `providerMessageID`: a repetition has the same, an equal text
    /// under another name is another message.
    package let id: InboundID
    package let provider: Provider
    /// Infobip's `messageId`, Plivo's `MessageUUID`.
    package let providerMessageID: String
    package let kind: Kind
    package let source: Report.Source
    /// Who wrote it: digits with a leading `+`, or whatever else the provider gave.
    package let sender: String?
    /// The number of ours that they wrote to.
    package let recipient: String?
    /// All of it, if the provider joins parts, as both do; nil for media without a text, and for one
    /// that was recovered from a list without texts.
    package let text: String?
    /// The provider's keyword; nil if there is none.
    package let keyword: String?
    package let media: [Media]
    /// When the provider got it, if it says so.
    package let sentAt: Timestamp?
    /// How many SMS it took.
    package let parts: Int32?
    package let price: Report.Price?
    /// What the provider takes it for.
    package let intent: Intent?
    /// The provider's other fields, as a JSON object; nil if there are none.
    package let attributes: String?

    package init(
        id: InboundID, provider: Provider, providerMessageID: String, kind: Kind,
        source: Report.Source = .callback, sender: String? = nil, recipient: String? = nil,
        text: String? = nil, keyword: String? = nil, media: [Media] = [],
        sentAt: Timestamp? = nil, parts: Int32? = nil, price: Report.Price? = nil,
        intent: Intent? = nil, attributes: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.providerMessageID = providerMessageID
        self.kind = kind
        self.source = source
        self.sender = sender
        self.recipient = recipient
        self.text = text
        self.keyword = keyword
        self.media = media
        self.sentAt = sentAt
        self.parts = parts
        self.price = price
        self.intent = intent
        self.attributes = attributes
    }

    /// What came.
    package enum Kind: Int16, Sendable, CaseIterable {
        case sms = 1
        case mms = 2
        /// Of another channel, such as WhatsApp.
        case other = 3

        /// Its name in the API.
        package var name: String { "\(self)" }
    }

    /// What a provider takes a message for.
    package enum Intent: Int16, Sendable, CaseIterable {
        case optOut = 1
        case optIn = 2
        case help = 3

        /// Its name in the API.
        package var name: String {
            switch self {
            case .optOut: "opt_out"
            case .optIn: "opt_in"
            case .help: "help"
            }
        }
    }

    /// A picture or another file, at the provider.
    package struct Media: Sendable, Equatable {
        package let url: String
        /// Its media type, if the provider says so.
        package let type: String?

        package init(url: String, type: String? = nil) {
            self.url = url
            self.type = type
        }
    }
}
