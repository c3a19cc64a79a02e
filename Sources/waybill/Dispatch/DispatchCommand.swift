import Foundation
import System
import Telemetry

/// `waybill dispatch`: the sender.
enum DispatchCommand {
    static let help = """
        usage: waybill dispatch

        Sends queued messages through the providers that have credentials, and asks them for the final status
        of messages that nobody reports on, until SIGTERM or SIGINT; a second signal ends it at once.
        Any number may run. Configured by the environment; `waybill check` lists every problem of it:

          INFOBIP_API_KEY, INFOBIP_BASE_URL         send through Infobip
          INFOBIP_API_VERSION                       v3 (default) or v2
          PLIVO_AUTH_ID, PLIVO_AUTH_TOKEN           send through Plivo; the first token of a list
          PLIVO_BASE_URL                            https://api.plivo.com
          PLIVO_SENDER, PLIVO_POWERPACK_UUID        of messages that name no sender
          PLIVO_SETTLE_SECONDS                      until an unlisted message counts as not taken: 600
          APP_BASE_URL                              where the providers report
          INFOBIP_WEBHOOK_URL_SECRET                goes with Infobip's callbacks as their token
          INFOBIP_RATE, PLIVO_RATE                  messages a second: none, 50
          INFOBIP_CONCURRENCY, PLIVO_CONCURRENCY    requests at the same time: 4, 8
          INFOBIP_BATCH_LIMIT, PLIVO_BATCH_LIMIT    messages a request: 500, 100
          WAYBILL_SEND_TIMEOUT_SECONDS              of one request: 30
          WAYBILL_SEND_MAX_ATTEMPTS                 until a message is given up: 10
          WAYBILL_FAILOVER                          whether providers take over from each other: true
          WAYBILL_SLOW_SECONDS                      what counts as too slow: 10
          WAYBILL_RECONCILE_SECONDS                 when a message's final status is asked for, a list

        Exit status 0 after a clean stop, 1 if it failed (the database is behind, not all was
        recorded in time), 78 if the configuration has problems; 128 and the signal's number after a
        second signal.
        """

    /// Runs until a signal comes.
    static func run(_ words: [String]) throws -> Int32 {
        _ = try Arguments(words)
        // Before any thread is made, so that all of them inherit the mask.
        let signals = TerminationSignals()
        let configuration = try SendingConfiguration()
        let logger = Logger(minimum: configuration.logLevel)
        let service = try DispatchService(configuration, logger: logger)
        let manager = ServiceManager()
        manager.notify("READY=1")
        manager.feedWatchdog { _ in service.isLive() }
        logger.log(
            .info, "ready", ["version": "\(Version.current)", "pid": .integer(Int64(getpid()))])

        let signal = signals.wait()
        logger.log(.info, "stopping", ["signal": .integer(Int64(signal))])
        manager.notify("STOPPING=1")
        signals.exitOnNext { logger.flush(within: .milliseconds(100)) }
        return service.drain() ? 0 : 1
    }
}
