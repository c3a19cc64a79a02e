package import Domain

/// What happens to a message after an attempt. Pure.
///
/// Two kinds of answers may be about one message or about all: a refusal of a whole request, and a
/// stop (credentials, account, credit). After the first, the request is halved until the faulty
/// message is alone. After the second, too; and a message that meets a stop alone is faulty if the
/// provider accepts others meanwhile. Points are counted against it:
/// - a stop at a trial of a stopped provider gives none;
/// - one that a message meets again, after the provider accepted others leased with it or later,
///   gives 3;
/// - each further one, with no other message to compare with, gives 1.
///
/// With 6 points the message is refused. So it takes two stops with others accepted in between, or
/// four, the last three of them seconds apart. A message that meets what all meet gets no points.
package struct SendPolicy: Sendable {
    /// Attempts that count, before a message is given up.
    package let maxAttempts: Int
    package let schedule: ReconcileSchedule
    private let backoff = Backoff()

    /// How soon after an attempt that may have succeeded the status query is made.
    static let firstCheck = Duration.seconds(5)
    private static let evidence = 3
    private static let conviction = 6
    /// Between the stops of a suspected message, so that others can be sent in between.
    private static let suspectRest = Backoff(base: .seconds(1), cap: .seconds(300))
    /// Before a message alone tries again after an unexplained stop.
    private static let firstRest = Duration.milliseconds(500)

    package init(maxAttempts: Int, schedule: ReconcileSchedule) {
        self.maxAttempts = maxAttempts
        self.schedule = schedule
    }

    /// What to write about a message.
    ///
    /// - Parameters:
    ///   - message: one of the lease's.
    ///   - lease: under which it was submitted.
    ///   - result: the provider's result for it.
    ///   - isTrial: whether it was known before that the provider is stopped.
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
                acceptedBy: OutboxChange.AcceptedBy(
                    provider: lease.provider, providerMessageID: name))
        case .refused(let problem):
            return step.refusal(problem)
        case .refusedTogether(let problem):
            guard lease.messages.count > 1 else { return step.refusal(problem) }
            // Halves are refused for the reason of the whole, so only the first refusal is an
            // event.
            return step.wait(
                until: now, told: message.batchLimit == nil ? .deferred : nil, problem)
        case .deferred(let problem, let seconds):
            let rest = backoff.rest(failures: message.attempt, floor: seconds, using: &generator)
            let next = now.advanced(by: rest)
            guard message.attempt < maxAttempts, next < message.giveUpAt else {
                return step.change(
                    .done, .gaveUp, status: .failed, problem: problem, deadLetter: problem)
            }
            return step.change(.ready(at: next), .deferred, problem: problem)
        case .ambiguous(let problem):
            return step.change(
                .unsure(checkAt: now.advanced(by: Self.firstCheck)), .unanswered,
                status: .unknown, problem: problem,
                acceptedBy: OutboxChange.AcceptedBy(
                    provider: lease.provider, providerMessageID: nil))
        case .stopped(let problem):
            return stopped(step, problem, isTrial: isTrial)
        }
    }

    /// Whether a stop is about these messages only; their request was made while the provider
    /// accepted others.
    static func isTheirOwn(_ messages: [LeasedMessage]) -> Bool {
        messages.allSatisfy { message in
            guard let earlier = message.earlierStop else { return false }
            return earlier.othersWereTaken || (messages.count == 1 && earlier.blame > 0)
        }
    }

    private func stopped(
        _ step: Step, _ problem: ProviderProblem, isTrial: Bool
    ) -> OutboxChange {
        let earlier = step.message.earlierStop
        var blame = earlier?.blame ?? 0
        var rest = Duration.zero
        if step.lease.messages.count == 1 && !isTrial {
            rest = Self.firstRest
            if earlier?.othersWereTaken == true {
                blame += Self.evidence
            } else if blame > 0 {
                blame += 1
            }
            guard blame < Self.conviction else { return step.refusal(problem) }
            if blame > 0 {
                rest = Self.suspectRest.bound(failures: blame - Self.evidence + 1)
            }
        }
        return step.wait(
            until: step.now.advanced(by: rest), told: earlier == nil ? .stopped : nil, problem,
            stop: OutboxChange.MetStop(at: step.lease.leasedAt, blame: blame))
    }

    /// What all outcomes of one message have in common.
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
            problem: ProviderProblem? = nil, acceptedBy: OutboxChange.AcceptedBy? = nil,
            deadLetter: ProviderProblem? = nil
        ) -> OutboxChange {
            OutboxChange(
                message: message.outgoing.id, lease: lease.id, step: step,
                event: event(kind, status: status, problem), acceptedBy: acceptedBy,
                deadLetter: deadLetter)
        }

        func refusal(_ problem: ProviderProblem) -> OutboxChange {
            change(.done, .refused, status: .rejected, problem: problem, deadLetter: problem)
        }

        /// Tries again, with half as many others; the attempt does not count.
        func wait(
            until time: Timestamp, told kind: SendEvent.Kind?, _ problem: ProviderProblem,
            stop: OutboxChange.MetStop? = nil
        ) -> OutboxChange {
            OutboxChange(
                message: message.outgoing.id, lease: lease.id, step: .ready(at: time),
                event: kind.map { event($0, status: nil, problem) }, countsAttempt: false,
                batchLimit: (lease.messages.count + 1) / 2, stop: stop)
        }
    }
}
