import Domain

/// The rows of one commit: duplicates merged, every table in the order of its key.
///
/// Two writers that take rows in the same order cannot deadlock, and PostgreSQL takes no row twice
/// in one `on conflict do update`. Pure: the same items in any order give the same rows.
struct WriteBatch {
    /// A part of a batch; bisection divides batches into these.
    enum Item {
        case callback(ReceivedCallback)
        case report(Report, callback: CallbackID, receivedAt: Timestamp)
        case inbound(InboundRow)
        case optOut(OptOutNotice, callback: CallbackID, receivedAt: Timestamp)
        case reject(QuarantineRejects.Rejected)
        /// A row that leaves the quarantine.
        case release(Int64, of: ReceivedCallback)
    }

    /// A report with what the ledger stores about its arrival.
    ///
    /// A class, so that sorting and encoding copy one reference.
    final class ReportRow: Sendable {
        let report: Report
        let callback: CallbackID
        let receivedAt: Timestamp
        /// Of the recipient's number.
        let country: Country?
        /// Of the whole message, if this report alone says that it is delivered.
        let delay: DelayClass?

        init(report: Report, callback: CallbackID, receivedAt: Timestamp) {
            self.report = report
            self.callback = callback
            self.receivedAt = receivedAt
            country = report.recipient.flatMap(Country.init(ofNumber:))
            delay = report.messageStatus == .delivered ? report.delay : nil
        }
    }

    /// A message from somebody, with what is stored about its arrival.
    struct InboundRow: Sendable {
        let message: InboundMessage
        let callback: CallbackID
        let receivedAt: Timestamp
        var asksForHelp = false

        init(_ message: InboundMessage, of callback: ReceivedCallback) {
            self.message = message
            self.callback = callback.id
            receivedAt = callback.receivedAt
        }
    }

    private(set) var callbacks: [ReceivedCallback] = []
    private(set) var rejects: [QuarantineRejects.Rejected] = []
    /// Rows that leave the quarantine, ordered.
    private(set) var released: [Int64] = []
    /// Distinct, ordered by message and fingerprint.
    private(set) var reports: [ReportRow] = []
    /// The deciding report of each message, ordered by message.
    private(set) var decisive: [ReportRow] = []
    /// When the reports about each of those messages came, repetitions included.
    private(set) var arrivals: [Arrivals] = []
    /// The messages with reports about a part, ordered.
    private(set) var messagesWithParts: [MessageID] = []
    /// Whether one of the messages may be ours, and so exist already. Ours have version 7; whether
    /// such a message exists shows only in the database.
    var hasOwnMessages: Bool { decisive.contains { $0.report.message.version == 7 } }
    /// The distinct outcomes of the reports, ordered by id.
    private(set) var outcomes: [Outcome] = []
    /// Distinct, ordered by id.
    private(set) var inbound: [InboundRow] = []
    /// Those of the messages, of the providers' events and of the reports; distinct, ordered by id.
    private(set) var optOuts: [OptOutEntry] = []
    /// How many of the reports fall to each row of the tally, in the order of its key.
    var counts: [Count] {
        var counts: [TallyKey: Int64] = [:]
        for row in reports { counts[TallyKey(row), default: 0] += 1 }
        return counts.map { Count(key: $0.key, reports: $0.value) }.sorted { $0.key < $1.key }
    }

    /// What the messages add to the counts, if all of them are new.
    var messageCounts: [MessageCount] {
        var counts: [MessageCount] = []
        var places: [MessageTraits: Int] = [:]
        // Neighbours are often alike, and comparing their numbers takes less time than hashing.
        var last: (row: ReportRow, hour: Timestamp, place: Int)?
        for (row, arrivals) in zip(decisive, arrivals) {
            let hour = arrivals.first.startOfHour
            if let last, last.hour == hour, row.countsAs(last.row) {
                counts[last.place].messages += 1
                continue
            }
            let traits = MessageTraits(row, hour: hour)
            let place = places[traits] ?? counts.count
            if place == counts.count {
                places[traits] = place
                counts.append(MessageCount(traits: traits, messages: 0))
            }
            counts[place].messages += 1
            last = (row, hour, place)
        }
        return counts
    }

