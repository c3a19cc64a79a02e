package import Domain

/// What happens to a message after its provider was asked about it. Pure.
package struct CheckPolicy: Sendable {
    /// What the provider said.
    package enum Finding: Sendable, Equatable {
        /// It has the message and says this of it.
        case known([Report])
        /// It does not have it.
        case unknown
        /// It answered something that settles nothing, or did not answer.
        case undecided
    }

    package let provider: Provider
    package let maxAttempts: Int
    package let schedule: ReconcileSchedule
    /// Time after the attempt's lease; then its request has ended, and the provider lists all that
    /// it accepted.
    package let settleDelay: Duration
    /// How long after sending the provider can look a message up.
    private let memory: Duration
    /// How long the provider is asked about a message whose outcome is unknown.
    private let patience: Duration
    private let backoff = Backoff()
    private let pause = Backoff(base: .seconds(5), cap: .seconds(6 * 3600))

    /// - Parameters:
    ///   - provider: the one that is asked.
    ///   - maxAttempts: attempts before a message is given up.
    ///   - schedule: of the status queries about messages that it accepted.
    ///   - requestLimit: how long after its lease a request may still run: its dispatcher may run
    ///     on and only have lost the connection that registers it.
    package init(
        _ provider: any SendingProvider, maxAttempts: Int, schedule: ReconcileSchedule,
        requestLimit: Duration
    ) {
        self.provider = provider.provider
        self.maxAttempts = maxAttempts
        self.schedule = schedule
        settleDelay = requestLimit + provider.settleDelay
        memory = provider.lookUpHorizon
        // A text that is three days late is of no use; a person must look at it.
        patience = min(memory, .seconds(72 * 3600))
    }

    /// What to write about a message.
    ///
    /// - Parameters:
    ///   - check: the status query.
    ///   - finding: the answer.
    ///   - askedAt: when the status query was made.
    ///   - now: when it was answered.
    ///   - generator: of the jitter.
    /// - Returns: the step, with an event if something is known now.
    package func change(
        of check: OutboxCheck, _ finding: Finding, askedAt: Timestamp, now: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> OutboxChange {
        check.isUnsure
            ? unsure(check, finding, askedAt: askedAt, now: now, using: &generator)
            : sent(check, finding, askedAt: askedAt, now: now)
    }

    /// What an answer says about a message.
    ///
    /// If the provider was asked by phone number, and another message went to that number at about
    /// the same time, its record may be of either of them; having none holds for both.
    package static func finding(of check: OutboxCheck, in result: LookUpResult) -> Finding {
        let reports = result.reports.filter { $0.message == check.lookUp.id }
        if !reports.isEmpty { return check.hasTwin ? .undecided : .known(reports) }
        return result.unknown.contains(check.lookUp.id) ? .unknown : .undecided
    }

    /// Whether a finding gives a message's final status that no report had given.
    package static func recovers(_ check: OutboxCheck, _ finding: Finding) -> Bool {
        guard case .known(let reports) = finding, !check.status.isFinal else { return false }
        return reports.contains { $0.status.isFinal }
    }

    /// Whether a message must be settled now, even if the provider cannot be asked.
    package func isOverdue(_ check: OutboxCheck, at now: Timestamp) -> Bool {
        let sentAt = check.lookUp.sentAt
        return check.isUnsure
            ? now.since(sentAt) > patience
            : now >= schedule.end(sentAt: sentAt, validityMinutes: check.validityMinutes)
    }

    /// Whether the provider has dropped the message's record, so that its answers mean nothing.
    package func isForgotten(_ check: OutboxCheck, at now: Timestamp) -> Bool {
        now.since(check.lookUp.sentAt) > memory
    }

    private func unsure(
        _ check: OutboxCheck, _ finding: Finding, askedAt: Timestamp, now: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> OutboxChange {
        let sentAt = check.lookUp.sentAt
        let isPastPatience = askedAt.since(sentAt) > patience
        switch finding {
        case .known(let reports):
            let isOver = reports.contains { $0.status.isFinal }
            return change(
                check, isOver ? end(check, now) : .sent(checkAt: nextCheck(check, now)),
                event(check, .found, now, status: .accepted),
                acceptedBy: OutboxChange.AcceptedBy(
                    provider: provider,
                    providerMessageID: reports.first?.providerMessageID))
        case .unknown where askedAt.since(sentAt) >= settleDelay && !isPastPatience:
            let rest = backoff.rest(failures: check.attempts, floor: nil, using: &generator)
            let next = now.advanced(by: rest)
            guard check.attempts < maxAttempts, next < check.giveUpAt else {
                let problem = ProviderProblem(
                    code: "not_found",
                    text: "The provider does not have the message, and no time or attempt is left.")
                return change(
                    check, .done, event(check, .gaveUp, now, status: .failed, problem),
                    deadLetter: problem)
            }
            return change(
                check, .ready(at: next), event(check, .notFound, now))
        case .unknown, .undecided:
            guard !isPastPatience else {
                let problem = ProviderProblem(
                    code: "undecided",
                    text: "The provider could not say whether it has the message.")
                return change(
                    check, .done, event(check, .gaveUp, now, status: .unknown, problem),
                    deadLetter: problem)
            }
            return change(check, .unsure(checkAt: nextQuery(check, finding, now)), nil)
        }
    }

    private func sent(
        _ check: OutboxCheck, _ answer: Finding, askedAt: Timestamp, now: Timestamp
    ) -> OutboxChange {
        let sentAt = check.lookUp.sentAt
        var finding = answer
        if case .known(let reports) = finding, reports.contains(where: { $0.status.isFinal }) {
            return change(check, end(check, now), nil)
        }
        // A provider that dropped the record cannot say that it never had the message.
        if isForgotten(check, at: askedAt) { finding = .undecided }
        let isPastValidity =
            askedAt >= schedule.validityEnd(sentAt: sentAt, validityMinutes: check.validityMinutes)
        let next = nextSlot(check, now)
        if isPastValidity, finding == .unknown || (next == nil && finding != .undecided) {
            let problem = ProviderProblem(
                code: "no_report", text: "The validity is over and the provider told no end.")
            return change(check, .done, event(check, .expired, now, status: .expired, problem))
        }
        if next == nil {
            let problem = ProviderProblem(
                code: "no_report",
                text: "No end was reported, and the provider can no longer tell one.")
            return change(check, .done, event(check, .gaveUp, now, status: .unknown, problem))
        }
        var acceptedBy: OutboxChange.AcceptedBy?
        if case .known(let reports) = finding, let name = reports.first?.providerMessageID,
            check.lookUp.providerMessageID == nil
        {
            acceptedBy = OutboxChange.AcceptedBy(provider: provider, providerMessageID: name)
        }
        return change(check, .sent(checkAt: next ?? now), nil, acceptedBy: acceptedBy)
    }

    /// The end of a message whose final status is known. One that the provider named stays while
    /// its name is needed to tell its record from those of other messages; then the sweeper removes
    /// it.
    private func end(_ check: OutboxCheck, _ now: Timestamp) -> OutboxStep {
        let isNamedByUs = check.lookUp.providerMessageID == check.lookUp.id.description
        return isNamedByUs ? .done : .sent(checkAt: nextCheck(check, now))
    }

    private func nextCheck(_ check: OutboxCheck, _ now: Timestamp) -> Timestamp {
        nextSlot(check, now) ?? now.advanced(by: pause.cap)
    }

    private func nextSlot(_ check: OutboxCheck, _ now: Timestamp) -> Timestamp? {
        schedule.next(
            after: now, sentAt: check.lookUp.sentAt, validityMinutes: check.validityMinutes)
    }

    /// After "unknown", not before the time at which that answer counts.
    private func nextQuery(
        _ check: OutboxCheck, _ finding: Finding, _ now: Timestamp
    ) -> Timestamp {
        let next = now.advanced(by: pause.bound(failures: check.checks + 1))
        let settled = check.lookUp.sentAt.advanced(by: settleDelay + .seconds(1))
        return finding == .unknown && settled > now ? min(next, settled) : next
    }

    private func event(
        _ check: OutboxCheck, _ kind: SendEvent.Kind, _ now: Timestamp, status: Status? = nil,
        _ problem: ProviderProblem? = nil
    ) -> SendEvent {
        SendEvent(
            message: check.lookUp.id, kind: kind, at: now, provider: provider,
            attempt: check.attempts, status: status, problem: problem)
    }

    private func change(
        _ check: OutboxCheck, _ step: OutboxStep, _ event: SendEvent?,
        acceptedBy: OutboxChange.AcceptedBy? = nil, deadLetter: ProviderProblem? = nil
    ) -> OutboxChange {
        OutboxChange(
            message: check.lookUp.id, lease: nil, step: step, event: event, acceptedBy: acceptedBy,
            deadLetter: deadLetter)
    }
}
