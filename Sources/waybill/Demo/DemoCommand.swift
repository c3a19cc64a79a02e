import Foundation
import Security
import System

/// `waybill demo`: the whole system on one machine.
enum DemoCommand {
    static let help = """
        usage: waybill demo [--directory DIR] [--port PORT] [--no-simulator]

        Runs PostgreSQL, nginx, the responder, the dispatcher and a simulator of both providers on
        this machine, reachable on loopback only, with secrets and a certificate of their own. When
        all is ready, writes DIR/demo.json and prints how to call it. Ctrl-C or SIGTERM stops
        everything. What is in DIR stays for the next run, but the simulator forgets.

          --directory DIR  where everything is kept; .waybill-demo unless given
          --port PORT      of HTTPS; 8443 unless given
          --no-simulator   sends through the accounts of INFOBIP_API_KEY with INFOBIP_BASE_URL, and
                           of PLIVO_AUTH_ID with PLIVO_AUTH_TOKEN; without them nothing is sent.
                           Callbacks are authenticated by those accounts' secrets then: Plivo's token, and
                           Infobip's INFOBIP_WEBHOOK_… and INFOBIP_HMAC_… if one is set; APP_BASE_URL
                           is where a tunnel of yours ends
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words, options: ["directory", "port"], flags: ["no-simulator"])
        let port = UInt16(try arguments.integer("port", in: 1...65_535) ?? 8443)
        if arguments.has("no-simulator") { try checkAccounts(.current) }
        let signals = TerminationSignals(endsWithTerminal: true)
        // Whoever read our output may be gone; what we have started must be stopped all the same.
        signal(SIGPIPE, SIG_IGN)
        let directory = try DemoDirectory(arguments.value("directory") ?? ".waybill-demo")
        let lock = try DemoLock(directory.lock)
        defer { lock.release() }
        let postmaster = Postmaster(data: directory.data)
        let stop = StopRequest(signals.wait) { signal in
            ChildProcess.killAll()
            postmaster.kill()
            _exit(128 + signal)
        }
        unlink(directory.demoJSON)
        DemoProcesses.cleanUp(file: directory.processes) { stop.isMade }
        postmaster.stop(within: .seconds(10)) { stop.isMade }
        try stop.check()
        let programs = try DemoPrograms()
        guard LoopbackPort.isFree(port) else {
            throw CommandFailure("port \(port) is in use; choose another with --port")
        }

        let demo = try Demo(
            directory, programs, port: port, simulates: !arguments.has("no-simulator"), stop: stop)
        do {
            try demo.start()
        } catch {
            demo.stop()
            throw error
        }
        Output.line(demo.summary.text(file: directory.demoJSON))
        stop.wait()
        Output.line("waybill demo: stopping")
        demo.stop()
        return 0
    }
}

extension DemoCommand {
    /// The accounts' settings go to the dispatcher as text; what is none must not get lost on the
    /// way.
    static func checkAccounts(_ variables: ProcessEnvironment) throws(ConfigurationError) {
        let problems = variables.faults.sorted { $0.key < $1.key }
            .filter { $0.key.hasPrefix("INFOBIP_") || $0.key.hasPrefix("PLIVO_") }
            .map { "\($0.key): \(Environment.notUTF8($0.value))" }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }
}

/// Keeps two demos out of one folder. The kernel lets go of it when the process ends.
struct DemoLock {
    private let descriptor: Int32

    /// - Throws: `CommandFailure` if another demo holds it.
    init(_ path: String) throws(CommandFailure) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure("cannot open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandFailure(
                "another demo runs in this folder; stop it or choose another with --directory")
        }
    }

    func release() {
        close(descriptor)
    }
}
