import Domain
import Foundation
import Providers
import Security
import Synchronization

/// The demo's parts, started and stopped in order.
final class DemoSystem: Sendable {
    private struct Parts {
        var children: [String: Supervisor] = [:]
        var sockets: [DemoSockets] = []

        func pid(_ name: String) -> pid_t? { children[name].map { $0.pid ?? 0 } }
    }

    /// The children's names in the order in which they are stopped: clients before servers.
    ///
    /// The dispatcher stops first, while the responder and the providers still answer, so that its
    /// current requests are recorded and the next run need not check them. The responder answers
    /// requests that wait for a provider before nginx stops, because nginx would wait for less time
    /// than they do.
    static let stopOrder = [
        "dispatch", "deliver", "egress", "nginx", "simulator", "responder", "postgres",
    ]

    private let directory: DemoDirectory
    private let programs: DemoPrograms
    private let secrets: DemoSecrets
    private let settings: DemoSettings
    private let stopRequest: StopRequest
    private let tell: @Sendable (String) -> Void
    private let parts = Mutex(Parts())
    /// Whether `demo.json` exists and must be updated with the pids.
    private let isReady = Mutex(false)

    /// - Parameters:
    ///   - settings: what to run.
    ///   - directory: where everything is kept.
    ///   - programs: PostgreSQL, nginx and openssl.
    ///   - stop: ends the start.
    ///   - tell: takes a line for the user. Any thread.
    /// - Throws: `DemoError` if the secrets are damaged or cannot be kept.
    init(
        _ settings: DemoSettings, _ directory: DemoDirectory, _ programs: DemoPrograms,
        stop: StopRequest, tell: @escaping @Sendable (String) -> Void
    ) throws(DemoError) {
        self.settings = settings
        self.directory = directory
        self.programs = programs
        self.tell = tell
        stopRequest = stop
        let port = settings.port
        var secrets = try DemoSecrets.load(from: directory.secrets, for: settings.kits)
        let taken = [\DemoSecrets.databasePort, \.simulatorPort].filter {
            secrets[keyPath: $0] == port || !LoopbackPort.isFree(secrets[keyPath: $0])
        }
        for path in taken { secrets[keyPath: path] = try LoopbackPort.free() }
        if !taken.isEmpty { try secrets.save(to: directory.secrets) }
        self.secrets = secrets
    }

    private var cluster: DemoCluster { DemoCluster(directory, programs, secrets) }
    private var authority: String { directory.tls + "/ca.pem" }
    private var port: UInt16 { settings.port }
    private var simulates: Bool { settings.simulates }
    private var url: String { "https://127.0.0.1:\(port)" }

    /// Starts everything; returns when it answers.
    ///
    /// Steps that do not need PostgreSQL run at the same time.
    ///
    /// - Throws: `DemoError`, that of a stop, too; call `stop` then.
    func start() throws(DemoError) {
        let certificate = try DemoCertificate(
            in: directory, openssl: programs.openssl, stop: stopRequest)
        tell("starting PostgreSQL")
        try cluster.initialize(run: runTool)
        let postmaster = cluster.postmaster
        try supervise(cluster.server, successor: { postmaster.successor })
        let nginx = DemoNginx(directory, programs)
        if simulates { try startSimulator(nginx) }
        let sockets = try DemoSockets(
            settings.responderSockets, in: directory.nginx, for: nginx.workerUser)
        parts.withLock { $0.sockets.append(sockets) }
        try nginx.configure(
            site: settings.site, port: port,
            simulatorPort: simulates ? secrets.simulatorPort : nil, certificate: certificate,
            origins: settings.environment["WAYBILL_CORS_ORIGINS"] ?? "")
        try cluster.waitUntilReady(stopRequest)
        try cluster.prepare(
            migrations: settings.migrations, registering: settings.kits.map(\.provider))
        guard let token = APIToken(secrets.apiKey) else {
            throw DemoError("\(directory.secrets) is damaged; remove the folder")
        }
        try stopRequest.check()
        try cluster.storeKey(hash: token.digest.bytes)
        try cluster.storeUser()

        tell("starting the responder")
        let readiness = try ReadinessSocket(directory.nginx + "/notify.sock")
        let responder = try supervise(
            children.responder(sockets, notify: readiness.path),
            // It was stopped on purpose: callers are refused at once instead of waiting.
            onEnd: { [weak sockets] in sockets?.refuse() })
        if let dispatch = children.dispatch { try supervise(dispatch) }
        try startDelivery()
        tell("starting nginx")
        try supervise(nginx.server)
        let isUp = readiness.wait(until: .now + .seconds(30)) { [stopRequest] in
            responder.hasGivenUp || stopRequest.isMade
        }
        try stopRequest.check()
        guard isUp else {
            throw DemoError(
                "the responder does not start; see \(directory.logs)/responder.log")
        }
        try waitForNginx()
        queueSamples()
        isReady.withLock { $0 = true }
        try summary.write(to: directory.demoJSON)
    }

    /// So that nobody meets an empty page. A demo without them works all the same.
    private func queueSamples() {
        guard settings.sendsSamples else { return }
        let providers = settings.kits.filter { $0.demo?.simulator != nil }.map(\.provider)
        do throws(DemoError) {
            let count = try cluster.queue(samplesFor: providers)
            if count > 0 {
                tell("sending \(count) messages through the simulator; --empty sends none")
            }
        } catch {
            tell("\(error)")
        }
    }

