import Foundation
import System
import Telemetry

/// `waybill deliver`: the deliverer of webhooks.
enum DeliverCommand {
    static let help = """
        usage: waybill deliver

        Sends what is queued for webhooks, through the nginx of nginx/egress.conf, until SIGTERM or
        SIGINT; a second signal ends it at once. Any number may run: each webhook is one's at a time, and
        another one's as soon as that one ends.

        Exit status 0 after a clean stop, 1 if it failed (the database is behind, not all was
        recorded in time), 78 if the configuration has problems; 128 and the signal's number after a
        second signal.
        """

    /// Runs until a signal comes.
    static func run(_ words: [String]) throws -> Int32 {
        _ = try Arguments(words)
        // Before any thread starts, so that all of them inherit the mask.
        let signals = TerminationSignals()
        // Rows name providers by their codes.
        _ = ProviderKits.all
        let configuration = try DeliveryConfiguration()
        let logger = Logger(minimum: configuration.logLevel)
        let service = try DeliveryService(configuration, logger: logger)
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
