extension LeasedMessage {
    /// The message as it is sent now: the provider may try for as long as is left of its validity,
    /// and not a second longer. Only a first attempt at once has all of it: the short time until
    /// then does not count.
    package func outgoing(at now: Timestamp) -> OutgoingMessage {
        let left = Int(giveUpAt.since(now).components.seconds)
        if attempt == 1, let all = outgoing.validitySeconds, all - left <= Self.atOnceSeconds {
            return outgoing
        }
        return outgoing.valid(forSeconds: left)
    }

    private static let atOnceSeconds = 5
}

extension Lease {
    /// Separates its messages that a provider still accepts from those whose validity is over or
    /// nearly.
    ///
    /// - Parameters:
    ///   - seconds: the shortest validity that the provider takes.
    ///   - now: when the request is made.
    /// - Returns: the lease without the expired messages, and those.
    package func split(
        leastValiditySeconds seconds: Int, at now: Timestamp
    ) -> (sent: Lease, expired: [LeasedMessage]) {
        let isExpired = messages.map { message in
            message.outgoing(at: now).validitySeconds.map { $0 < seconds } ?? false
        }
        guard isExpired.contains(true) else { return (self, []) }
        let pairs = zip(messages, isExpired)
        return (
            keeping(pairs.filter { !$0.1 }.map(\.0)), pairs.filter(\.1).map(\.0)
        )
    }
}
