/// The parts of a long message, where the provider reports on each of them.
///
/// Most reports are about a whole message and only count its parts; those make no `MessageParts`.
package struct MessageParts: Sendable, Equatable {
    /// How many there are, as the provider says.
    package let total: Int
    /// The status of each part with a report, by its number from 1 on.
    package let statuses: [Int: Status]
    /// The status of each part without a final report of its own; nil while one may still come.
    private let rest: Status?
    /// The final report of the part that ended last.
    private let lastEnd: Report?
    /// Its fingerprint in the ledger.
    private let lastFingerprint: Int64?
    /// Grows with every report that changes a part.
    private let extent: Int64
    /// What the parts have been billed so far, added up; nil where no part's report says it.
    private let segments: Int32?
    /// The same in the currency of the part that ended last.
    private let price: Report.Price?

    /// Folds a message's reports: a part's status is that of its report with the greatest
    /// precedence, so that neither order nor repetition matters.
    ///
    /// Parts without a final status take that of the whole message: from a report such as one that
    /// we polled, or from our own result. A message that others sent is not polled, so there the
    /// part that ended last counts for the parts without a report. Nil if no report names one of
    /// several parts.
    ///
    /// - Parameters:
    ///   - reports: the message's, in any order.
    ///   - stored: the message's own status; it counts if it is final.
    ///   - isOurs: whether we sent it.
    package init?(
        _ reports: some Sequence<RecordedReport>, of stored: Status = .sent, isOurs: Bool = true
    ) {
        var total = 0
        var best: [Int: RecordedReport] = [:]
        var whole: RecordedReport?
        for recorded in reports {
            if let part = recorded.report.part, part.total > 1 {
                total = max(total, part.total)
                if best[part.number].map({ $0.isBeaten(by: recorded) }) ?? true {
                    best[part.number] = recorded
                }
            } else if recorded.report.status.isFinal,
                whole.map({ $0.isBeaten(by: recorded) }) ?? true
            {
                whole = recorded
            }
        }
        guard total > 1 else { return nil }
        self.total = total
        statuses = best.mapValues(\.report.status)
        let ends = best.values.filter(\.report.status.isFinal)
        let last = ends.max { $0.isBeaten(by: $1) }
        lastEnd = last?.report
        lastFingerprint = last?.fingerprint
        extent = ends.reduce(0) { $0 + $1.report.partPrecedence.extent }
        let inOrder = best.sorted { $0.key < $1.key }.map(\.value)
        segments = Self.segments(of: inOrder)
        price = Self.price(of: inOrder, like: last?.report)
        rest =
            whole?.report.status ?? (stored.isFinal ? stored : nil)
            ?? (isOurs ? nil : lastEnd?.status)
    }

    private static func segments(of parts: [RecordedReport]) -> Int32? {
        let told = parts.compactMap(\.report.segments)
        return told.isEmpty ? nil : Int32(clamping: told.reduce(Int64(0)) { $0 + Int64($1) })
    }

    private static func price(of parts: [RecordedReport], like last: Report?) -> Report.Price? {
        let told = parts.compactMap(\.report.price)
        guard let currency = (last?.price ?? told.first)?.currency else {
            // Amounts without a currency cannot be known to be of one.
            return last?.price
        }
        let amounts = told.filter { $0.currency == currency }.compactMap { ExactAmount($0.amount) }
        return Report.Price(amount: amounts.reduce(.zero, +).description, currency: currency)
    }

    /// The number of parts by status; see `PartCounts`.
    package var counts: PartCounts {
        var counts = PartCounts(total: total)
        for number in 1...total { counts.add(end(of: number)) }
        return counts
    }

    /// The status of the whole: delivered if all parts are, partially delivered if some are and the
    /// others will not be, sent while one is open; nil while none has ended, when the message's own
    /// status counts.
    package var status: Status? {
        let counts = counts
        if counts.pending > 0 { return counts.pending == total ? nil : .sent }
        if counts.delivered == total { return .delivered }
        if counts.delivered > 0 { return .partiallyDelivered }
        return lastEnd?.status ?? rest
    }

    /// What to store for a message whose parts have all ended.
    package struct Settlement: Sendable, Equatable {
        package let status: Status
        package let precedence: Precedence
        /// Decides between settlements of one precedence.
        package let tieBreaker: Int64
        /// The fingerprint of the report about the part that ended last: its outcome counts for the
        /// whole.
        package let lastReport: Int64
        /// Of all parts together; nil where no report says it.
        package let segments: Int32?
        /// Of all parts together, in the currency of that part; nil where no report says it.
        package let price: Report.Price?
        /// The class of the time from sending to the delivery of all parts.
        package let delay: DelayClass?
    }

    /// What to store for the message once every part has a final report; nil before.
    ///
    /// The number and the tie-breaker grow with every report that changes a part, so that the order
    /// in which they are written does not matter.
    package var settlement: Settlement? {
        let ended = statuses.values.count { $0.isFinal }
        guard ended == total, let status, let lastEnd, let lastFingerprint else { return nil }
        let time = lastEnd.doneAt ?? lastEnd.sentAt
        return Settlement(
            status: status, precedence: .settlement(at: time), tieBreaker: extent,
            lastReport: lastFingerprint, segments: segments, price: price,
            delay: status == .delivered ? lastEnd.delay : nil)
    }

    private func end(of number: Int) -> Status? {
        if let told = statuses[number], told.isFinal { return told }
        return rest
    }
}

/// The number of parts by status: none is pending if and only if the message's status is final.
package struct PartCounts: Sendable, Equatable {
    package let total: Int
    package private(set) var delivered = 0
    package private(set) var failed = 0
    package var pending: Int { total - delivered - failed }

    init(total: Int) {
        self.total = total
    }

    /// All parts with the status of the whole.
    init(total: Int, all status: Status) {
        self.total = total
        for _ in 0..<total { add(status) }
    }

    fileprivate mutating func add(_ status: Status?) {
        guard let status, status.isFinal else { return }
        if status == .delivered { delivered += 1 } else { failed += 1 }
    }
}

extension RecordedReport {
    /// Among reports about the same part, or about the whole.
    fileprivate func isBeaten(by other: RecordedReport) -> Bool {
        (report.partPrecedence, fingerprint) < (other.report.partPrecedence, other.fingerprint)
    }
}
