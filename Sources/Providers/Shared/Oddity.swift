import Domain

/// A field that cannot be used, in a report that is still stored.
struct Oddity: Equatable, Sendable {
    let reason: RejectReason
    /// Inside of the report: `price.currency`, `SentTime`; empty for a field of unknown name.
    let path: String

    init(_ reason: RejectReason, _ path: String) {
        self.reason = reason
        self.path = path
    }
}

/// The notes on odd fields of one callback's reports: one note a report, and a bounded number.
struct OddityNotes {
    /// As many as there are usually reports in a callback.
    static let limit = 100
    /// The most bytes of a report in its note; the archive has all of it.
    static let excerptLimit = 4096

    private var notes: [Reject] = []
    private var count = 0

    /// Records the odd fields of one report.
    ///
    /// - Parameters:
    ///   - oddities: not empty.
    ///   - report: its place in the callback, such as `results[3]`; empty if it is the whole.
    ///   - excerpt: the report as it came.
    mutating func add(
        _ oddities: [Oddity], of report: String, excerpt: UnsafeRawBufferPointer
    ) {
        guard let first = oddities.first else { return }
        count += 1
        guard count <= Self.limit else { return }
        let places = oddities.map { oddity in
            report.isEmpty || oddity.path.isEmpty
                ? report + oddity.path : "\(report).\(oddity.path)"
        }
        var others: [String] = []
        for oddity in oddities where oddity.reason != first.reason {
            if !others.contains(oddity.reason.rawValue) { others.append(oddity.reason.rawValue) }
        }
        let also = others.isEmpty ? "" : " Also: \(others.joined(separator: ", "))."
        notes.append(
            Reject(
                reason: first.reason.rawValue, place: places.joined(separator: ", "),
                detail: "The report is stored without what is odd in it. \(first.reason.detail)"
                    + also,
                excerpt: Array(excerpt.prefix(Self.excerptLimit)), cost: .field))
    }

    var isEmpty: Bool { notes.isEmpty }

    /// The notes; the last one counts those that were left out.
    var rejects: [Reject] {
        guard count > Self.limit, let last = notes.last else { return notes }
        let more = " \(count - Self.limit) more reports of this callback have oddities."
        return notes.dropLast() + [
            Reject(
                reason: last.reason, place: last.place, detail: last.detail + more,
                excerpt: last.excerpt, cost: last.cost)
        ]
    }
}
