package import Domain
import Postgres

/// Our own answers to people: the confirmation of a STOP, and the answer to HELP. Each is off unless
/// its text is set, because providers answer by themselves in places.
package struct InboundReplies: Sendable {
    /// The confirmation; nil for none.
    package let confirmation: String?
    /// The answer to HELP; nil for none.
    package let help: String?
    private let submitter: Submitter
    private let key: @Sendable (SendRequestID, PhoneNumber) -> MessageID

    /// A confirmation that comes later would be one more message to somebody who wants none.
    /// Source: FCC 24-18, which allows one within five minutes.
    private static let patience = Duration.seconds(300)

    /// - Parameters:
    ///   - confirmation: its text.
    ///   - help: its text.
    ///   - submitter: who sends them.
    ///   - key: a message's id by its send request and recipient.
    package init(
        confirmation: String?, help: String?, submitter: Submitter,
        key: @escaping @Sendable (SendRequestID, PhoneNumber) -> MessageID
    ) {
        self.confirmation = confirmation
        self.help = help
        self.submitter = submitter
        self.key = key
    }

    /// Queues the answers to some messages, in the caller's transaction.
    ///
    /// - Parameters:
    ///   - taken: the messages; the transaction holds them.
    ///   - connection: in a transaction.
    /// - Returns: the messages that were queued.
    /// - Throws: the error of a statement.
    func queue(
        for taken: [(stored: StoredInbound, asksForHelp: Bool)], on connection: Connection
    ) throws(PostgresError) -> [StatusChange] {
        guard confirmation != nil || help != nil else { return [] }
        let now = Timestamp.now
        var changes: [StatusChange] = []
        for (stored, asksForHelp) in taken where now.since(stored.receivedAt) < Self.patience {
            var text: String?
            if asksForHelp {
                text = help
            } else if let confirmation, try isNewStop(stored, on: connection) {
                text = confirmation
            }
            guard let text, let request = request(text, to: stored, at: now) else { continue }
            changes +=
                try connection.execute(
                    AcceptSendRequest(sendRequest: request), InsertSendEntry(sendRequest: request)
                ).0.first ?? []
        }
        return changes
    }

    /// Whether a message has put its sender out, who was not out before: a second STOP gets no
    /// second confirmation.
    private func isNewStop(
        _ stored: StoredInbound, on connection: Connection
    ) throws(PostgresError) -> Bool {
        guard let number = stored.message.sender else { return false }
        let entries = try connection.execute(SelectOptOutHistory(number: number, limit: 200)).rows
        guard let own = entries.first(where: { $0.cause.inbound == stored.message.id }), own.isOut
        else { return false }
        let earlier = entries.filter { $0.id != own.id && $0.at <= own.at }
        return OptOutStanding.block(for: stored.message.recipient, among: earlier) == nil
    }

    /// From the number that was written to, through the same provider.
    private func request(
        _ text: String, to stored: StoredInbound, at now: Timestamp
    ) -> SendRequest? {
        guard let person = stored.message.sender.flatMap({ PhoneNumber(kept: $0) }),
            let sender = stored.message.recipient
        else { return nil }
        let id = SendRequestID.new(at: now)
        let provider = stored.message.provider
        // A short code is none of E.164's numbers.
        let isNumber = PhoneNumber(kept: sender) != nil
        return SendRequest(
            id: id, acceptedAt: now, submitter: submitter,
            recipients: [
                SendRequest.Recipient(message: key(id, person), number: person, provider: provider)
            ],
            sender: isNumber ? sender : OptOutStanding.key(sender), text: text, isPinned: true,
            giveUpAt: now.advanced(by: .seconds(3600)), ignoresOptOut: true)
    }
}
