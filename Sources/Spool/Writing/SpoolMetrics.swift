package import Telemetry

/// What the spool counts.
package struct SpoolMetrics: Sendable {
    let spooled: Counter
    let refused: Counter
    let failures: Counter
    let sync: Histogram
    let drained: Counter
    let replayFailures: Counter
    let tornTails: Counter
    let damaged: Counter

    /// Registers all of them.
    package init(_ metrics: Metrics) {
        spooled = metrics.counter(
            "waybill_spool_callbacks_total", "Callbacks written to the spool.")
        refused = metrics.counter(
            "waybill_spool_refused_total",
            "Callbacks that the spool could not take: it is full, or its disk fails.")
        failures = metrics.counter(
            "waybill_spool_failures_total", "Failed writes and syncs of the spool's files.")
        sync = metrics.histogram(
            "waybill_spool_sync_seconds", "From writing a group of callbacks to its fdatasync.")
        drained = metrics.counter(
            "waybill_spool_drained_total", "Callbacks moved from the spool to the database.")
        replayFailures = metrics.counter(
            "waybill_spool_drain_failures_total",
            "Portions of the spool that the database did not take at once.")
        tornTails = metrics.counter(
            "waybill_spool_torn_tails_total",
            "Unfinished groups at a file's end, of which no caller was told that they are stored.")
        damaged = metrics.counter(
            "waybill_spool_damaged_total", "Damaged parts of files that were set aside.")
    }
}
