package import Domain

/// How a deliverer works.
package struct DelivererSettings: Sendable {
    /// Of one attempt, from the connection to the proxy to the answer.
    package var timeout = Duration.seconds(15)
    package var rules = EgressRules()
    package var schedule = RetrySchedule.usual
    /// After so long with nothing but failures a webhook is disabled.
    package var disableAfter = Duration.seconds(5 * 86_400)
    /// Deliveries of all webhooks that may be here at the same time.
    package var heldLimit = 20_000
    /// Attempts of all webhooks at the same time: each takes a descriptor.
    package var inFlightLimit = 16_000
    package var userAgent: String

    package init(userAgent: String) { self.userAgent = userAgent }
}
