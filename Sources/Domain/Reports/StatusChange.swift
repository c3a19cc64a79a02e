/// A committed change of a message's status.
package struct StatusChange: Sendable, Hashable {
    package let message: MessageID
    /// The change's place in the order of all changes. Of two changes of one message the later one
    /// has the greater sequence, whichever process wrote them.
    package let sequence: ChangeSequence
    /// The new status.
    package let status: Status
    package let cause: Cause

    package init(message: MessageID, sequence: ChangeSequence, status: Status, cause: Cause) {
        self.message = message
        self.sequence = sequence
        self.status = status
        self.cause = cause
    }

    /// Whether the new status is a final one; a later report may still replace it.
    package var isFinal: Bool { status.isFinal }

    /// What changed the status.
    package enum Cause: Int16, Sendable, CaseIterable {
        /// A report that the provider sent to us.
        case callback = 1
        /// A report that we got from the provider by a status query.
        case statusQuery = 2
        /// Our own action: the message was accepted, sent, cancelled or given up.
        case event = 3
        /// No change of a status, but a message from somebody: `message` is its id, and the status
        /// means nothing.
        case inbound = 4
    }
}

/// A place in the order of all changes of statuses; greater is later.
///
/// Numbers have gaps. They fit a double, so that JSON carries them exactly.
package struct ChangeSequence: RawRepresentable, Hashable, Comparable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Before the first change.
    package static let start = ChangeSequence(rawValue: 0)

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