    /// What has changed once the rows are committed, if all of the messages were new.
    ///
    /// - Parameter block: the number that the commit took for it.
    /// - Returns: one change for each message, in their order.
    func changesIfNew(block: Int64) -> [StatusChange] {
        decisive.enumerated().map { index, row in
            StatusChange(
                message: row.report.message,
                sequence: ChangeSequence(block: block, position: Int64(index)),
                status: row.report.messageStatus, cause: row.report.source.cause)
        }
    }

    /// Divides submissions into items.
    ///
    /// - Parameters:
    ///   - submissions: what is to be written.
    ///   - rules: which of it makes entries of the opt-outs.
    init(_ submissions: some Sequence<Submission>, _ rules: OptOutRules = OptOutRules()) {
        for submission in submissions {
            if submission.archiving.adds { callbacks.append(submission.callback) }
            for reject in submission.rejects {
                rejects.append(QuarantineRejects.Rejected(reject, in: submission))
            }
            released += submission.released
            for report in submission.reports {
                reports.append(
                    ReportRow(
                        report: report, callback: submission.callback.id,
                        receivedAt: submission.callback.receivedAt))
            }
            for message in submission.inbound {
                add(.init(message, of: submission.callback), rules)
            }
            for notice in submission.optOuts {
                optOuts.append(
                    rules.entry(
                        of: notice, in: submission.callback.id, at: submission.callback.receivedAt))
            }
        }
        arrange(rules)
    }

    /// The same from single items.
    init(items: some Sequence<Item>, _ rules: OptOutRules = OptOutRules()) {
        for item in items {
            switch item {
            case .callback(let callback): callbacks.append(callback)
            case .reject(let rejected): rejects.append(rejected)
            case .release(let id, _): released.append(id)
            case .report(let report, let callback, let receivedAt):
                reports.append(
                    ReportRow(report: report, callback: callback, receivedAt: receivedAt))
            case .inbound(let row): add(row, rules)
            case .optOut(let notice, let callback, let receivedAt):
                optOuts.append(rules.entry(of: notice, in: callback, at: receivedAt))
            }
        }
        arrange(rules)
    }

    private mutating func add(_ row: InboundRow, _ rules: OptOutRules) {
        var row = row
        row.asksForHelp = rules.asksForHelp(row.message)
        inbound.append(row)
        if let entry = rules.entry(of: row.message, in: row.callback, at: row.receivedAt) {
            optOuts.append(entry)
        }
    }

    /// All that submissions hold, as items.
    static func items(of submissions: some Sequence<Submission>) -> [Item] {
        var items: [Item] = []
        for submission in submissions {
            let callback = submission.callback
            if submission.archiving.adds { items.append(.callback(callback)) }
            for reject in submission.rejects {
                items.append(.reject(.init(reject, in: submission)))
            }
            for id in submission.released { items.append(.release(id, of: callback)) }
            for report in submission.reports {
                items.append(
                    .report(report, callback: callback.id, receivedAt: callback.receivedAt))
            }
            for message in submission.inbound {
                items.append(.inbound(InboundRow(message, of: callback)))
            }
            for notice in submission.optOuts {
                items.append(
                    .optOut(notice, callback: callback.id, receivedAt: callback.receivedAt))
            }
        }
        return items
    }

    private mutating func arrange(_ rules: OptOutRules) {
        // Keys without references sort without touching a reference count.
        let keys = reports.enumerated().map { SortKey($1, index: $0) }.sorted()
        var distinct: [ReportRow] = []
        distinct.reserveCapacity(reports.count)
        decisive.reserveCapacity(reports.count)
        arrivals.reserveCapacity(reports.count)
        for key in keys {
            let row = reports[key.index]
            if let last = distinct.last, last.report.message == row.report.message {
                arrivals[arrivals.count - 1].add(row.receivedAt)
                // Of a repeated report the earliest arrival is kept.
                if last.report.fingerprint == row.report.fingerprint { continue }
                if decisive[decisive.count - 1].isBeaten(by: row) {
                    decisive[decisive.count - 1] = row
                }
            } else {
                decisive.append(row)
                arrivals.append(Arrivals(row.receivedAt))
            }
            distinct.append(row)
            if let part = row.report.part, part.total > 1,
                messagesWithParts.last != row.report.message
            {
                messagesWithParts.append(row.report.message)
            }
        }
        reports = distinct
        var known: Set<Int64> = []
        for row in reports where known.insert(row.report.outcome.id).inserted {
            outcomes.append(row.report.outcome)
        }
        outcomes.sort { $0.id < $1.id }
        released.sort()
        // Once for each outcome, of which there are few, and not for each report.
        if outcomes.contains(where: rules.isOptOut) {
            for row in reports where rules.isOptOut(row.report.outcome) {
                let entry = rules.entry(of: row.report, in: row.callback, at: row.receivedAt)
                if let entry { optOuts.append(entry) }
            }
        }
        if !inbound.isEmpty { arrangeInbound() }
        if !optOuts.isEmpty { arrangeOptOuts() }
    }

