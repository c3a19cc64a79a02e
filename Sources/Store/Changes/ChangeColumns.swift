package import Domain
package import Postgres

extension RowReader {
    /// The changes that a statement has written to a row of `status_change`: the columns block,
    /// messages, statuses and causes; empty where they are NULL, because it wrote none.
    mutating func nextChanges() throws(PostgresError) -> [StatusChange] {
        guard let block = try next(Int64?.self) else {
            skipRest()
            return []
        }
        let messages = try next(MessageList.self).messages
        let statuses = try next(StatusList.self).statuses
        let causes = try next(CauseList.self).causes
        guard statuses.count == messages.count, causes.count == messages.count else {
            throw PostgresError.undecodable("changes in arrays of different lengths")
        }
        return messages.indices.map { index in
            StatusChange(
                message: messages[index],
                sequence: ChangeSequence(block: block, position: Int64(index)),
                status: statuses[index], cause: causes[index])
        }
    }
}

/// A `uuid[]` of messages.
private struct MessageList: ColumnValue {
    let messages: [MessageID]

    init(_ column: borrowing Column) throws(PostgresError) {
        messages = try column.uuids().map { MessageID(high: $0.high, low: $0.low) }
    }
}

/// A `smallint[]` of statuses.
private struct StatusList: ColumnValue {
    private(set) var statuses: [Status] = []

    init(_ column: borrowing Column) throws(PostgresError) {
        let codes = try column.int16s()
        statuses.reserveCapacity(codes.count)
        for code in codes {
            guard let status = Status(code: code) else {
                throw column.unreadable("there is no status \(code)")
            }
            statuses.append(status)
        }
    }
}

/// A `smallint[]` of causes.
private struct CauseList: ColumnValue {
    private(set) var causes: [StatusChange.Cause] = []

    init(_ column: borrowing Column) throws(PostgresError) {
        let codes = try column.int16s()
        causes.reserveCapacity(codes.count)
        for code in codes {
            guard let cause = StatusChange.Cause(rawValue: code) else {
                throw column.unreadable("there is no cause \(code)")
            }
            causes.append(cause)
        }
    }
}

extension StatusChange.Cause: ColumnValue {
    /// A `smallint`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        let code = try Int16(column)
        guard let cause = Self(rawValue: code) else {
            throw column.unreadable("there is no cause \(code)")
        }
        self = cause
    }
}

/// A row of `status_change` has a block of numbers, one for each of its changes.
extension ChangeSequence {
    /// The most changes that one row holds; the table has the same bound.
    private static let blockSize: Int64 = 16_384

    init(block: Int64, position: Int64) {
        self.init(rawValue: block * Self.blockSize + position)
    }

    /// The row that holds the change.
    var block: Int64 { rawValue / Self.blockSize }

    /// Its place in the row, from 0.
    var position: Int64 { rawValue % Self.blockSize }
}
