import Domain

/// How much may go to quarantine, so that a flood of unreadable callbacks neither fills the disk
/// nor hides rare problems.
///
/// Pure; time is passed in. Each reason has a budget for each minute, in rows and bytes, and a
/// bound for each callback. Rows that are left out are counted and reported in a row of the same
/// reason: at once for one callback, in the reason's next minute for the rest. The archive has all
/// of it.
struct QuarantineBudget {
    struct Limits {
        /// Rows of one reason from one callback, and one more that reports those left out.
        var callbackRows = 100
        /// Rows of one reason in a minute.
        var minuteRows = 1000
        /// Bytes of one reason in a minute; towards their end excerpts are cut.
        var minuteBytes = 4 << 20
        /// Reasons with a budget of their own; all others share one.
        var reasons = 64
        /// The growth in rows after which the table is cut; the bytes follow.
        var growthRows = 2000
        var growthBytes = 8 << 20
    }

    private struct Window {
        var startedAt: Timestamp
        var rows = 0
        var bytes = 0
        /// Of this minute, not reported yet.
        var leftOut = 0
    }

    private let limits: Limits
    private var windows: [String: Window] = [:]
    /// What was written since it was last taken.
    private var growth = (rows: 0, bytes: 0)
    /// Rows that were left out in all.
    private(set) var leftOut = 0

    private static let minute = Duration.seconds(60)
    private static let others = "others"
    /// About what a row takes besides its texts.
    private static let rowBytes = 100
    /// Places are short, unless a caller chose a long name.
    private static let placeCharacters = 200
    /// An excerpt takes at most this fraction of the remaining room, so that later rows fit.
    private static let excerptShare = 8

    init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The rejects of one callback that are stored, with the rows that report those left out.
    mutating func admit(_ rejects: [Reject], at now: Timestamp) -> [Reject] {
        var kept: [Reject] = []
        kept.reserveCapacity(min(rejects.count, limits.callbackRows + 1))
        var fromCallback: [String: Int] = [:]
        var beyond: [String: Int] = [:]
        for reject in rejects {
            let key = key(of: reject.reason)
            begin(key, reason: reject.reason, at: now, into: &kept)
            guard fromCallback[key, default: 0] < limits.callbackRows else {
                beyond[reject.reason, default: 0] += 1
                continue
            }
            if take(reject, from: key, into: &kept) { fromCallback[key, default: 0] += 1 }
        }
        for (reason, count) in beyond.sorted(by: { $0.key < $1.key }) {
            leftOut += count
            let note = Reject(
                reason: reason, place: "callback",
                detail: "\(count) more of this reason in this callback were left out;"
                    + " the archive has the whole of it.",
                excerpt: [])
            let key = key(of: reason)
            if !take(note, from: key, into: &kept) {
                // The note itself was not left out.
                leftOut -= 1
                windows[key]?.leftOut += count - 1
            }
        }
        return kept
    }

    /// Rows are committed: a cut before that would not see them.
    mutating func wrote(_ rejects: some Sequence<Reject>) {
        for reject in rejects {
            growth.rows += 1
            growth.bytes +=
                Self.rowBytes + reject.place.utf8.count + reject.detail.utf8.count
                + reject.excerpt.count
        }
    }

    /// Whether so much was written since this was last true that the table should be cut.
    mutating func takeGrowth() -> Bool {
        guard growth.rows >= limits.growthRows || growth.bytes >= limits.growthBytes else {
            return false
        }
        growth = (0, 0)
        return true
    }

    /// The cut failed; it is still due.
    mutating func returnGrowth() {
        growth.rows = max(growth.rows, limits.growthRows)
    }

    private func key(of reason: String) -> String {
        windows[reason] != nil || windows.count < limits.reasons ? reason : Self.others
    }

    /// Opens a reason's next minute, and reports what was left out in the last one.
    private mutating func begin(
        _ key: String, reason: String, at now: Timestamp, into kept: inout [Reject]
    ) {
        guard let last = windows[key] else {
            windows[key] = Window(startedAt: now)
            return
        }
        // A clock that was set back must not lengthen a minute.
        guard now.since(last.startedAt) >= Self.minute || now < last.startedAt else { return }
        windows[key] = Window(startedAt: now)
        guard last.leftOut > 0 else { return }
        let note = Reject(
            reason: reason, place: "quarantine",
            detail: "\(last.leftOut) more of this reason were left out within a minute from"
                + " \(last.startedAt); the archive has their callbacks.",
            excerpt: [])
        _ = take(note, from: key, into: &kept)
    }

    /// Keeps a row if the reason's minute has room for it.
    private mutating func take(
        _ reject: Reject, from key: String, into kept: inout [Reject]
    ) -> Bool {
        let place = String(reject.place.prefix(Self.placeCharacters))
        let fixed = Self.rowBytes + place.utf8.count + reject.detail.utf8.count
        guard var window = windows[key], window.rows < limits.minuteRows,
            window.bytes + fixed <= limits.minuteBytes
        else {
            windows[key]?.leftOut += 1
            leftOut += 1
            return false
        }
        let room = (limits.minuteBytes - window.bytes - fixed) / Self.excerptShare
        let row = Reject(
            reason: reject.reason, place: place, detail: reject.detail,
            excerpt: Array(reject.excerpt.prefix(room)))
        window.rows += 1
        window.bytes += fixed + row.excerpt.count
        windows[key] = window
        kept.append(row)
        return true
    }
}
