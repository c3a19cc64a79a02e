import Domain
import FastCGI
import HTTPClient
import Foundation
import Providers
import Security
import Settings
import Simulator
import System
import Telemetry

/// `waybill simulate`: both providers, without an account.
enum SimulateCommand {
    static let help = """
        usage: waybill simulate [--socket-directory DIR] [--relay URL]
                                [--infobip-callback-url URL] [--plivo-inbound-url URL]
                                [--SETTING VALUE ...]

        Plays Infobip's and Plivo's HTTP APIs as a FastCGI application behind nginx: takes messages,
        answers as they do, and calls back, Plivo with its signature. `waybill demo` starts it. All is
        in memory, the last million messages. Runs until SIGTERM or SIGINT.

          --socket-directory DIR      where simulator.sock is bound, unless systemd hands it over;
                                      WAYBILL_SOCKET_DIRECTORY or /run/waybill unless given
          --relay URL                 callbacks to https://localhost and https://127.0.0.1 are
                                      posted to URL/HOST:PORT/PATH, where an nginx of yours speaks
                                      TLS with a certificate that no system knows
          --infobip-callback-url URL  the account's subscription: for reports of messages that name
                                      no URL of their own, and for what people send
          --plivo-inbound-url URL     where Plivo posts what people send

        What it plays:
          POST /sms/3/messages, /sms/2/text/advanced        Infobip, by INFOBIP_API_KEY
          GET  /sms/3/logs, /sms/1/logs                     the last 48 hours, again and again
          GET  /sms/3/reports, /sms/1/reports               each report once
          POST /v1/Account/{auth_id}/Message/               Plivo, by PLIVO_AUTH_ID and
          GET  /v1/Account/{auth_id}/Message/[{uuid}/]      PLIVO_AUTH_TOKEN
          GET  /simulator/stats, /simulator/messages?id=…   what came: counts and records, also by
                                                            recipient=…; limit=… for the newest
          DELETE /simulator/messages                        forgets all of it
          POST /simulator/inbound                           lets people write, or a provider tell of
                                                            something: provider, type (sms, mms, stop,
                                                            start, help, block, unblock, click, seen,
                                                            unknown), from, to, text, id, url, count,
                                                            copies, delay_ms, age_ms, lost, by_get
          GET  /simulator/inbound                           what came of it
          GET, POST /simulator/settings                     the settings below, as JSON

        A credential that is not set is accepted whatever it is. Infobip's callbacks to the
        subscription's URL have INFOBIP_WEBHOOK_USER with INFOBIP_WEBHOOK_PASSWORD, and the HMAC of
        INFOBIP_HMAC_SECRET; those to a URL that came with a message have neither, as in reality.

        Settings, with their values at the start (in JSON with _ for each -):
        \(indented(SimulatorSettings.tableText(prefix: "--")))

        What a message meets is the setting behavior, unless its recipient ends like this:
        \(indented(Behavior.tableText))

        Alone, it needs an nginx with a part like this:
          server {
              listen 127.0.0.1:8081;
              client_max_body_size 32m;
              location / {
                  include fastcgi_params;
                  fastcgi_pass unix:/run/waybill/simulator.sock;
                  fastcgi_read_timeout 700s;
              }
              location = /simulator-close { internal; return 444; }
          }
        and whoever sends through it INFOBIP_BASE_URL and PLIVO_BASE_URL, http://127.0.0.1:8081.

        Exit status 0 after a signal, 1 if the socket cannot be opened, 64 for a wrong setting, 78 if
        the configuration has problems.
        """