    /// The simulator needs no readiness of its own: its socket listens already.
    private func startSimulator(_ nginx: DemoNginx) throws(DemoError) {
        let sockets = try DemoSockets(
            ["simulator"], in: directory.nginx, for: nginx.workerUser)
        parts.withLock { $0.sockets.append(sockets) }
        try supervise(
            children.simulator(sockets), onEnd: { [weak sockets] in sockets?.refuse() })
    }

    private func startDelivery() throws(DemoError) {
        let egress = DemoEgress(directory)
        try egress.configure(site: settings.site)
        // Killed, nginx leaves its socket, over which it does not bind again.
        try supervise(egress.server(programs), onEnd: { unlink(egress.socket) })
        try supervise(children.deliver)
    }

    /// Stops everything in the order that loses nothing.
    func stop() {
        isReady.withLock { $0 = false }
        unlink(directory.demoJSON)
        let parts = parts.withLock { $0 }
        for name in Self.stopOrder {
            let (signal, deadline): (Int32, Duration) =
                switch name {
                case "nginx", "egress": (SIGQUIT, .seconds(8))
                case "simulator": (SIGTERM, .seconds(5))
                case "dispatch", "deliver": (SIGTERM, .seconds(20))
                case "postgres": (SIGINT, .seconds(30))
                default: (SIGTERM, .seconds(30))
                }
            if name == "postgres" { for sockets in parts.sockets { sockets.remove() } }
            if name == "nginx" { parts.children["responder"]?.tell(SIGUSR1) }
            parts.children[name]?.stop(signal, deadline: deadline)
        }
        // The user may have restarted the server, which is then not our child.
        cluster.postmaster.stop(within: .seconds(30))
        // A child restarted just before the stop may have written it again.
        unlink(directory.demoJSON)
        unlink(directory.processes)
    }

    private var children: DemoChildren {
        DemoChildren(
            directory: directory, secrets: secrets, databaseURL: cluster.responderURL,
            dispatchDatabaseURL: cluster.dispatcherURL,
            deliverDatabaseURL: cluster.delivererURL, url: url, port: port, simulates: simulates,
            kits: settings.kits,
            inherited: settings.environment)
    }

    /// The providers whose callbacks are signed with the demo's own secrets.
    private var callers: [DemoSummary.Caller] {
        let place = DemoPlace(
            url: url, authority: authority, simulates: simulates, secrets: secrets.providers)
        return settings.kits
            .filter { kit in kit.demo.map { !children.acceptsAccount($0) } ?? false }
            .compactMap { DemoSummary.Caller($0, place) }
    }

    var summary: DemoSummary {
        let parts = parts.withLock { $0 }
        return DemoSummary(
            url: url, ca: authority, database_url: cluster.responderURL,
            admin_database_url: cluster.superuserURL, api_key: secrets.apiKey,
            user: .init(email: DemoCluster.userEmail, password: secrets.userPassword),
            callers: callers,
            simulator_url: simulates ? children.simulatorURL : nil,
            pids: .init(
                nginx: parts.pid("nginx") ?? 0, responder: parts.pid("responder") ?? 0,
                postgres: parts.pid("postgres") ?? 0, dispatch: parts.pid("dispatch"),
                simulator: parts.pid("simulator"), deliver: parts.pid("deliver"),
                egress: parts.pid("egress")))
    }

    /// Runs a program to its end; it is recorded, so that the next run can end it if we are killed.
    private func runTool(_ plan: DemoChild.Plan) throws(DemoError) {
        defer { noteProcesses(adding: nil) }
        try stopRequest.run(plan) { pid in
            noteProcesses(adding: DemoProcesses.Entry(name: plan.name, pid: pid))
        }
    }

    @discardableResult
    private func supervise(
        _ plan: DemoChild.Plan,
        successor: (@Sendable () -> Supervisor.Successor)? = nil,
        onEnd: @escaping @Sendable () -> Void = {}
    ) throws(DemoError) -> Supervisor {
        try stopRequest.check()
        let supervisor = try Supervisor(plan, successor: successor, tell: tell) { [weak self] pid in
            if pid == nil { onEnd() }
            self?.pidsChanged()
        }
        parts.withLock { $0.children[plan.name] = supervisor }
        noteProcesses(adding: nil)
        return supervisor
    }

    private func pidsChanged() {
        noteProcesses(adding: nil)
        if isReady.withLock({ $0 }) { try? summary.write(to: directory.demoJSON) }
    }

    private func noteProcesses(adding new: DemoProcesses.Entry?) {
        let parts = parts.withLock { $0 }
        var processes = DemoProcesses()
        processes.entries = Self.stopOrder.reversed().compactMap { name in
            parts.children[name]?.pid.flatMap { DemoProcesses.Entry(name: name, pid: $0) }
        }
        if let new { processes.entries.append(new) }
        processes.write(to: directory.processes)
    }

    private func waitForNginx() throws(DemoError) {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            try stopRequest.check()
            if LoopbackPort.answers(port) { return }
            usleep(20_000)
        }
        throw DemoError("nginx does not start; see \(directory.logs)/nginx.log")
    }
}
