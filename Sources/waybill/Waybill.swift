import Foundation
import Settings
import Telemetry

/// The command line: finds the command, and turns errors into one line and an exit status.
@main
struct Waybill {
    private typealias Run = @Sendable ([String]) throws -> Int32

    private static let commands: [(name: String, help: String, run: Run)] = [
        ("serve", ServeCommand.help, ServeCommand.run),
        ("dispatch", DispatchCommand.help, DispatchCommand.run),
        ("deliver", DeliverCommand.help, DeliverCommand.run),
        ("migrate", MigrateCommand.help, MigrateCommand.run),
        ("check", CheckCommand.help, CheckCommand.run),
        ("settings", SettingsCommand.help, SettingsCommand.run),
        ("key", KeyCommand.help, KeyCommand.run),
        ("user", UserCommand.help, UserCommand.run),
        ("webhook", WebhookCommand.help, WebhookCommand.run),
        ("send", SendCommand.help, SendCommand.run),
        ("message", MessageCommand.help, MessageCommand.run),
        ("opt-out", OptOutCommand.help, OptOutCommand.run),
        ("dead-letters", DeadLettersCommand.help, DeadLettersCommand.run),
        ("quarantine", QuarantineCommand.help, QuarantineCommand.run),
        ("replay", ReplayCommand.help, ReplayCommand.run),
        ("rebuild", RebuildCommand.help, RebuildCommand.run),
        ("verify", VerifyCommand.help, VerifyCommand.run),
        ("erase", EraseCommand.help, EraseCommand.run),
        ("retain", RetainCommand.help, RetainCommand.run),
        ("spool", SpoolCommand.help, SpoolCommand.run),
        ("probe", ProbeCommand.help, ProbeCommand.run),
        ("simulate", SimulateCommand.help, SimulateCommand.run),
        ("demo", DemoCommand.help, DemoCommand.run),
    ]

    private static let helpOptions: Set = ["--help", "-h"]

    private static let help = """
        usage: waybill COMMAND [ARGUMENTS]

          serve         answer nginx's FastCGI requests
          dispatch      send queued messages through the providers
          deliver       send events to webhooks
          migrate       bring the database's schema up to date
          check         list every problem of the configuration
          settings      list all settings with their meanings and defaults
          key           create, list, rotate and revoke API keys
          user          create, list, change, reset and import the accounts of people
          webhook       create, list, change, test and delete webhooks, and send events again
          send          queue a message for one or more recipients
          message       show a message's status and what happened to it
          opt-out       list, add, lift, import and export who must get no messages
          dead-letters  list the messages that were given up, and send them again
          quarantine    list, show, replay and delete what could not be read or stored
          replay        read archived callbacks again
          rebuild       work statuses and counts out again from the ledger
          verify        check that nothing acknowledged is lost, and every count is right
          retain        delete what is past its time, now
          erase         erase all that is kept of one number
          spool         list, verify and drain the callbacks on the disk
          probe         post a signed callback to a deployment and read it back
          simulate      play the providers, to try everything without an account
          demo          run the whole system on this machine

        waybill COMMAND --help tells more of a command; waybill --version tells the version.
        """

    static func main() {
        let status: Int32
        do throws(CommandFailure) {
            status = run(try CommandLineText.words())
        } catch {
            status = fail("\(error); see waybill --help", 64)
        }
        Logger.flush(within: .seconds(1))
        exit(status)
    }

    private static func run(_ words: [String]) -> Int32 {
        guard let name = words.first else {
            return fail("a command is missing; see waybill --help", 64)
        }
        if Self.helpOptions.contains(name) || name == "help" {
            Output.line(help)
            return 0
        }
        if name == "--version" {
            Output.line("waybill \(Version.current)")
            return 0
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            return fail("there is no command \"\(name)\"; see waybill --help", 64)
        }
        let rest = Array(words.dropFirst())
        if rest.contains(where: Self.helpOptions.contains) {
            Output.line(command.help + settingsHelp(for: name))
            return 0
        }
        do {
            return try command.run(rest)
        } catch let error as CommandFailure where error.code == .usage {
            return fail("\(name): \(error); see waybill \(name) --help", error.exitStatus)
        } catch let error as ConfigurationError {
            return fail("\(error)", 78)
        } catch let error as CommandFailure {
            return fail("\(name): \(error)", error.exitStatus)
        } catch {
            return fail("\(name): \(error)", 1)
        }
    }

    /// The settings that a command reads, as a part of its help; empty if it reads none.
    private static func settingsHelp(for command: String) -> String {
        let readers: [Setting.Reader]
        if command == "check" {
            readers = [.serve, .dispatch]
        } else if command == "spool" {
            readers = [.serve]
        } else if let reader = Setting.Reader(rawValue: command) {
            readers = [reader]
        } else {
            return ""
        }
        return
            "\n\nSettings, from the environment; NAME_FILE may name a file that holds NAME's value:\n\n"
            + WaybillSettings.table.help(for: readers)
    }

    private static func fail(_ message: String, _ status: Int32) -> Int32 {
        // Log lines come before the error.
        Logger.flush(within: .seconds(1))
        FileHandle.standardError.write(Data("waybill: \(message)\n".utf8))
        return status
    }
}
