import Domain
import JSON

/// The filter of a request for logs or reports. Source: providers.md, A.5.
struct InfobipFilter {
    let limit: Int
    private let names: [MessageName]?
    private let bulkIDs: [String]?
    private let sender: String?
    private let recipient: String?
    private let group: String?
    private let since: Timestamp?
    private let until: Timestamp?

    /// How far back logs go.
    private static let horizon = Duration.seconds(48 * 3600)
    /// How many records are searched if no ids are given.
    private static let scanLimit = 100_000

    init(_ query: QueryReader, isV3: Bool) {
        limit = query.integer("limit", default: 50, in: 1...1_000)
        names = query.list("messageId")?.map { MessageName($0) }
        bulkIDs = query.list("bulkId")
        sender = query[isV3 ? "sender" : "from"]
        recipient = query[isV3 ? "destination" : "to"]
        group = query["generalStatus"]
        since = query["sentSince"].flatMap { Timestamp(filter: $0) }
        until = query["sentUntil"].flatMap { Timestamp(filter: $0) }
    }

    /// The records that match, the newest first unless ids are given.
    func serials(in book: MessageBook, where condition: (MessageRecord) -> Bool) -> [Int] {
        var found: [Int] = []
        for serial in candidates(in: book) {
            let record = book[serial]
            guard condition(record), matches(record) else { continue }
            found.append(serial)
            if found.count == limit { break }
        }
        return found
    }

    private func candidates(in book: MessageBook) -> [Int] {
        if let names { return names.compactMap { book.serial(named: $0) } }
        if let recipient { return Array(book.serials(of: recipient).prefix(Self.scanLimit)) }
        return book.serials.suffix(Self.scanLimit).reversed()
    }

    private func matches(_ record: MessageRecord) -> Bool {
        guard record.api.provider == .infobip,
            record.acceptedAt > Timestamp.now.advanced(by: .zero - Self.horizon)
        else { return false }
        if let bulkIDs, !bulkIDs.contains(record.bulkID ?? "") { return false }
        if let sender, record.sender != sender { return false }
        if let recipient, record.recipient != recipient { return false }
        if let since, record.acceptedAt < since { return false }
        if let until, record.acceptedAt > until { return false }
        if let group {
            return SimulatedInfobipStatus(record.finalStatus, record.stage).groupName == group
        }
        return true
    }
}
