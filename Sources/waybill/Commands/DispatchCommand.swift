import Foundation
import System
import Telemetry

/// `waybill dispatch`: the dispatcher.
enum DispatchCommand {
    static let help = """
        usage: waybill dispatch

        Sends queued messages through the providers that have credentials, and asks them for the final status
        of messages that nobody reports on, until SIGTERM or SIGINT; a second signal ends it at once.
        Any number may run. Configured by the environment; `waybill check` lists every problem of it.

        Exit status 0 after a clean stop, 1 if it failed (the database is behind, not all was
        recorded in time), 78 if the configuration has problems; 128 and the signal's number after a
        second signal.
        """

    /// Runs until a signal comes.
    static func run(_ words: [String]) throws -> Int32 {
        _ = try Arguments(words)
        // Before any thread starts, so that all of them inherit the mask.
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
