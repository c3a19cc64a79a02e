import Foundation
package import System

/// One run of the demo, from its lock to its stop.
package enum DemoRun {
    /// Starts everything, and stops it when a signal comes. A second signal kills everything at once
    /// and ends the process.
    ///
    /// - Parameters:
    ///   - settings: what to run.
    ///   - signals: which ask it to stop; blocked before any thread was made.
    ///   - tell: takes lines for the user. Any thread.
    /// - Throws: `DemoError` with what could not be started; nothing runs any more then. After a
    ///   signal during the start, its exit status is that of the signal.
    package static func run(
        _ settings: DemoSettings, signals: TerminationSignals,
        tell: @escaping @Sendable (String) -> Void
    ) throws(DemoError) {
        let note: @Sendable (String) -> Void = { tell("waybill demo: \($0)") }
        // The reader of our output may have ended; our children must still be stopped.
        signal(SIGPIPE, SIG_IGN)
        let directory = try DemoDirectory(settings.directory)
        let lock = try DemoLock(directory.lock)
        defer { lock.release() }
        let postmaster = Postmaster(data: directory.data)
        let stop = StopRequest { signal in
            DemoChild.killAll()
            postmaster.kill()
            _exit(128 + signal)
        }
        let listener = signals.onEach("stop-request", stop.take)
        defer { listener.stop() }
        unlink(directory.demoJSON)
        DemoProcesses.cleanUp(file: directory.processes, tell: note) { stop.isMade }
        postmaster.stop(within: .seconds(10)) { stop.isMade }
        try stop.check()
        let programs = try DemoPrograms()
        guard LoopbackPort.isFree(settings.port) else {
            throw DemoError("port \(settings.port) is in use; choose another with --port")
        }

        let demo = try DemoSystem(settings, directory, programs, stop: stop, tell: note)
        do throws(DemoError) {
            try demo.start()
        } catch {
            demo.stop()
            throw error
        }
        tell(demo.summary.text(file: directory.demoJSON))
        stop.wait()
        note("stopping")
        demo.stop()
    }
}
