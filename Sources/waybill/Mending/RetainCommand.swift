import Foundation
import Postgres
import Settings
import Store
import Telemetry

/// `waybill retain`: makes the archive's partitions and deletes what is past its time, once.
enum RetainCommand {
    static let help = """
        usage: waybill retain

        Makes the archive's partitions of the days to come, and deletes what is past its time: raw callbacks,
        the quarantine, texts, timelines and dead letters after WAYBILL_CALLBACK_RETENTION_DAYS, messages and
        their reports after WAYBILL_LEDGER_RETENTION_DAYS, the audit after WAYBILL_AUDIT_RETENTION_DAYS, and whatever else has an end. Goes on until nothing is left:
        partitions as a whole, the rest in small portions with pauses; no writer waits for it for longer than
        100 ms. waybill serve does the same every ten minutes by itself: this is for a machine where it does
        not run, for systemd's timer, and to have it done now. Connects with DATABASE_URL.

        Prints how many rows were dropped, by step; partitions are not counted. Ctrl-C ends it after its
        portion; it can be repeated.

        Exit status 0 if nothing is left; 1 if a step failed, or it was interrupted: the log says which.
        """

    static func run(_ words: [String]) throws -> Int32 {
        _ = try Arguments(words)
        let interruption = Interruption()
        var environment = Environment()
        let (database, keepDays, ledgerDays, auditDays, inboundDays) = try settings(&environment)
        let pool = ConnectionPool(database, maximumCount: 1)
        defer { pool.close() }
        let maintenance = Maintenance(
            pool, keepDays: keepDays, auditDays: auditDays, ledgerDays: ledgerDays,
            inboundDays: inboundDays, logger: Logger(minimum: .warning),
            isRepeated: false)
        interruption.onWanted { maintenance.stop() }
        let isWhole = maintenance.runOnce()
        for (step, count) in maintenance.dropped.sorted(by: { $0.key < $1.key }) {
            Output.line("\(step)\t\(count)")
        }
        if interruption.isWanted { Output.note("interrupted; repeat this") }
        return isWhole && !interruption.isWanted ? 0 : 1
    }

    /// - Throws: `ConfigurationError` with every problem at once.
    static func settings(
        _ environment: inout Environment
    ) throws(ConfigurationError) -> (
        database: ConnectionSettings, keepDays: Int, ledgerDays: Int?, auditDays: Int,
        inboundDays: Int
    ) {
        let database = environment.database(WaybillSettings.databaseURL)
        let keepDays = environment.integer(WaybillSettings.callbackRetentionDays)
        let ledgerDays = environment.ledgerRetentionDays()
        let auditDays = environment.integer(WaybillSettings.auditRetentionDays)
        let inboundDays = environment.integer(WaybillSettings.inboundRetentionDays)
        guard let database, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        return (database, keepDays, ledgerDays, auditDays, inboundDays)
    }
}
