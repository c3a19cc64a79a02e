import Demo
import FastCGI
import Providers
import Settings
import System

/// `waybill demo`: the whole system on one machine.
enum DemoCommand {
    static let help = """
        usage: waybill demo [--directory DIR] [--port PORT] [--empty] [--no-simulator]

        Runs PostgreSQL, nginx, the responder, the dispatcher and a simulator of the providers on
        this machine, reachable on loopback only, with secrets and a certificate of their own. When
        all is ready, writes DIR/demo.json and prints how to call it. Ctrl-C or SIGTERM stops
        everything. What is in DIR stays for the next run, but the simulator forgets.

          --directory DIR  where everything is kept; .waybill-demo unless given
          --port PORT      of HTTPS; 8443 unless given
          --empty          sends nothing by itself; without it, a demo that has no message yet sends
                           a few of each kind through the simulator
          --no-simulator   sends through the user's own accounts, whose settings are those of
                           `waybill dispatch`; without any nothing is sent. Callbacks are
                           authenticated by those accounts' secrets then, where they are set;
                           APP_BASE_URL is where a tunnel of yours ends
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words, options: ["directory", "port"], flags: ["empty", "no-simulator"])
        let port = UInt16(try arguments.integer("port", in: 1...65_535) ?? 8443)
        if arguments.has("no-simulator") { try checkAccounts(.current) }
        let signals = TerminationSignals(endsWithTerminal: true)
        let settings = DemoSettings(
            directory: arguments.value("directory") ?? ".waybill-demo", port: port,
            simulates: !arguments.has("no-simulator"), sendsSamples: !arguments.has("empty"),
            site: try Resources.folder("nginx"),
            migrations: try Resources.folder("Migrations"),
            kits: ProviderKits.all.list,
            responderSockets: Listener.Name.allCases.map(\.rawValue),
            environment: ProcessEnvironment.current.texts)
        do throws(DemoError) {
            try DemoRun.run(settings, signals: signals, tell: Output.line)
        } catch {
            throw CommandFailure(error.description, exitStatus: error.exitStatus)
        }
        return 0
    }
}

extension DemoCommand {
    /// The accounts' settings are passed to the dispatcher as text, so values that are not UTF-8
    /// are refused here instead of being dropped.
    static func checkAccounts(_ variables: ProcessEnvironment) throws(ConfigurationError) {
        let problems = variables.faults.sorted { $0.key < $1.key }
            .filter { fault in
                ProviderKits.all.list.contains { fault.key.hasPrefix($0.settingPrefix) }
            }
            .map { SettingProblem($0.key, Environment.notUTF8($0.value)) }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }
}
