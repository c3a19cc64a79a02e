/// One statement of a provider about one message.
///
/// A class, because a report has a dozen fields with reference counts and goes through many hands:
/// copies of a struct took a tenth of the writer's time.
package final class Report: Sendable, Equatable {
    /// The message's key, known without asking the database.
    package let message: MessageID
    /// The send request in the callback's URL, if `message` was computed from it and the reported
    /// recipient: then the message is only assumed. It counts once the message exists, belongs to
    /// the send request and has no other name at the provider (see `SendRequestMessages`). Not
    /// stored.
    package let sendRequest: SendRequestID?
    /// Whether `message` follows from provider and `providerMessageID`; false if the callback's
    /// URL, or our status query, named the message. Stored with the message only.
    package let isKeyDerived: Bool
    package let provider: Provider
    /// The message's name at the provider: Infobip's `messageId`, Plivo's `MessageUUID`.
    package let providerMessageID: String
    package let status: Status
    /// The provider's own status and error.
    package let outcome: Outcome
    package let source: Source
    /// Digits with a leading `+`, as far as the provider gave a number.
    package let recipient: String?
    /// A number with a leading `+`, or an alphanumeric sender as it is.
    package let sender: String?
    /// When the provider sent the message on.
    package let sentAt: Timestamp?
    /// When the reported status was reached; decides between reports (see `Precedence`).
    package let doneAt: Timestamp?
    /// The segments of the message, as billed.
    package let segments: Int32?
    package let price: Price?
    package let bulkID: String?
    /// The text that the sender of the message asked the provider to return.
    package let callbackData: String?
    /// Mobile country and network code, digits.
    package let network: String?
    /// Which part of a long message it is about; nil if about the whole. Not in the fingerprint,
    /// because `attributes` has it as the provider wrote it.
    package let part: PartNumber?
    /// The provider's other fields, as a JSON object; nil if there are none.
    package let attributes: String?
    package let precedence: Precedence
    /// Tells this report from the message's others; equal for a repetition of it.
    package let fingerprint: Int64

    package init(
        message: MessageID, sendRequest: SendRequestID? = nil, isKeyDerived: Bool = true,
        provider: Provider,
        providerMessageID: String, status: Status,
        outcome: Outcome, source: Source = .callback, recipient: String? = nil,
        sender: String? = nil, sentAt: Timestamp? = nil, doneAt: Timestamp? = nil,
        segments: Int32? = nil, price: Price? = nil, bulkID: String? = nil,
        callbackData: String? = nil, network: String? = nil, part: PartNumber? = nil,
        attributes: String? = nil
    ) {
        self.message = message
        self.sendRequest = sendRequest
        self.isKeyDerived = isKeyDerived
        self.provider = provider
        self.providerMessageID = providerMessageID
        self.status = status
        self.outcome = outcome
        self.source = source
        self.recipient = recipient
        self.sender = sender
        self.sentAt = sentAt
        self.doneAt = doneAt
        self.segments = segments
        self.price = price
        self.bulkID = bulkID
        self.callbackData = callbackData
        self.network = network
        self.part = part
        self.attributes = attributes
        precedence = Precedence(
            status: Self.status(status, ofPart: part, of: message),
            at: doneAt ?? sentAt)
        // Everything that the ledger stores is hashed: two reports that differ anywhere are two
        // rows, and what is shown never depends on which of them came first.
        var hash = Fingerprint()
        hash.add(outcome.id)
        hash.add(Int64(status.code))
        hash.add(providerMessageID)
        hash.add(recipient)
        hash.add(sender)
        hash.add(sentAt?.microseconds)
        hash.add(doneAt?.microseconds)
        hash.add(segments.map(Int64.init))
        hash.add(price?.amount)
        hash.add(price?.currency)
        hash.add(bulkID)
        hash.add(callbackData)
        hash.add(network)
        hash.add(attributes)
        fingerprint = hash.value
    }

    /// The same report, with its message known for certain.
    package func assigned(to message: MessageID) -> Report {
        Report(
            message: message, isKeyDerived: isKeyDerived, provider: provider,
            providerMessageID: providerMessageID, status: status, outcome: outcome, source: source,
            recipient: recipient, sender: sender, sentAt: sentAt, doneAt: doneAt,
            segments: segments, price: price, bulkID: bulkID, callbackData: callbackData,
            network: network, part: part, attributes: attributes)
    }

    package static func == (a: Report, b: Report) -> Bool {
        a === b
            || a.fingerprint == b.fingerprint && a.message == b.message
                && a.sendRequest == b.sendRequest && a.isKeyDerived == b.isKeyDerived
                && a.provider == b.provider && a.providerMessageID == b.providerMessageID
                && a.status == b.status && a.outcome == b.outcome && a.source == b.source
                && a.recipient == b.recipient && a.sender == b.sender && a.sentAt == b.sentAt
                && a.doneAt == b.doneAt && a.segments == b.segments && a.price == b.price
                && a.bulkID == b.bulkID && a.callbackData == b.callbackData
                && a.network == b.network && a.part == b.part && a.attributes == b.attributes
                && a.precedence == b.precedence
    }

    /// The status of the whole message by this report alone.
    package var messageStatus: Status {
        Self.status(status, ofPart: part, of: message)
    }

    /// The class of the time from sending to delivery; nil unless it says that the message, or the
    /// part, is delivered, and the provider gave both times.
    package var delay: DelayClass? {
        guard status == .delivered, let sentAt, let doneAt else { return nil }
        return DelayClass(from: sentAt, to: doneAt)
    }

    /// Its precedence among the reports about its own part.
    var partPrecedence: Precedence { Precedence(status: status, at: doneAt ?? sentAt) }

    /// The final status of one of several parts is not the message's: that needs all parts (see
    /// `MessageParts`), or the provider's status of the whole. A message that others sent is not
    /// queried, so there the status of the first part counts until more reports come.
    private static func status(
        _ status: Status, ofPart part: PartNumber?, of message: MessageID
    ) -> Status {
        guard let part, part.total > 1, message.version == 7, status.isFinal else { return status }
        return .sent
    }

    /// How a report reached us.
    package enum Source: Int16, Sendable {
        /// In a callback.
        case callback = 1
        /// In the answer to a status query.
        case poll = 2

        /// The cause of a status change by it.
        package var cause: StatusChange.Cause { self == .callback ? .callback : .statusQuery }

        /// Its name in the API.
        package var name: String { self == .callback ? "callback" : "poll" }
    }

    /// An amount of money, exactly as the provider wrote it.
    package struct Price: Sendable, Equatable {
        /// A decimal: optional minus, up to 18 digits, optionally a point and up to 18 digits.
        package let amount: String
        /// ISO 4217, if the provider gives it.
        package let currency: String?

        package init(amount: String, currency: String?) {
            self.amount = amount
            self.currency = currency
        }
    }
}
