import Foundation
import Security
import Synchronization

/// The demo's parts, started and stopped in order.
final class Demo: Sendable {
    private struct Parts {
        var postgres: Supervisor?
        var responder: Supervisor?
        var nginx: Supervisor?
        var sockets: DemoSockets?
    }

    private let directory: DemoDirectory
    private let programs: DemoPrograms
    private let secrets: DemoSecrets
    private let port: UInt16
    private let stopRequest: StopRequest
    private let parts = Mutex(Parts())
    /// Whether `demo.json` is there and has to follow the pids.
    private let isReady = Mutex(false)

    init(
        _ directory: DemoDirectory, _ programs: DemoPrograms, port: UInt16, stop: StopRequest
    ) throws(CommandFailure) {
        self.directory = directory
        self.programs = programs
        self.port = port
        stopRequest = stop
        var secrets = try DemoSecrets.load(from: directory.secrets)
        if !LoopbackPort.isFree(secrets.databasePort) {
            secrets.databasePort = try LoopbackPort.free()
            try secrets.save(to: directory.secrets)
        }
        self.secrets = secrets
    }

    private var cluster: DemoCluster { DemoCluster(directory, programs, secrets) }
    private var authority: String { directory.tls + "/ca.pem" }
    private var url: String { "https://127.0.0.1:\(port)" }

    /// Starts everything; returns when it answers.
    ///
    /// - Throws: `CommandFailure`, that of a stop, too; call `stop` then.
    func start() throws(CommandFailure) {
        let certificate = try DemoCertificate(
            in: directory, openssl: programs.openssl, stop: stopRequest)
        Output.line("waybill demo: starting PostgreSQL")
        try cluster.initialize(run: runTool)
        let postmaster = cluster.postmaster
        let postgres = try supervise(cluster.server, successor: { postmaster.successor })
        parts.withLock { $0.postgres = postgres }
        try cluster.waitUntilReady(stopRequest)
        try cluster.prepare(migrations: try Resources.folder("Migrations"))
        guard let token = APIToken(secrets.apiKey) else {
            throw CommandFailure("\(directory.secrets) is damaged; remove the folder")
        }
        try stopRequest.check()
        try cluster.storeKey(hash: token.digest.bytes)

        Output.line("waybill demo: starting the responder")
        let readiness = try ReadinessSocket(directory.nginx + "/notify.sock")
        let nginx = DemoNginx(directory, programs)
        let sockets = try DemoSockets(in: directory.nginx, for: nginx.workerUser)
        parts.withLock { $0.sockets = sockets }
        let responder = try supervise(
            responderPlan(sockets, notify: readiness.path),
            // It ended as somebody wished: callers hear so at once, and need not wait in vain.
            onEnd: { [weak sockets] in sockets?.refuse() })
        parts.withLock { $0.responder = responder }
        let isUp = readiness.wait(until: .now + .seconds(30)) { [stopRequest] in
            responder.hasGivenUp || stopRequest.isMade
        }
        try stopRequest.check()
        guard isUp else {
            throw CommandFailure(
                "the responder does not start; see \(directory.logs)/responder.log")
        }

        Output.line("waybill demo: starting nginx")
        try nginx.configure(
            site: try Resources.folder("nginx"), port: port, certificate: certificate)
        let proxy = try supervise(nginx.server)
        parts.withLock { $0.nginx = proxy }
        try waitForNginx()
        isReady.withLock { $0 = true }
        try summary.write(to: directory.demoJSON)
    }

    /// Stops everything in the order that loses nothing: first who asks, last who stores.
    func stop() {
        isReady.withLock { $0 = false }
        unlink(directory.demoJSON)
        let parts = parts.withLock { $0 }
        parts.nginx?.stop(SIGQUIT, deadline: .seconds(8))
        parts.responder?.stop(SIGTERM, deadline: .seconds(30))
        parts.sockets?.remove()
        parts.postgres?.stop(SIGINT, deadline: .seconds(30))
        // Somebody's own, in the place of ours.
        cluster.postmaster.stop(within: .seconds(30))
        // A part that was started again a moment before the stop may have written them once more.
        unlink(directory.demoJSON)
        unlink(directory.processes)
    }

