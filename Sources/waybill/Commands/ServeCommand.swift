import Foundation
import System
import Telemetry

/// `waybill serve`: the responder.
enum ServeCommand {
    static let help = """
        usage: waybill serve

        Answers FastCGI requests from nginx on three Unix sockets until SIGTERM or SIGINT; a second
        signal ends it at once. On SIGUSR1, ahead of a stop of nginx, it answers all callers who wait
        for a provider (`wait=N`) with what is known, and lets nobody wait from then on.

        Takes systemd's sockets if there are any, and binds callbacks.sock, api.sock and events.sock in
        WAYBILL_SOCKET_DIRECTORY otherwise. Configured by the environment; `waybill check` lists every
        problem of it.

        Exit status 0 after a clean stop, 1 if it failed (the database is behind, a socket cannot be
        opened, not all was answered and committed in time), 78 if the configuration has problems;
        128 and the signal's number after a second signal.
        """

    /// Runs until a signal comes.
    static func run(_ words: [String]) throws -> Int32 {
        _ = try Arguments(words)
        AllocationArenas.raiseLimit()
        // Before any thread starts, so that all of them inherit the mask.
        let signals = TerminationSignals()
        let hurry = HurrySignal()
        let configuration = try Configuration()
        let logger = Logger(minimum: configuration.logLevel)
        let responder = try Responder(configuration, logger: logger)
        hurry.onEach { [logger] in
            logger.log(.info, "nobody is kept waiting any more")
            responder.answerWaiting()
        }
        let manager = ServiceManager()
        manager.notify("READY=1")
        MemoryTrimmer.start()
        manager.feedWatchdog { responder.isLive(within: $0) }
        logger.log(
            .info, "ready", ["version": "\(Version.current)", "pid": .integer(Int64(getpid()))])

        let signal = signals.wait()
        logger.log(.info, "stopping", ["signal": .integer(Int64(signal))])
        manager.notify("STOPPING=1")
        // The last lines say why; but a user who sends a second signal does not want to wait.
        signals.exitOnNext { logger.flush(within: .milliseconds(100)) }
        return responder.drain() ? 0 : 1
    }
}
