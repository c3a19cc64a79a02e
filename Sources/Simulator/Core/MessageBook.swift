import Domain

/// The accepted messages, the newest `limit` of them.
///
/// Serials count from 0 and name a record for as long as it is kept. All look-ups are by hash.
struct MessageBook: Sendable {
    /// The most records kept.
    let limit: Int
    private var records: [MessageRecord] = []
    /// The serial of the next record.
    private(set) var next = 0
    private var byName: [MessageName: Int] = [:]
    private var byRecipient: [String: Int] = [:]
    private var byFingerprint: [UInt64: Int] = [:]
    /// How often messages without a record were refused.
    private var refusals: [UInt64: Int] = [:]

    /// The most messages whose refusals are counted.
    private static let refusalLimit = 100_000

    init(limit: Int = 1_000_000) {
        self.limit = limit
    }

    /// Records that are kept.
    var count: Int { records.count }

    /// The serials of all records, the newest last.
    var serials: Range<Int> { next - records.count..<next }

    /// Whether a serial's record is still kept.
    func has(_ serial: Int) -> Bool { serials.contains(serial) }

    /// A record that is kept.
    subscript(serial: Int) -> MessageRecord {
        get { records[serial % limit] }
        set { records[serial % limit] = newValue }
    }

    /// The record of a name; nil if there is none.
    func serial(named name: MessageName) -> Int? {
        byName[name].flatMap { has($0) ? $0 : nil }
    }

    /// The newest record of a fingerprint.
    func serial(ofFingerprint fingerprint: UInt64) -> Int? {
        byFingerprint[fingerprint].flatMap { has($0) ? $0 : nil }
    }

    /// The serials of a recipient's records, the newest first.
    func serials(of recipient: String) -> some Sequence<Int> {
        sequence(first: byRecipient[recipient] ?? -1) { self[$0].previous ?? -1 }
            .prefix { has($0) }
    }

    /// Keeps a record, and drops the oldest one if there are too many.
    ///
    /// - Returns: its serial.
    mutating func insert(_ record: MessageRecord) -> Int {
        let serial = next
        var record = record
        record.previous = byRecipient[record.recipient]
        record.timesReceived += refusals.removeValue(forKey: record.fingerprint) ?? 0
        if records.count < limit {
            records.append(record)
        } else {
            forget(serial - limit)
            records[serial % limit] = record
        }
        next += 1
        byName[record.name] = serial
        byRecipient[record.recipient] = serial
        byFingerprint[record.fingerprint] = serial
        return serial
    }

    private mutating func forget(_ serial: Int) {
        let old = self[serial]
        if byName[old.name] == serial { byName[old.name] = nil }
        if byRecipient[old.recipient] == serial { byRecipient[old.recipient] = nil }
        if byFingerprint[old.fingerprint] == serial { byFingerprint[old.fingerprint] = nil }
    }

    /// How often a message that has no record was refused.
    func refusals(of fingerprint: UInt64) -> Int { refusals[fingerprint] ?? 0 }

    /// Counts a refusal.
    mutating func refuse(_ fingerprint: UInt64) {
        if refusals.count >= Self.refusalLimit { refusals.removeAll() }
        refusals[fingerprint, default: 0] += 1
    }

    /// Removes everything; serials go on, so that requests in flight find nothing.
    mutating func removeAll() {
        let next = next
        self = MessageBook(limit: limit)
        // A serial's place follows from `next`, so it restarts at the next serial of place 0.
        self.next = (next / limit + 1) * limit
    }
}
