import Domain
import JSON
import Synchronization

/// One pair of `status` and `error` objects, byte for byte, with its meaning.
final class InfobipOutcome: Sendable {
    let status: [UInt8]
    /// Empty where the result has no `error`.
    let error: [UInt8]
    let outcome: Outcome
    let finalStatus: Status
    /// Members of the two objects that the outcome does not hold; see `InfobipStatusText.extras`.
    let statusExtras: [UInt8]
    let errorExtras: [UInt8]
    /// The parts of the two objects that cannot be used.
    let oddities: [Oddity]

    init(
        status: [UInt8], error: [UInt8], statusText: InfobipStatusText,
        errorText: InfobipStatusText
    ) {
        self.status = status
        self.error = error
        outcome = Outcome(status: statusText, error: errorText)
        finalStatus = Status(
            infobipGroup: statusText.group, groupID: statusText.groupID, id: statusText.id,
            name: statusText.name)
        statusExtras = statusText.extras
        errorExtras = errorText.extras
        oddities = statusText.oddities + errorText.oddities
    }
}

/// The pairs of `status` and `error` that came lately.
///
/// There are few of them and every report repeats one, in the very same bytes. Looking the bytes up
/// costs a tenth of reading them again and allocates nothing.
final class InfobipOutcomes: Sendable {
    /// What one callback uses; a copy costs two reference counts.
    struct Table {
        fileprivate(set) var entries: [UInt64: InfobipOutcome] = [:]
        /// The last one of the last callback: most callbacks have the same.
        fileprivate(set) var recent: InfobipOutcome?

        /// The entry of exactly these bytes.
        func entry(_ key: UInt64, _ bytes: ByteView, _ ranges: Ranges) -> InfobipOutcome? {
            guard let entry = entries[key], ranges.hold(entry, in: bytes) else { return nil }
            return entry
        }
    }

    /// Where a result's two objects stand.
    struct Ranges {
        let status: Range<Int>
        /// Empty where there is none.
        let error: Range<Int>

        func hold(_ entry: InfobipOutcome, in bytes: ByteView) -> Bool {
            status.count == entry.status.count && error.count == entry.error.count
                && bytes.holds(entry.status, at: status.lowerBound)
                && bytes.holds(entry.error, at: error.lowerBound)
        }

        func key(in bytes: ByteView) -> UInt64 {
            let errorHash = bytes.hash(error)
            return bytes.hash(status) ^ (errorHash << 32 | errorHash >> 32)
        }
    }

    private let table = Mutex(Table())
    /// 34 statuses with the errors that go with them, in a handful of layouts.
    static let entryLimit = 1024
    /// Longer objects are read each time; they bound the memory, at 4 MiB if all are so long.
    static let byteLimit = 2048

    func snapshot() -> Table {
        table.withLock { $0 }
    }

    /// Adds the new entries of a callback; all are removed when there are too many.
    func learn(_ learned: [UInt64: InfobipOutcome], recent: InfobipOutcome) {
        table.withLock { table in
            table.recent = recent
            guard !learned.isEmpty else { return }
            if table.entries.count + learned.count > Self.entryLimit { table.entries = [:] }
            for (key, entry) in learned.prefix(Self.entryLimit) { table.entries[key] = entry }
        }
    }
}
