/// One page of the messages that a filter finds, the newest first.
package struct MessagePage: Sendable {
    package let messages: [Message]
    /// Where the next page begins; nil if there is none.
    package let next: SearchPosition?
    /// How far back the search has looked, if its time was over before the page was full; nil if
    /// the page is full, or nothing is left.
    package let searchedBackTo: Timestamp?

    package init(messages: [Message], next: SearchPosition?, searchedBackTo: Timestamp?) {
        self.messages = messages
        self.next = next
        self.searchedBackTo = searchedBackTo
    }
}

/// How far a search has come: everything after this is older.
///
/// A message that only reports tell of may get an earlier time for some seconds after it appeared,
/// when a report that came before is stored late. `recent` keeps such a message from being found
/// twice.
package struct SearchPosition: Sendable, Equatable {
    /// `created_at` of the last message that was looked at.
    package let createdAt: Timestamp
    package let id: MessageID
    /// The messages found so far whose time may still change, by `key(of:)`, with their times; the
    /// newest first.
    package let recent: [Recent]

    /// A message whose time may still change.
    package struct Recent: Sendable, Equatable {
        package let key: UInt64
        package let createdAt: Timestamp

        package init(key: UInt64, createdAt: Timestamp) {
            self.key = key
            self.createdAt = createdAt
        }
    }

    /// The most that a position carries; beyond it, the oldest are forgotten.
    package static let recentLimit = 200

    package init(createdAt: Timestamp, id: MessageID, recent: [Recent] = []) {
        self.createdAt = createdAt
        self.id = id
        self.recent = Array(recent.prefix(Self.recentLimit))
    }

    /// Half of an identifier: of every kind of ours it has 62 random bits or those of a digest.
    package static func key(of id: MessageID) -> UInt64 { id.low }
}
