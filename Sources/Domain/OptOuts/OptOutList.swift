/// Which opt-outs are looked for: they meet every condition that is given.
package struct OptOutFilter: Sendable, Equatable {
    /// A whole number, in the stored spelling.
    package var recipient: String?
    package var source: OptOutEntry.Source?
    package var provider: Provider?
    /// Recorded not before then.
    package var since: Timestamp?
    /// Recorded before then.
    package var until: Timestamp?

    package init() {}

    /// The same bytes for equal filters, other ones for others.
    package var canonicalForm: [UInt8] {
        let values = [
            recipient, source?.name, provider?.name, since.map { String($0.microseconds) },
            until.map { String($0.microseconds) },
        ]
        return values.flatMap { value in
            Array("\(value.map { String($0.utf8.count) } ?? "-"):\(value ?? "");".utf8)
        }
    }
}

/// A place in the list of opt-outs.
package struct OptOutPosition: Sendable, Equatable {
    package let recordedAt: Timestamp
    package let id: OptOutID

    package init(recordedAt: Timestamp, id: OptOutID) {
        self.recordedAt = recordedAt
        self.id = id
    }

    package init(of entry: OptOutEntry) {
        self.init(recordedAt: entry.recordedAt, id: entry.id)
    }
}

/// The opt-outs. Any thread; blocks for a few round trips.
package protocol OptOutList: Sendable {
    /// Those that hold and that a filter finds, the latest first.
    ///
    /// - Parameters:
    ///   - filter: what they must meet.
    ///   - position: where the page before ended; nil for the first page.
    ///   - limit: how many at most.
    /// - Returns: a page, and where the next one begins; nil if nothing is left. A page may be short,
    ///   or even empty, before the end: many entries may hold no more.
    /// - Throws: `StoreFailure` if the database does not answer.
    func page(
        of filter: OptOutFilter, before position: OptOutPosition?, limit: Int
    ) throws(StoreFailure) -> (entries: [OptOutEntry], next: OptOutPosition?)

    /// The latest entries of a number, whatever they say, the latest first.
    func history(of number: String, limit: Int) throws(StoreFailure) -> [OptOutEntry]

    /// The entries of a number that can decide: of each sender, source and direction the latest.
    func deciding(of number: String) throws(StoreFailure) -> [OptOutEntry]

    /// One entry; nil if there is none of this id.
    func entry(_ id: OptOutID) throws(StoreFailure) -> OptOutEntry?

    /// Adds an operator's entries in one transaction, with one entry of the audit.
    ///
    /// - Parameters:
    ///   - entries: at least one.
    ///   - act: what the audit calls it.
    ///   - requester: who does it.
    /// - Throws: `StoreFailure` if the database does not answer; a repetition adds nothing twice.
    func add(
        _ entries: [OptOutEntry], _ act: AuditEntry.Action, by requester: Requester
    ) throws(StoreFailure)
}

extension OptOutEntry {
    /// What lifts the opt-outs of a number.
    ///
    /// - Parameters:
    ///   - deciding: the number's entries that can decide.
    ///   - number: whose.
    ///   - sender: for messages from it only; nil lifts those of single senders as well.
    ///   - requester: the operator.
    /// - Returns: none if nothing is to be lifted.
    package static func lifting(
        _ deciding: [OptOutEntry], of number: PhoneNumber, sender: String?, by requester: Requester
    ) -> [OptOutEntry] {
        let held = OptOutStanding.holding(deciding)
        let wanted = sender.map { OptOutStanding.key($0) }
        guard
            held.contains(where: { entry in
                wanted == nil || entry.sender.map { OptOutStanding.key($0) == wanted } ?? true
            })
        else { return [] }
        let senders: [String?] = wanted == nil ? [nil] + held.map(\.sender) : [sender]
        var seen: Set<String?> = []
        return senders.filter { seen.insert($0).inserted }.map { sender in
            OptOutEntry(of: number, sender: sender, isOut: false, note: nil, by: requester)
        }
    }

    /// An operator's.
    ///
    /// - Parameters:
    ///   - number: whose.
    ///   - sender: for messages from it only; nil for all.
    ///   - isOut: false lifts what is there, the person's own word too.
    ///   - note: why.
    ///   - requester: the operator.
    package init(
        of number: PhoneNumber, sender: String?, isOut: Bool, note: String?, by requester: Requester
    ) {
        let now = Timestamp.now
        self.init(
            id: .new(at: now), recipient: number.description, sender: sender, isOut: isOut,
            source: .operator, provider: nil, at: now, recordedAt: now, detail: note,
            principal: Submitter(requester.principal))
    }
}
