/// What to do with a quarantined callback that is replayed: it is authenticated with today's secrets and
/// read by today's parser. Pure.
package struct ReplayJudge: Sendable {
    private let webhooks: [Provider: any WebhookProvider]

    /// - Parameter webhooks: those whose callbacks can be authenticated.
    package init(_ webhooks: [any WebhookProvider]) {
        self.webhooks = Dictionary(webhooks.map { ($0.provider, $0) }) { first, _ in first }
    }

    /// What comes of a replay.
    package enum Verdict: Sendable {
        /// To be written in one transaction: the reports, and what becomes of the quarantine.
        case store(Submission, ReplayOutcome)
        /// Nothing changes: it is not authenticated today either.
        case refused(Refusal)
        /// Nothing changes: no part of it can be read today either.
        case unreadable(Malformation)
        /// Nothing changes: no secret of the provider is set, so that nothing can be authenticated.
        case notReceived
    }

    /// - Parameter kept: the callback.
    /// - Returns: what to do.
    package func verdict(on kept: KeptCallback) -> Verdict {
        guard let webhook = webhooks[kept.callback.provider] else { return .notReceived }
        do throws(Refusal) {
            if let credentials = kept.credentials {
                _ = try webhook.authenticate(credentials.request(of: kept.callback))
            } else if !kept.isAuthenticated {
                throw Refusal(.missingCredentials)
            }
        } catch {
            return .refused(error)
        }
        let parsed: ParsedCallback
        do throws(Malformation) {
            parsed = try webhook.parse(kept.callback)
        } catch {
            if kept.isAuthenticated { return .unreadable(error) }
            // The provider has proved itself: from now on it is one of its unreadable callbacks.
            parsed = ParsedCallback(
                reports: [], rejects: [Reject(error, of: kept.callback)])
        }
        return store(kept, parsed)
    }

    /// Afterwards the quarantine has of the callback exactly what cannot be read today: parts that were
    /// there for the same reason stay, others go, new ones are added.
    private func store(_ kept: KeptCallback, _ parsed: ParsedCallback) -> Verdict {
        struct Key: Hashable {
            let reason: String
            let place: String
        }
        let there = Set(kept.parts.map { Key(reason: $0.reason, place: $0.place) })
        let today = Set(parsed.rejects.map { Key(reason: $0.reason, place: $0.place) })
        let released = kept.parts.filter {
            !kept.isArchived || !today.contains(Key(reason: $0.reason, place: $0.place))
        }
        let rejects = parsed.rejects.filter {
            !kept.isArchived || !there.contains(Key(reason: $0.reason, place: $0.place))
        }
        let submission = Submission(
            callback: kept.callback, reports: parsed.reports, inbound: parsed.inbound,
            optOuts: parsed.optOuts, rejects: rejects,
            archiving: kept.isArchived ? .done : .add, credentials: kept.credentials,
            released: released.map(\.id))
        return .store(
            submission,
            ReplayOutcome(
                reports: parsed.reports.count, released: released.count,
                left: kept.parts.count - released.count + rejects.count))
    }
}

/// What a replay did, once it is committed.
package struct ReplayOutcome: Sendable, Equatable {
    /// Reports that were read; those that are known already change nothing.
    package let reports: Int
    /// Rows that left the quarantine.
    package let released: Int
    /// Rows of the callback that are in quarantine now.
    package let left: Int

    package init(reports: Int, released: Int, left: Int) {
        self.reports = reports
        self.released = released
        self.left = left
    }
}

extension Reject {
    /// A whole callback that cannot be read.
    package init(_ malformation: Malformation, of callback: ReceivedCallback) {
        self.init(
            reason: malformation.code.rawValue, place: malformation.place,
            detail: malformation.detail, excerpt: callback.body)
    }
}
