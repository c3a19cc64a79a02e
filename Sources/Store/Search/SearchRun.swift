import Domain
import Postgres

/// One search, on one connection, until enough is found or its time is over.
struct SearchRun {
    let connection: Connection
    let deadline: ContinuousClock.Instant
    /// How many messages the next look along time takes in; grows while looks are quick.
    private(set) var scanned: Int
    /// Whether anything was looked at: before, no look is cut short.
    private var hasLooked = false
    private var hours = SearchHours()

    /// What a look is meant to take: short enough to stop in time, long enough that the round trip
    /// does not matter.
    private static let lookTime: Duration = .milliseconds(12)
    private static let fewestScanned = 50
    private static let mostScanned = 50_000
    /// How long the search for a number goes along time before it asks the index of numbers.
    private static let firstLooks: Duration = .milliseconds(6)
    /// How much longer than the rest of the time a statement may take, and how long at the least.
    private static let grace: Duration = .milliseconds(20)
    /// The longest that the first look may take: it finds little, and makes the search come on even
    /// while the server reads from a slow disk.
    private static let patience: Duration = .seconds(5)

    init(_ connection: Connection, until deadline: ContinuousClock.Instant, scanned: Int) {
        self.connection = connection
        self.deadline = deadline
        self.scanned = max(scanned, Self.fewestScanned)
    }

    /// What was found, and where the search ended.
    struct Finding {
        var hits: [SearchHit] = []
        /// Everything newer has been looked at; nil if that is everything.
        var end: SearchKey?
        /// Whether the time was over.
        var isCutShort = false

        fileprivate mutating func cutShort(at place: SearchKey) {
            end = place
            isCutShort = true
        }
    }

    /// Looks along the list, in the parts of time that are given.
    mutating func alongTime(
        _ conditions: SearchConditions, _ windows: SearchWindows,
        until end: ContinuousClock.Instant? = nil
    ) throws(PostgresError) -> Finding {
        let end = end ?? deadline
        var finding = Finding()
        var place = conditions.before
        while let window = try next(windows, place, conditions) {
            place = window.before
            var look = conditions
            look.before = place
            look.since = window.since
            look.limit = conditions.limit - finding.hits.count
            let bound = scanned
            guard let rows = try rows(of: SearchAlongTime(conditions: look, scanned: bound), end)
            else {
                finding.cutShort(at: place)
                break
            }
            finding.hits += rows.filter(\.isMatch)
            let isBounded = rows.last?.number == bound
            if let last = rows.last, isBounded || rows.count == look.limit {
                place = last.key
            } else {
                place = .all(before: window.since)
            }
            if finding.hits.count == conditions.limit {
                finding.end = finding.hits.last?.key
                break
            }
        }
        return finding
    }

    /// Looks for one number.
    ///
    /// A number that is often written to is found along the list at once; the index finds all of
    /// its messages, which takes the longer the more there are.
    mutating func byNumber(
        _ conditions: SearchConditions, _ windows: SearchWindows
    ) throws(PostgresError) -> Finding {
        let first = try alongTime(
            conditions, windows, until: min(deadline, .now + Self.firstLooks))
        guard first.isCutShort else { return first }
        guard let window = windows.window(before: conditions.before) else { return first }
        var look = conditions
        look.before = window.before
        // The parts of time in which it may be were only a help to get on.
        look.since = windows.spans.last?.from ?? window.since
        guard
            let rows = try rows(
                of: SearchByNumber(conditions: look), deadline, usesBitmaps: true)
        else {
            // Too many for the index: on along the list.
            guard let end = first.end else { return first }
            var rest = conditions
            rest.before = end
            rest.limit -= first.hits.count
            var second = try alongTime(rest, windows)
            second.hits = first.hits + second.hits
            return second
        }
        let isFull = rows.count == conditions.limit
        return Finding(hits: rows, end: isFull ? rows.last?.key : nil)
    }

    /// Looks at messages and at the messages of send requests: few, and all of them at once.
    mutating func byID(
        _ conditions: SearchConditions, _ windows: SearchWindows, messages: [MessageID],
        sendRequests: [SendRequestID]
    ) throws(PostgresError) -> Finding {
        guard let window = windows.window(before: conditions.before) else { return Finding() }
        var look = conditions
        look.before = window.before
        look.since = windows.spans.last?.from ?? window.since
        let statement = SearchByID(
            conditions: look, sendRequests: sendRequests, messages: messages)
        guard let rows = try rows(of: statement, deadline) else { return Finding() }
        return Finding(hits: rows, end: rows.count == conditions.limit ? rows.last?.key : nil)
    }
}

extension SearchRun {
    /// What leads to send requests.
    enum Source {
        case submitters([Identifier<Principal>])
        case term(Int64)
    }

