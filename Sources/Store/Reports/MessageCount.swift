import Domain
import Postgres

/// How many messages that agree in all that is counted; an element of a row of `statistic_change`.
struct MessageCount: Equatable {
    let traits: MessageTraits
    var messages: Int64
}

/// What the counts know of a message: a function of its row, as the triggers and a recount compute
/// it in SQL.
struct MessageTraits: Hashable {
    /// When the hour of its creation began, in microseconds.
    let hour: Int64
    let outcome: Int64
    let provider: Int16
    let status: Int16
    let delay: DelayClass?
    let segments: Int32?
    let country: Country?
    let sender: String?
    let price: String?
    let currency: String?

    /// Of a message that a report tells of first.
    ///
    /// - Parameters:
    ///   - row: the report.
    ///   - hour: when the hour of its creation began.
    init(_ row: WriteBatch.ReportRow, hour: Timestamp) {
        let report = row.report
        self.hour = hour.microseconds
        outcome = report.outcome.id
        provider = report.provider.code
        status = report.messageStatus.code
        delay = row.delay
        segments = report.segments
        country = row.country
        sender = report.sender.map(Self.counted)
        price = report.price?.amount
        currency = report.price?.currency
    }

    /// Senders are told apart by as many characters as here: a longer one is no number and no name
    /// that a provider accepts, and an index takes only so much.
    static let senderLength = 100

    private static func counted(_ sender: String) -> String {
        guard sender.utf8.count > senderLength else { return sender }
        var kept = String.UnicodeScalarView()
        // The characters of PostgreSQL.
        kept.append(contentsOf: sender.unicodeScalars.prefix(senderLength))
        return String(kept)
    }
}

extension StatementParameters {
    /// The columns of a row of `statistic_change`; there is no submitter, because the messages are
    /// not ours.
    mutating func addCounts(_ counts: [MessageCount]) {
        addTimestamps(counts) { $0.traits.hour }
        addInt16s(counts) { $0.traits.provider }
        addInt16s(counts) { $0.traits.status }
        addInt64s(counts) { $0.traits.outcome }
        addTexts(counts) { $0.traits.country?.description }
        addTexts(counts) { $0.traits.sender }
        addUUIDs(counts) { _ in nil }
        addInt32s(counts) { $0.traits.segments }
        addInt16s(counts) { $0.traits.delay?.rawValue }
        addTexts(counts) { $0.traits.currency }
        addTexts(counts) { $0.traits.price }
        addInt64s(counts) { $0.messages }
    }
}