    /// Runs until a signal comes.
    static func run(_ words: [String]) throws -> Int32 {
        let names = SimulatorSettings.names.map { $0.replacing("_", with: "-") }
        let arguments = try Arguments(
            words,
            options: Set(names).union([
                "socket-directory", "relay", "infobip-callback-url", "plivo-inbound-url",
            ]))
        var settings = SimulatorSettings()
        for name in names {
            guard let value = arguments.value(name) else { continue }
            if let problem = settings.set(name.replacing("-", with: "_"), to: value) {
                // Only the option's name is spelt differently here.
                let setting = name.replacing("-", with: "_")
                throw CommandFailure(
                    .usage, "--\(problem.replacing(setting, with: name, maxReplacements: 1))")
            }
        }
        // Before any thread starts, so that all of them inherit the mask.
        let signals = TerminationSignals()
        var environment = Environment()
        var (infobip, plivo, socketDirectory, logLevel) = configuration(&environment)
        guard environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        infobip.callbackURL = arguments.value("infobip-callback-url")
        plivo.inboundURL = arguments.value("plivo-inbound-url")
        let directory = arguments.value("socket-directory") ?? socketDirectory
        let logger = Logger(minimum: logLevel)

        var http = URLSessionTransport.Settings(userAgent: "waybill-simulator/\(Version.current)")
        http.connectionsPerHost = settings.callback_concurrency
        let simulator = Simulator(
            settings, accounts: [.infobip(infobip), .plivo(plivo)],
            relay: arguments.value("relay"), transport: URLSessionTransport(http))
        let server = try start(simulator, directory, logger)
        ServiceManager().notify("READY=1")
        MemoryTrimmer.start()
        logger.log(
            .info, "simulating",
            ["version": "\(Version.current)", "pid": .integer(Int64(getpid()))])
        let signal = signals.wait()
        logger.log(.info, "stopping", ["signal": .integer(Int64(signal))])
        signals.exitOnNext { logger.flush(within: .milliseconds(100)) }
        server.stopAccepting()
        simulator.stop()
        // Answers that are late on purpose are not waited for.
        _ = server.drain(deadline: .now + .seconds(1))
        return 0
    }

    /// Notes what is wrong with the settings.
    static func configuration(
        _ environment: inout Environment
    ) -> (
        infobip: InfobipAccount, plivo: PlivoAccount, socketDirectory: String,
        logLevel: Logger.Level
    ) {
        (
            InfobipAccount(&environment), PlivoAccount(&environment),
            environment.socketDirectory(), environment.choice(WaybillSettings.logLevel)
        )
    }

    private static func start(
        _ simulator: Simulator, _ directory: String, _ logger: Logger
    ) throws(CommandFailure) -> Server {
        // Thousands of answers may be late at once, and each is an open connection.
        let limits = Listener.Limits(
            workers: 4, maxConnections: 8_192, maxInFlight: 8_192,
            ioTimeout: .seconds(30), bodyBytes: 32 << 20)
        do {
            let inherited = try InheritedSockets(
                environment: ProcessInfo.processInfo.environment, processID: getpid())
            let source =
                inherited.descriptors["simulator"].map { Listener.Source.inherited($0) }
                ?? .path("\(directory)/simulator.sock")
            return try Server.start(
                Listener(.api, on: source, limits: limits, threadName: "simulator"),
                handler: simulator,
                onIncident: { incident in
                    logger.log(
                        .warning, "FastCGI incident", limitKey: "\(incident)",
                        ["incident": "\(incident)"])
                })
        } catch {
            throw CommandFailure("cannot listen: \(error)")
        }
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }
}

extension InfobipAccount {
    /// Notes what is wrong with the settings.
    fileprivate init(_ environment: inout Environment) {
        self.init()
        key = environment.text(InfobipSettings.apiKey).flatMap { Secret($0) }
        let algorithm: HMACKey.Algorithm = environment.choice(InfobipSettings.hmacAlgorithm)
        let secret = environment.secrets(InfobipSettings.hmacSecret).first.flatMap { Secret($0) }
        hmac = secret.flatMap { try? HMACKey($0, algorithm: algorithm) }
        if let header = environment.text(InfobipSettings.hmacHeader) { hmacHeader = header }
        let passwords = environment.secrets(InfobipSettings.webhookPassword)
        if let user = environment.list(InfobipSettings.webhookUser).first,
            let password = passwords.first.flatMap({ Secret($0) })
        {
            basic = (user, password)
        }
    }
}

extension PlivoAccount {
    /// Notes what is wrong with the settings.
    fileprivate init(_ environment: inout Environment) {
        self.init()
        id = environment.text(PlivoSettings.authID)
        token = environment.secrets(PlivoSettings.authToken).first.flatMap { Secret($0) }
    }
}
