/// How webhooks are, all together.
package struct WebhookStates: Sendable, Equatable {
    package let active: Int
    package let paused: Int
    package let disabled: Int
    /// Active ones whose last attempts failed.
    package let failing: Int
    /// Deliveries that wait, also for paused and disabled ones.
    package let waiting: BoundedCount
    /// How long the first due delivery of an active webhook has waited; nil without one.
    package let oldestDue: Duration?

    package init(
        active: Int, paused: Int, disabled: Int, failing: Int, waiting: BoundedCount,
        oldestDue: Duration?
    ) {
        self.active = active
        self.paused = paused
        self.disabled = disabled
        self.failing = failing
        self.waiting = waiting
        self.oldestDue = oldestDue
    }
}

/// Gives the state of webhooks; blocks for a round trip.
package protocol WebhookProbe: Sendable {
    func webhookStates() throws(StoreFailure) -> WebhookStates
}