    /// Of a repeated one the callback's counts, which has more than a list, and else the earliest.
    private mutating func arrangeInbound() {
        inbound.sort { a, b in
            if a.message.id != b.message.id { return a.message.id < b.message.id }
            if a.message.source != b.message.source { return a.message.source == .callback }
            return a.receivedAt < b.receivedAt
        }
        inbound = inbound.enumerated().filter { index, row in
            index == 0 || inbound[index - 1].message.id != row.message.id
        }.map(\.element)
    }

    private mutating func arrangeOptOuts() {
        optOuts.sort { ($0.id, $0.recordedAt) < ($1.id, $1.recordedAt) }
        optOuts = optOuts.enumerated().filter { index, entry in
            index == 0 || optOuts[index - 1].id != entry.id
        }.map(\.element)
    }
}

extension WriteBatch {
    /// The first and the last arrival of some reports.
    struct Arrivals: Equatable {
        private(set) var first: Timestamp
        private(set) var last: Timestamp

        init(_ time: Timestamp) {
            first = time
            last = time
        }

        mutating func add(_ time: Timestamp) {
            first = min(first, time)
            last = max(last, time)
        }
    }

    /// A number for one row of the tally.
    struct Count {
        let key: TallyKey
        let reports: Int64
    }

    /// A row of the tally, whatever the shard; in the order of the table's key.
    struct TallyKey: Hashable, Comparable {
        let hour: Timestamp
        let provider: Int16
        let status: Int16
        let outcome: Int64

        init(_ row: ReportRow) {
            let hour: Int64 = 3_600_000_000
            let microseconds = row.receivedAt.microseconds
            self.hour = Timestamp(microseconds: microseconds - microseconds % hour)
            provider = row.report.provider.code
            status = row.report.status.code
            outcome = row.report.outcome.id
        }

        static func < (a: Self, b: Self) -> Bool {
            (a.hour, a.provider, a.status, a.outcome) < (b.hour, b.provider, b.status, b.outcome)
        }
    }

    /// A report's place: by message, then fingerprint, then arrival. Of numbers alone, which are
    /// compared without a call.
    private struct SortKey: Comparable {
        let high: UInt64
        let low: UInt64
        let fingerprint: Int64
        let receivedAt: Int64
        let index: Int

        init(_ row: ReportRow, index: Int) {
            (high, low) = row.report.message.halves
            fingerprint = row.report.fingerprint
            receivedAt = row.receivedAt.microseconds
            self.index = index
        }

        static func < (a: Self, b: Self) -> Bool {
            if a.high != b.high { return a.high < b.high }
            if a.low != b.low { return a.low < b.low }
            if a.fingerprint != b.fingerprint { return a.fingerprint < b.fingerprint }
            return a.receivedAt < b.receivedAt
        }
    }
}

extension WriteBatch.ReportRow {
    /// Whether both messages have the same traits but for their hour; see `MessageTraits`.
    fileprivate func countsAs(_ other: WriteBatch.ReportRow) -> Bool {
        report.outcome.id == other.report.outcome.id
            && report.messageStatus == other.report.messageStatus
            && report.provider == other.report.provider && delay == other.delay
            && report.segments == other.report.segments && country == other.country
            && report.sender == other.report.sender && report.price == other.report.price
    }

    /// The order that SQL uses too: precedence, then fingerprint.
    fileprivate func isBeaten(by other: WriteBatch.ReportRow) -> Bool {
        report.precedence != other.report.precedence
            ? report.precedence < other.report.precedence
            : report.fingerprint < other.report.fingerprint
    }
}
