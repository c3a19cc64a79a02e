import Domain
import Telemetry
import Web

/// The state of webhooks as metrics: one query when they are requested, shared by all requests
/// meanwhile. Unknown values are left out, and `waybill_webhooks_known` is then 0.
enum WebhookGauges {
    /// How long a request for the metrics waits for the database.
    private static let patience: Duration = .milliseconds(80)
    private static let longestAge: Duration = .seconds(60)
    private static let known = "waybill_webhooks_known"
    private static let count = "waybill_webhooks"
    private static let failing = "waybill_webhooks_failing"
    private static let waiting = "waybill_webhook_deliveries_waiting"
    private static let oldest = "waybill_webhook_oldest_due_seconds"

    static func register(_ probe: any WebhookProbe, in metrics: Metrics) {
        let answer = SharedAnswer("webhook-states", .onDemand, every: .zero) {
            () -> WebhookStates? in try? probe.webhookStates()
        }
        let families = [
            MetricFamily(known, "0 if the state of webhooks could not be looked at just now."),
            MetricFamily(count, "Webhooks by their state."),
            MetricFamily(failing, "Active webhooks whose last attempts failed."),
            MetricFamily(waiting, "Events that wait for webhooks, counted up to 10,000."),
            MetricFamily(oldest, "How long the oldest due event has waited."),
        ]
        metrics.group(families) {
            let reading = answer.latest(within: patience)
            guard let states = reading.value ?? nil, let age = reading.age, age < longestAge else {
                return [MetricReading(known, [:], 0)]
            }
            return [
                MetricReading(known, [:], 1),
                MetricReading(count, ["state": "active"], states.active),
                MetricReading(count, ["state": "paused"], states.paused),
                MetricReading(count, ["state": "disabled"], states.disabled),
                MetricReading(failing, [:], states.failing),
                MetricReading(waiting, [:], states.waiting.count),
                MetricReading(oldest, [:], Int(states.oldestDue?.components.seconds ?? 0)),
            ]
        }
    }
}
