/// The channels of NOTIFY by which processes tell each other that there is something to look at.
package enum Channel: String, Sendable, CaseIterable {
    /// Messages were queued; dispatchers listen.
    case outbox = "waybill_outbox"
    /// Results of sending were recorded; who waits for them listens.
    case sent = "waybill_sent"
}
