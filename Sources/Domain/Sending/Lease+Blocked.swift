extension Lease {
    /// Separates its messages that may be sent from those whose recipients have opted out.
    package func splitBlocked() -> (
        sent: Lease, blocked: [(message: LeasedMessage, problem: ProviderProblem)]
    ) {
        guard messages.contains(where: { $0.block != nil }) else { return (self, []) }
        return (
            keeping(messages.filter { $0.block == nil }),
            messages.compactMap { message in message.block.map { (message, $0) } }
        )
    }
}

extension ProviderProblem {
    /// Our own reason for not sending to somebody.
    package init(optOut entry: OptOutEntry) {
        let who =
            entry.source == .operator
            ? "An operator has blocked the recipient" : "The recipient has opted out"
        self.init(
            code: "opted_out", text: "\(who) (\(entry.source.name), \(entry.at)); nothing was sent."
        )
    }
}
