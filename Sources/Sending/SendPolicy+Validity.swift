import Domain

extension SendPolicy {
    /// What to write about a message that was leased too late to be sent.
    static func expired(_ message: LeasedMessage, in lease: Lease, at now: Timestamp)
        -> OutboxChange
    {
        let problem = ProviderProblem(
            code: "validity_over", text: "Its validity ended before a provider could take it.")
        return OutboxChange(
            message: message.outgoing.id, lease: lease.id, step: .done,
            event: SendEvent(
                message: message.outgoing.id, kind: .expired, at: now, provider: lease.provider,
                attempt: nil, status: .expired, problem: problem),
            countsAttempt: false, deadLetter: problem)
    }

    /// What to write about a message whose recipient has opted out since it was accepted.
    static func blocked(
        _ message: LeasedMessage, _ problem: ProviderProblem, in lease: Lease, at now: Timestamp
    ) -> OutboxChange {
        OutboxChange(
            message: message.outgoing.id, lease: lease.id, step: .done,
            event: SendEvent(
                message: message.outgoing.id, kind: .refused, at: now, provider: nil,
                attempt: nil, status: .rejected, problem: problem),
            countsAttempt: false, deadLetter: problem)
    }
}
