/// Which messages from people are stored. Any thread; blocks for a round trip.
package protocol InboundIndex: Sendable {
    /// Those of some messages that are stored.
    func known(_ ids: [InboundID]) throws(StoreFailure) -> Set<InboundID>
}

/// A page of a provider's list of messages from people.
package struct InboundPage: Sendable, Equatable {
    package let messages: [InboundMessage]
    /// Where the next page begins; nil after the last.
    package let next: Int?

    package init(messages: [InboundMessage], next: Int?) {
        self.messages = messages
        self.next = next
    }
}
