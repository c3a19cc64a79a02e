package import Domain
package import Postgres
package import Telemetry

/// The webhooks in the database, for those who manage them.
package struct WebhookStore: WebhookRegister {
    let queries: Queries
    let commits: Queries

    private static let waitingBound = 1000

    /// Each call takes a connection of the pool for a few round trips.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
    }

    package func list() throws(StoreFailure) -> [(webhook: Webhook, waiting: BoundedCount)] {
        try read(nil)
    }

    package func webhook(
        _ id: WebhookID
    ) throws(StoreFailure) -> (webhook: Webhook, waiting: BoundedCount)? {
        try read(id).first
    }

    private func read(
        _ id: WebhookID?
    ) throws(StoreFailure) -> [(webhook: Webhook, waiting: BoundedCount)] {
        try queries.run { connection throws(PostgresError) in
            let webhooks = try connection.execute(SelectWebhooks(id: id)).rows
            guard !webhooks.isEmpty else { return [] }
            let (_, counts) = try connection.execute(
                PlanAnew(),
                CountWaitingDeliveries(
                    webhooks: webhooks.map(\.id), limit: Self.waitingBound + 1))
            let waiting = Dictionary(
                counts.rows.map { ($0.webhook, $0.count) }, uniquingKeysWith: { $1 })
            return webhooks.map {
                ($0, BoundedCount(found: waiting[$0.id] ?? 0, bound: Self.waitingBound))
            }
        }
    }

    package func create(
        _ draft: WebhookDraft, secret: WebhookSecret, by requester: Requester
    ) throws(StoreFailure) -> Webhook? {
        let now = Timestamp.now
        let id = WebhookID.new(at: now)
        let entry = AuditEntry(
            .createWebhook, of: id, by: requester, at: now, after: draft.audited)
        let isMade = try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                let made = try connection.execute(InsertWebhook(id: id, draft: draft)).first
                guard made != nil else { return false }
                try connection.execute(InsertWebhookSecret(webhook: id, secret: secret))
                try connection.execute(InsertAuditEntry(entry: entry))
                return true
            }
        }
        return isMade ? try webhook(id)?.webhook : nil
    }

    package func change(
        _ webhook: Webhook, to draft: WebhookDraft, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        let entry = AuditEntry(
            .changeWebhook, of: webhook.id, by: requester, at: .now,
            before: webhook.draft.audited, after: draft.audited)
        return try act(entry, UpdateWebhook(webhook: webhook, draft: draft))
    }

    package func delete(
        _ id: WebhookID, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        try act(
            AuditEntry(.deleteWebhook, of: id, by: requester, at: .now),
            SetWebhookState(id: id, from: [.active, .paused, .disabled], to: .deleted))
    }

    package func rotate(
        _ id: WebhookID, secret: WebhookSecret, overlap: Duration, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        let seconds = Int32(clamping: max(0, overlap.components.seconds))
        let entry = AuditEntry(
            .rotateWebhook, of: id, by: requester, at: .now,
            detail: ["overlap_seconds": "\(seconds)"])
        return try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                guard try connection.execute(LockWebhook(id: id)).first != nil else {
                    return false
                }
                try connection.execute(ExpireWebhookSecrets(webhook: id, seconds: seconds))
                try connection.execute(InsertWebhookSecret(webhook: id, secret: secret))
                try connection.execute(InsertAuditEntry(entry: entry))
                return true
            }
        }
    }

    package func setPaused(
        _ id: WebhookID, _ isPaused: Bool, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        try act(
            AuditEntry(
                isPaused ? .pauseWebhook : .resumeWebhook, of: id, by: requester, at: .now),
            isPaused
                ? SetWebhookState(id: id, from: [.active], to: .paused)
                : SetWebhookState(id: id, from: [.paused, .disabled], to: .active))
    }

    package func test(
        _ id: WebhookID, by requester: Requester
    ) throws(StoreFailure) -> Int64? {
        let entry = AuditEntry(.testWebhook, of: id, by: requester, at: .now)
        return try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                guard let number = try connection.execute(InsertTestDelivery(webhook: id)).first
                else { return nil }
                try connection.execute(InsertAuditEntry(entry: entry))
                return number
            }
        }
    }

    /// Runs an act with its entry, if it changed something.
    private func act(
        _ entry: AuditEntry, _ statement: some Statement
    ) throws(StoreFailure) -> Bool {
        try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                guard try connection.execute(statement).first != nil else { return false }
                try connection.execute(InsertAuditEntry(entry: entry))
                return true
            }
        }
    }
}

extension WebhookDraft {
    /// For the audit: headers by their names, since their values may be secrets.
    fileprivate var audited: [String: AuditEntry.Value] {
        [
            "url": .text(url), "description": .text(description),
            "events": .words(events.map(\.rawValue)), "final_only": .flag(filter.isFinalOnly),
            "statuses": .words(filter.statuses?.map(\.rawValue) ?? []),
            "providers": .words(filter.providers?.map(\.name) ?? []),
            "countries": .words(filter.countries ?? []),
            "submitters": .words(filter.submitters?.map(\.description) ?? []),
            "send_requests": .words(filter.sendRequests?.map(\.description) ?? []),
            "metadata": .text(filter.metadata), "rate": .text(rate.map { "\($0)" }),
            "concurrency": .text("\(concurrency)"), "headers": .words(headers.keys.sorted()),
            "numbers": .flag(hasNumbers),
        ]
    }
}