    var summary: DemoSummary {
        let parts = parts.withLock { $0 }
        return DemoSummary(
            url: url, ca: authority, database_url: cluster.responderURL,
            admin_database_url: cluster.superuserURL, api_key: secrets.apiKey,
            infobip: .init(
                callback_url: url + "/callbacks/infobip", user: secrets.infobipUser,
                password: secrets.infobipPassword, header_name: "X-Webhook-Secret",
                header_secret: secrets.infobipHeaderSecret, hmac_header: "X-Hub-Signature",
                hmac_secret: secrets.infobipHMACSecret),
            plivo: .init(
                callback_url: url + "/callbacks/plivo", auth_id: secrets.plivoAuthID,
                auth_token: secrets.plivoAuthToken),
            pids: .init(
                nginx: parts.nginx?.pid ?? 0, responder: parts.responder?.pid ?? 0,
                postgres: parts.postgres?.pid ?? 0))
    }

    /// Runs a program to its end; should we be killed meanwhile, the next run knows of it.
    private func runTool(_ plan: ChildProcess.Plan) throws(CommandFailure) {
        defer { noteProcesses(adding: nil) }
        try stopRequest.run(plan) { pid in
            noteProcesses(adding: DemoProcesses.Entry(name: plan.name, pid: pid))
        }
    }

    private func supervise(
        _ plan: ChildProcess.Plan,
        successor: (@Sendable () -> Supervisor.Successor)? = nil,
        onEnd: @escaping @Sendable () -> Void = {}
    ) throws(CommandFailure) -> Supervisor {
        try stopRequest.check()
        let supervisor = try Supervisor(plan, successor: successor) { [weak self] pid in
            if pid == nil { onEnd() }
            self?.pidsChanged()
        }
        // The supervisor is not among the parts yet, so its pid is noted on its own.
        noteProcesses(adding: DemoProcesses.Entry(name: plan.name, pid: supervisor.pid ?? 0))
        return supervisor
    }

    private func pidsChanged() {
        noteProcesses(adding: nil)
        if isReady.withLock({ $0 }) { try? summary.write(to: directory.demoJSON) }
    }

    private func noteProcesses(adding new: DemoProcesses.Entry?) {
        let parts = parts.withLock { $0 }
        let known = [
            ("nginx", parts.nginx), ("responder", parts.responder), ("postgres", parts.postgres),
        ]
        var processes = DemoProcesses()
        processes.entries = known.compactMap { name, part in
            part?.pid.flatMap { DemoProcesses.Entry(name: name, pid: $0) }
        }
        if let new { processes.entries.append(new) }
        processes.write(to: directory.processes)
    }

    private func responderPlan(_ sockets: DemoSockets, notify: String) -> ChildProcess.Plan {
        var environment = ProcessInfo.processInfo.environment
        // What the demo's user has set for a deployment of their own must not leak in.
        for name in environment.keys
        where ["WAYBILL_", "INFOBIP_", "PLIVO_", "PG", "LISTEN_"].contains(where: name.hasPrefix) {
            environment[name] = nil
        }
        environment["DATABASE_URL"] = cluster.responderURL
        // Both names are in the certificate, and users type either.
        environment["APP_BASE_URL"] = "\(url),https://localhost:\(port)"
        environment["INFOBIP_WEBHOOK_USER"] = secrets.infobipUser
        environment["INFOBIP_WEBHOOK_PASSWORD"] = secrets.infobipPassword
        environment["INFOBIP_WEBHOOK_HEADER_SECRET"] = secrets.infobipHeaderSecret
        environment["INFOBIP_HMAC_SECRET"] = secrets.infobipHMACSecret
        environment["PLIVO_AUTH_ID"] = secrets.plivoAuthID
        environment["PLIVO_AUTH_TOKEN"] = secrets.plivoAuthToken
        environment["NOTIFY_SOCKET"] = notify
        return ChildProcess.Plan(
            name: "responder",
            program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
            arguments: ["serve"],
            environment: environment, log: directory.logs + "/responder.log",
            sockets: sockets.descriptors)
    }

    private func waitForNginx() throws(CommandFailure) {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            try stopRequest.check()
            if LoopbackPort.answers(port) { return }
            usleep(20_000)
        }
        throw CommandFailure("nginx does not start; see \(directory.logs)/nginx.log")
    }
}
