import Domain
private import Synchronization
import System
import Telemetry

/// Writes what attempts came to, many at a time, on a thread of its own; disables webhooks.
final class DeliveryRecorder: Sendable {
    struct Entry: Sendable {
        let webhook: WebhookID
        let result: WebhookResult
        /// Whether the receiver says that it is gone.
        let isGone: Bool
        /// Of the webhook, after this attempt.
        let failingSince: Timestamp?
        let at: Timestamp

        /// Why the webhook is to be disabled; nil if it is not.
        fileprivate func reason(after limit: Duration) -> String? {
            if isGone { return "its receiver answered 410 Gone" }
            guard let failingSince, result.problem != nil, at.since(failingSince) >= limit else {
                return nil
            }
            let days = Int(limit / .seconds(86_400))
            return
                "nothing but failures for \(days > 0 ? "\(days) days" : "\(limit)"); the last one: "
                + (result.problem ?? "")
        }
    }

    let heartbeat = Heartbeat()
    private let queue: any WebhookQueue
    private let disableAfter: Duration
    private let logger: Logger
    private let entries = Mutex<[Entry]>([])
    private let thread = ServiceThread("recorder")

    private static let batch = 500
    private static let rest = Duration.seconds(1)
    private static let roundLimit = Duration.seconds(600)

    init(_ queue: any WebhookQueue, disableAfter: Duration, logger: Logger) {
        self.queue = queue
        self.disableAfter = disableAfter
        self.logger = logger
    }

    /// - Parameters:
    ///   - news: how some webhooks are, where that is to be stored.
    ///   - stored: told of entries that are written.
    ///   - disabled: told of a webhook.
    func start(
        news: @escaping @Sendable (Set<WebhookID>) -> [WebhookID: Webhook.Health],
        stored: @escaping @Sendable ([Entry]) -> Void,
        disabled: @escaping @Sendable (WebhookID) -> Void
    ) {
        thread.startOrAbort { [self] in
            while true {
                heartbeat.beat()
                let entries = take()
                if entries.isEmpty {
                    if thread.isStopping { return }
                    thread.wait(for: .seconds(5))
                    continue
                }
                heartbeat.beat(allowing: Self.roundLimit)
                guard write(entries, news) else {
                    self.entries.withLock { $0.insert(contentsOf: entries, at: 0) }
                    if !thread.pause(for: Self.rest) { return giveUp() }
                    continue
                }
                stored(entries)
                disable(entries, disabled)
            }
        }
    }

    func add(_ entry: Entry) {
        entries.withLock { $0.append(entry) }
        thread.wake()
    }

    /// Writes what is there and ends.
    ///
    /// - Returns: whether all was written in time.
    func stop(within limit: Duration) -> Bool {
        thread.stop()
        return thread.join(until: .now + limit) && entries.withLock { $0.isEmpty }
    }

    private func take() -> [Entry] {
        entries.withLock { entries in
            let portion = Array(entries.prefix(Self.batch))
            entries.removeFirst(portion.count)
            return portion
        }
    }

    private func giveUp() {
        let count = entries.withLock { $0.count }
        logger.log(
            .error, "the database is away; results of deliveries are lost and sent again",
            ["results": .integer(Int64(count))])
    }

    private func write(
        _ entries: [Entry], _ news: (Set<WebhookID>) -> [WebhookID: Webhook.Health]
    ) -> Bool {
        do throws(StoreFailure) {
            try queue.record(entries.map(\.result), health: news(Set(entries.map(\.webhook))))
            return true
        } catch {
            return false
        }
    }

    private func disable(_ entries: [Entry], _ disabled: (WebhookID) -> Void) {
        var reasons: [WebhookID: String] = [:]
        for entry in entries { reasons[entry.webhook] = entry.reason(after: disableAfter) }
        for (webhook, reason) in reasons {
            // A failure is met again at the next attempt.
            guard (try? queue.disable(webhook, reason: reason)) == true else { continue }
            disabled(webhook)
            logger.log(
                .error, "a webhook is disabled; what happens waits until somebody resumes it",
                ["webhook": "\(webhook)", "reason": "\(reason)"])
        }
    }
}
