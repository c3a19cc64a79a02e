package import Domain

/// What becomes of a message after an attempt. Pure.
package struct SendPolicy: Sendable {
    /// Attempts that count, before a message is given up.
    package let maxAttempts: Int
    package let schedule: ReconcileSchedule
    private let backoff = Backoff()

    /// How soon after an attempt that may have succeeded the provider is asked.
    static let firstCheck = Duration.seconds(5)

    package init(maxAttempts: Int, schedule: ReconcileSchedule) {
        self.maxAttempts = maxAttempts
        self.schedule = schedule
    }

    /// What is to be written of a message.
    ///
    /// - Parameters:
    ///   - message: one of the lease's.
    ///   - lease: under which it was put to the provider.
    ///   - result: what the provider made of it.
    ///   - isTrial: whether it was known before that the provider is stopped: then the timeline
    ///     has said so.
    ///   - sentAt: when the request was made.
    ///   - now: when it ended.
    ///   - generator: of the jitter.
    /// - Returns: the step under the lease, with its event.
    package func change(
        of message: LeasedMessage, in lease: Lease, _ result: SendResult, isTrial: Bool,
        sentAt: Timestamp, now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> OutboxChange {
        let step = Step(message: message, lease: lease, now: now)
        switch result {
        case .accepted(let name):
            let checkAt =
                schedule.next(
                    after: now, sentAt: sentAt,
                    validityMinutes: message.outgoing.validityMinutes)
                ?? now.advanced(by: ReconcileSchedule.afterValidity)
            return step.change(
                .sent(checkAt: checkAt), .accepted, status: .accepted,
                carrier: OutboxChange.Carrier(provider: lease.provider, providerMessageID: name))
        case .refused(let problem):
            return step.change(
                .done, .refused, status: .rejected, problem: problem, deadLetter: problem)
        case .refusedTogether(let problem):
            guard lease.messages.count > 1 else {
                return step.change(
                    .done, .refused, status: .rejected, problem: problem, deadLetter: problem)
            }
            return step.change(.ready(at: now, alone: true), .deferred, problem: problem)
        case .deferred(let problem, let seconds):
            let rest = backoff.rest(failures: message.attempt, floor: seconds, using: &generator)
            let next = now.advanced(by: rest)
            guard message.attempt < maxAttempts, next < message.giveUpAt else {
                return step.change(
                    .done, .gaveUp, status: .failed, problem: problem, deadLetter: problem)
            }
            return step.change(.ready(at: next, alone: false), .deferred, problem: problem)
        case .ambiguous(let problem):
            return step.change(
                .unsure(checkAt: now.advanced(by: Self.firstCheck)), .unanswered,
                status: .unknown, problem: problem,
                carrier: OutboxChange.Carrier(provider: lease.provider, providerMessageID: nil))
        case .stopped(let problem):
            return OutboxChange(
                message: message.outgoing.id, lease: lease.id,
                step: .ready(at: now, alone: false),
                event: isTrial ? nil : step.event(.stopped, status: nil, problem),
                countsAttempt: false)
        }
    }

    /// What is common to all that may become of one message.
    private struct Step {
        let message: LeasedMessage
        let lease: Lease
        let now: Timestamp

        func event(
            _ kind: SendEvent.Kind, status: Status?, _ problem: ProviderProblem?
        ) -> SendEvent {
            SendEvent(
                message: message.outgoing.id, kind: kind, at: now, provider: lease.provider,
                attempt: message.attempt, status: status, problem: problem)
        }

        func change(
            _ step: OutboxStep, _ kind: SendEvent.Kind, status: Status? = nil,
            problem: ProviderProblem? = nil, carrier: OutboxChange.Carrier? = nil,
            deadLetter: ProviderProblem? = nil
        ) -> OutboxChange {
            OutboxChange(
                message: message.outgoing.id, lease: lease.id, step: step,
                event: event(kind, status: status, problem), carrier: carrier,
                deadLetter: deadLetter)
        }
    }
}
