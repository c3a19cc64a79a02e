import Domain
import Telemetry
import Web

/// The state of sending as metrics: one query when they are requested, shared by all requests
/// meanwhile. If the database is only slow, they show its last answer for up to a minute.
///
/// Unknown values are left out, as Prometheus recommends, and `waybill_sending_known` is then 0.
enum SendingGauges {
    private static let values: [(name: String, help: String, value: Value)] = [
        (
            "waybill_sending_running",
            "1 if a dispatcher serves the provider and it is not stopped.",
            { $0.presence.stop == nil && $0.presence.isServed(at: $1) ? 1 : 0 }
        ),
        (
            "waybill_sending_stopped", "1 if the provider's sending was stopped.",
            { state, _ in state.presence.stop == nil ? 0 : 1 }
        ),
        ("waybill_sending_queued", "Messages that wait to be sent.", { state, _ in state.ready }),
        ("waybill_sending_leased", "Messages in a request now.", { state, _ in state.leased }),
        (
            "waybill_sending_unsure", "Messages that the provider may have and is asked about.",
            { state, _ in state.unsure }
        ),
        (
            "waybill_sending_awaiting_report", "Messages at the provider without a final status.",
            { state, _ in state.awaitingReport }
        ),
        (
            "waybill_sending_oldest_due_seconds", "How long the oldest due message has waited.",
            { state, now in
                state.oldestDueAt.map { Int(max(0, now.since($0).components.seconds)) } ?? 0
            }
        ),
        (
            "waybill_sending_requests_total", "HTTP requests that sent messages.",
            { state, _ in state.counts.requests }
        ),
        (
            "waybill_sending_accepted_total", "Messages that the provider took.",
            { state, _ in state.counts.accepted }
        ),
        (
            "waybill_sending_refused_total", "Messages that the provider refused.",
            { state, _ in state.counts.refused }
        ),
        (
            "waybill_sending_deferred_total", "Attempts to be repeated.",
            { state, _ in state.counts.deferred }
        ),
        (
            "waybill_sending_unanswered_total", "Attempts of unknown outcome.",
            { state, _ in state.counts.unanswered }
        ),
        (
            "waybill_sending_dead_letters_total", "Messages that were given up.",
            { state, _ in state.counts.deadLetters }
        ),
        (
            "waybill_sending_look_ups_total", "Status queries to the provider about messages.",
            { state, _ in state.counts.lookUps }
        ),
        (
            "waybill_sending_recovered_total",
            "Messages whose final status no callback told and a status query did.",
            { state, _ in state.counts.recovered }
        ),
        (
            "waybill_sending_put_back_total",
            "Messages that were leased too slowly to be sent, and put back.",
            { state, _ in state.counts.putBack }
        ),
    ]

    private typealias Value = @Sendable (SendingState, Timestamp) -> Int

    /// How long a request for the metrics waits for the database.
    private static let patience: Duration = .milliseconds(80)
    private static let longestAge: Duration = .seconds(60)
    private static let known = "waybill_sending_known"

    static func register(_ probe: any SendingProbe, in metrics: Metrics) {
        let failures = metrics.counter(
            "waybill_sending_look_failures_total",
            "Looks at the state of sending that failed, for these metrics.")
        let answer = SharedAnswer("sending-states", .onDemand, every: .zero) {
            () -> [SendingState]? in
            let states = try? probe.sendingStates()
            if states == nil { failures.add() }
            return states
        }
        let families =
            [MetricFamily(known, "0 if the state of sending could not be looked at just now.")]
            + values.map { MetricFamily($0.name, $0.help) }
        metrics.group(families) {
            let reading = answer.latest(within: patience)
            guard let states = reading.value ?? nil, let age = reading.age, age < longestAge else {
                return [MetricReading(known, [:], 0)]
            }
            let now = Timestamp.now
            return [MetricReading(known, [:], 1)]
                + values.flatMap { name, _, value in
                    states.map { state in
                        MetricReading(
                            name, ["provider": state.provider.name], value(state, now))
                    }
                }
        }
    }

    /// How many requests wait for an answer.
    static func register(_ watch: SendWatch, in metrics: Metrics) {
        metrics.gauge("waybill_send_waiting", "Send requests that wait for a provider's answer.") {
            Double(watch.waiting)
        }
    }
}
