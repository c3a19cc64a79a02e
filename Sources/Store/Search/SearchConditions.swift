import Domain
import Postgres

/// The conditions of a filter as parameters of the statements that search, the same in all of them:
/// `$1` to `$16`.
///
/// An empty list and a null stand for no condition; a statement that is planned for its values does
/// not look at those.
struct SearchConditions: Sendable {
    /// The part of time that is searched, in the order of the list: from here, without it.
    var before = SearchKey(
        createdAt: Timestamp(microseconds: .max), id: MessageID(high: .max, low: .max))
    /// To here, with it.
    var since = Timestamp(microseconds: .min)
    /// The most messages that are found.
    var limit = 50
    var statuses: [Status] = []
    var provider: Provider?
    var errorCode: String?
    /// All of the providers' words with that code.
    var outcomes: [Int64] = []
    var recipient: String?
    /// How the recipient begins: so in every case.
    var beginnings: [String] = []
    /// Patterns for `like`, one of which fits the recipient.
    var patterns: [String] = []
    var senders: [String] = []
    var country: String?
    var submitters: [Identifier<Principal>] = []
    /// All of which the send request has.
    var terms: [Int64] = []
    var sendRequest: SendRequestID?

    /// Adds all of them, in the order of their numbers.
    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: before.createdAt.microseconds)
        parameters.add(uuid: before.id.halves)
        parameters.add(timestamp: since.microseconds)
        parameters.add(Int64(limit))
        parameters.addInt16s(statuses) { $0.code }
        parameters.add(provider?.code)
        parameters.add(errorCode)
        parameters.addInt64s(outcomes) { $0 }
        parameters.add(recipient)
        parameters.addTexts(beginnings) { $0 }
        parameters.addTexts(patterns) { $0 }
        parameters.addTexts(senders) { $0 }
        parameters.add(country)
        parameters.addUUIDs(submitters) { $0.halves }
        parameters.addInt64s(terms) { $0 }
        parameters.add(uuid: sendRequest?.halves)
    }
}

/// A place in the list: everything after it is older, or of the same time with a lesser id.
struct SearchKey: Sendable, Equatable {
    var createdAt: Timestamp
    var id: MessageID

    /// Before everything of this moment.
    static func all(before time: Timestamp) -> SearchKey {
        SearchKey(createdAt: time, id: MessageID(high: 0, low: 0))
    }
}

/// The key of a message that a search looked at.
struct SearchHit: Sendable {
    let id: MessageID
    let createdAt: Timestamp
    var key: SearchKey { SearchKey(createdAt: createdAt, id: id) }
    /// Whether it meets the conditions; the last one looked at is told in any case.
    let isMatch: Bool
    /// How many were looked at by then; 0 where none is counted.
    let number: Int

    init(_ row: inout RowReader) throws(PostgresError) {
        id = try row.next(MessageID.self)
        createdAt = try row.next(Timestamp.self)
        isMatch = try row.next(Bool.self)
        number = try row.next(Int.self)
    }
}
