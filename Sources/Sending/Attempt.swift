import Domain

/// One request that sent messages, and its result. Pure.
struct Attempt: Sendable {
    let lease: Lease
    let sentAt: Timestamp
    /// Whether the provider was known to be stopped when the request was made.
    let isTrial: Bool

    private var messages: [OutgoingMessage] { lease.messages.map(\.outgoing) }

    func results(_ answer: TransportResult, by provider: any SendingProvider) -> [SendResult] {
        switch answer {
        case .answered(let response): return provider.sendResults(of: messages, response)
        case .notSent(let problem):
            return messages.map { _ in .deferred(problem, afterSeconds: nil) }
        case .unanswered(let problem):
            // Without an answer, the transport knows the reason better than the provider's folder.
            return provider.sendResults(of: messages, nil).map { result in
                if case .ambiguous = result { .ambiguous(problem) } else { result }
            }
        }
    }

    /// What the results, and the time that they took, show about the provider's health.
    ///
    /// A stop is about the messages, and not the provider, if only messages meet it that met one
    /// before while others were accepted. It may be so, too, if the same answer accepts other
    /// messages; the next request shows that.
    func sign(
        _ answer: TransportResult, _ results: [SendResult], took: Duration, slow: Duration
    ) -> ProviderHealth.Sign {
        for case .stopped(let problem) in results {
            let isOneOfMany = results.contains { if case .accepted = $0 { true } else { false } }
            if !isTrial && (isOneOfMany || SendPolicy.isTheirOwn(lease.messages)) {
                return .refusedOne
            }
            return .stopped(problem)
        }
        switch answer {
        case .notSent, .unanswered: return .failed
        case .answered(let response):
            if response.status == 429 {
                return .limited(afterSeconds: response.retryAfterSeconds)
            }
            if response.status >= 500 || Self.isGarbage(results) { return .failed }
            return took >= slow ? .slow : .good
        }
    }

    /// Whether an answer says nothing about any message. At full speed, such answers would leave
    /// the whole queue with unknown outcomes.
    private static func isGarbage(_ results: [SendResult]) -> Bool {
        !results.isEmpty && results.allSatisfy { if case .ambiguous = $0 { true } else { false } }
    }

    func counts(_ results: [SendResult], _ changes: [OutboxChange]) -> SendCounts {
        var counts = SendCounts()
        counts.requests = 1
        for (result, change) in zip(results, changes) {
            switch (result, change.event?.kind) {
            case (.accepted, _): counts.accepted += 1
            case (_, .refused): counts.refused += 1
            case (.ambiguous, _): counts.unanswered += 1
            case (.refused, _), (.deferred, _), (.refusedTogether, _), (.stopped, _):
                counts.deferred += 1
            }
        }
        counts.deadLetters = changes.count { $0.deadLetter != nil }
        if counts.accepted > 0 { counts.takenAt = lease.leasedAt }
        return counts
    }
}