    /// Looks along the send requests of a submitter, or with a member of metadata, the newest
    /// first, and at their messages.
    ///
    /// Messages have the time of their send request, of which its id holds the milliseconds; so a
    /// part of time is complete when all send requests of its milliseconds are.
    mutating func alongRequests(
        _ source: Source, _ conditions: SearchConditions, _ windows: SearchWindows
    ) throws(PostgresError) -> Finding {
        var finding = Finding()
        var place = conditions.before
        var count = Self.fewestRequests
        while let window = try next(windows, place, conditions) {
            place = window.before
            let end = SendRequestID.first(ofMillisecondAfter: window.before.createdAt)
            let start = SendRequestID.first(ofMillisecondOf: window.since)
            guard let ids = try requests(source, before: end, since: start, limit: count) else {
                finding.cutShort(at: place)
                break
            }
            var since = window.since
            var complete = ids
            if ids.count == count, let last = ids.last {
                since = max(since, last.millisecond.advanced(by: .milliseconds(1)))
                complete = ids.filter { $0.millisecond >= since }
                // All of them are of one millisecond, and there are more.
                guard !complete.isEmpty else {
                    count *= 4
                    continue
                }
            }
            if !complete.isEmpty {
                var look = conditions
                look.before = place
                look.since = since
                look.limit = conditions.limit - finding.hits.count
                let statement = SearchByID(
                    conditions: look, sendRequests: complete, messages: [])
                guard let rows = try rows(of: statement, deadline) else {
                    finding.cutShort(at: place)
                    break
                }
                finding.hits += rows
                if finding.hits.count == conditions.limit {
                    finding.end = finding.hits.last?.key
                    break
                }
            }
            place = .all(before: since)
            count = min(count * 2, Self.mostRequests)
        }
        return finding
    }

    /// Of up to a thousand messages each.
    private static let fewestRequests = 20
    private static let mostRequests = 200

    private mutating func requests(
        _ source: Source, before end: SendRequestID, since start: SendRequestID, limit: Int
    ) throws(PostgresError) -> [SendRequestID]? {
        switch source {
        case .submitters(let ids):
            try rows(
                of: SelectSubmittersRequests(
                    submitters: ids, before: end, since: start, limit: limit), deadline,
                isLook: false)
        case .term(let term):
            try rows(
                of: SelectTermsRequests(term: term, before: end, since: start, limit: limit),
                deadline, isLook: false)
        }
    }
}

extension SearchRun {
    /// What is to be looked at next, at a place or after it.
    ///
    /// What often occurs is found by the first look; only then the counts are asked in which hours
    /// there can be more.
    private mutating func next(
        _ windows: SearchWindows, _ place: SearchKey, _ conditions: SearchConditions
    ) throws(PostgresError) -> (before: SearchKey, since: Timestamp)? {
        var place = place
        while let window = windows.window(before: place) {
            guard hasLooked, .now < deadline else { return window }
            if let part = try hours.window(in: window, conditions, connection) { return part }
            place = .all(before: window.since)
        }
        return nil
    }

    /// Runs a statement; nil if the time is over, before it or while it ran. Until the search has
    /// come on by a look, none is cut short: else a page could end where it began.
    private mutating func rows<S: Statement>(
        of statement: S, _ end: ContinuousClock.Instant, usesBitmaps: Bool = false,
        isLook: Bool = true
    ) throws(PostgresError) -> [S.Row]? {
        let start = ContinuousClock.now
        if hasLooked, start >= end, !usesBitmaps { return nil }
        let limit = hasLooked ? max(.zero, deadline - start) + Self.grace : Self.patience
        do throws(PostgresError) {
            let (_, results) = try connection.execute(
                SearchSettings(limit: limit, usesBitmaps: usesBitmaps), statement)
            if statement is SearchAlongTime { adapt(to: .now - start) }
            if isLook { hasLooked = true }
            return results.rows
        } catch {
            guard hasLooked, error.sqlState?.description == "57014" else { throw error }
            scanned = max(Self.fewestScanned, scanned / 8)
            return nil
        }
    }

    /// A look that took less than planned is followed by a longer one.
    private mutating func adapt(to elapsed: Duration) {
        let factor = max(0.25, min(4, Self.lookTime / max(elapsed, .microseconds(1))))
        scanned = min(
            Self.mostScanned, max(Self.fewestScanned, Int(Double(scanned) * factor)))
    }
}

extension SendRequestID {
    /// The least of the millisecond that follows a moment's.
    fileprivate static func first(ofMillisecondAfter time: Timestamp) -> Self {
        first(ofMillisecond: time.microseconds.flooredMilliseconds &+ 1)
    }

    /// The least of a moment's millisecond.
    fileprivate static func first(ofMillisecondOf time: Timestamp) -> Self {
        first(ofMillisecond: time.microseconds.flooredMilliseconds)
    }

    /// Before 1970 and after the last one that an identifier can tell, the nearest.
    private static func first(ofMillisecond millisecond: Int64) -> Self {
        let most: Int64 = 0xFFFF_FFFF_FFFF
        if millisecond > most { return Self(high: .max, low: .max) }
        return Self(high: UInt64(max(0, millisecond)) << 16, low: 0)
    }

    /// The start of the millisecond that it tells.
    fileprivate var millisecond: Timestamp {
        Timestamp(microseconds: Int64(high >> 16) * 1000)
    }
}

extension Int64 {
    fileprivate var flooredMilliseconds: Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
