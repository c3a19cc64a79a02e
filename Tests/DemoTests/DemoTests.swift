import Foundation
import Providers
import Security
import System
import TestSupport
import Testing

@testable import Demo

@Suite("Demo", .blocking)
struct DemoTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private static let kits: [any ProviderKit] = [InfobipKit(), PlivoKit()]
    private static let noStop = StopRequest { _ in }

    /// The repository's own site files.
    private static let site = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "nginx").path

    private func mode(_ path: String) -> mode_t? {
        var information = stat()
        return lstat(path, &information) == 0 ? information.st_mode & 0o777 : nil
    }

    @Test("A folder that everybody can reach holds everything")
    func plainDirectory() throws {
        let directory = try DemoDirectory(folder.path(of: "demo"))
        #expect(directory.state == directory.root)
        #expect(mode(directory.tls) == 0o700)
        #expect(mode(directory.nginx) == 0o755)
        #expect(directory.demoJSON == folder.path(of: "demo/demo.json"))
    }

    @Test("A path too long for a Unix socket has its state elsewhere, the same in every run")
    func longDirectory() throws {
        let path = folder.path(of: String(repeating: "x", count: 90))
        let first = try DemoDirectory(path)
        defer { try? FileManager.default.removeItem(atPath: first.state) }
        #expect(first.state != first.root)
        #expect(first.nginx.utf8.count < 80)
        #expect(try DemoDirectory(path).state == first.state)
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: first.root + "/state")
        #expect(link == first.state)
    }

    @Test("As root, a folder that others cannot reach has its state where they can")
    func privateDirectory() throws {
        guard getuid() == 0 else { return }
        let closed = folder.path(of: "closed")
        #expect(mkdir(closed, 0o700) == 0)
        let directory = try DemoDirectory(closed + "/demo")
        defer { try? FileManager.default.removeItem(atPath: directory.state) }
        #expect(directory.state.hasPrefix("/var/lib/waybill-demo/"))
        #expect(directory.root == closed + "/demo")
    }

    @Test("A folder that cannot be made is named")
    func impossibleDirectory() {
        let error = #expect(throws: DemoError.self) { try DemoDirectory("/proc/demo") }
        #expect(error?.description.contains("/proc/demo") == true)
    }

    @Test("Secrets are made once, kept, and readable by their owner only")
    func secrets() throws {
        let path = folder.path(of: "secrets.json")
        let first = try DemoSecrets.load(from: path, for: Self.kits)
        #expect(mode(path) == 0o600)
        let second = try DemoSecrets.load(from: path, for: Self.kits)
        #expect(first.apiKey == second.apiKey)
        #expect(first.databasePort == second.databasePort)
        #expect(APIToken(first.apiKey) != nil)
        let all =
            [
                first.databaseSuperuser, first.databaseMigrator, first.databaseResponder,
                first.databaseDispatcher, first.apiKey,
            ] + first.providers.filter { !["infobipUser", "plivoAuthID"].contains($0.key) }.values
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0.utf8.count >= 32 })
    }

    @Test("Secrets of an earlier version are kept, and what they lack is made once")
    func earlierSecrets() throws {
        let path = folder.path(of: "secrets.json")
        let made = try DemoSecrets.load(from: path, for: Self.kits)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        var members = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        members["databaseDispatcher"] = nil
        members["infobipAPIKey"] = nil
        members["infobipURLSecret"] = nil
        members["simulatorPort"] = nil
        try JSONSerialization.data(withJSONObject: members).write(to: URL(fileURLWithPath: path))
        let completed = try DemoSecrets.load(from: path, for: Self.kits)
        #expect(completed.apiKey == made.apiKey)
        #expect(completed.databasePort == made.databasePort)
        #expect(completed.databaseDispatcher.utf8.count >= 32)
        #expect(completed.providers["infobipAPIKey"]?.utf8.count == 32)
        #expect(completed.simulatorPort != 0)
        #expect(completed.simulatorPort != completed.databasePort)
        let again = try DemoSecrets.load(from: path, for: Self.kits)
        #expect(again.providers["infobipAPIKey"] == completed.providers["infobipAPIKey"])
        #expect(again.providers["infobipURLSecret"]?.utf8.count == 32)
        #expect(again.providers["infobipURLSecret"] == completed.providers["infobipURLSecret"])
        #expect(again.simulatorPort == completed.simulatorPort)
        #expect(mode(path) == 0o600)
    }

    @Test("The demo's children know each other, and nothing of the user's own deployment")
    func children() throws {
        let directory = try DemoDirectory(folder.path(of: "demo"))
        let secrets = try DemoSecrets.load(from: directory.secrets, for: Self.kits)
        let foreign = [
            "PATH": "/bin", "INFOBIP_API_KEY": "theirs", "PLIVO_AUTH_ID": "MATHEIRS",
            "PLIVO_AUTH_TOKEN": "theirs", "WAYBILL_LOG_LEVEL": "debug", "NOTIFY_SOCKET": "/n",
            "INFOBIP_WEBHOOK_URL_SECRET": "theirs-of-16-and-more",
            "DATABASE_URL_FILE": "/theirs", "DISPATCH_DATABASE_URL_FILE": "/theirs",
        ]
        func children(_ simulates: Bool, _ inherited: [String: String]) -> DemoChildren {
            DemoChildren(
                directory: directory, secrets: secrets, databaseURL: "postgresql://r",
                dispatchDatabaseURL: "postgresql://d", deliverDatabaseURL: "postgresql://w",
                url: "https://127.0.0.1:8443", port: 8443, simulates: simulates,
                kits: Self.kits, inherited: inherited)
        }
        let sockets = try DemoSockets(["simulator"], in: folder.path, for: nil)
        let simulated = children(true, foreign)
        let dispatch = try #require(simulated.dispatch).environment
        let simulator = simulated.simulator(sockets)
        #expect(dispatch["INFOBIP_API_KEY"] == secrets.providers["infobipAPIKey"])
        #expect(simulator.environment["INFOBIP_API_KEY"] == secrets.providers["infobipAPIKey"])
        #expect(simulator.environment["PLIVO_AUTH_TOKEN"] == dispatch["PLIVO_AUTH_TOKEN"])
        #expect(dispatch["INFOBIP_BASE_URL"] == "http://127.0.0.1:\(secrets.simulatorPort)")
        #expect(dispatch["PLIVO_BASE_URL"] == dispatch["INFOBIP_BASE_URL"])
        #expect(dispatch["WAYBILL_LOG_LEVEL"] == nil)
        #expect(dispatch["NOTIFY_SOCKET"] == nil)
        // Each service connects with a role of its own.
        #expect(dispatch["DISPATCH_DATABASE_URL"] == "postgresql://d")
        #expect(dispatch.keys.filter { $0.contains("DATABASE_URL") }.count == 1)
        #expect(dispatch["PATH"] == "/bin")
        #expect(simulator.sockets.count == 1)
        // The secret in the URL sent to Infobip is the one that the responder accepts.
        let urlSecret = secrets.providers["infobipURLSecret"]
        let responder = simulated.responder(sockets, notify: "/n").environment
        #expect(dispatch["INFOBIP_WEBHOOK_URL_SECRET"] == urlSecret)
        #expect(responder["INFOBIP_WEBHOOK_URL_SECRET"] == urlSecret)
        #expect(responder["DATABASE_URL"] == "postgresql://r")
        #expect(responder.keys.filter { $0.contains("DATABASE_URL") }.count == 1)

        let own = try #require(children(false, foreign).dispatch).environment
        #expect(own["INFOBIP_API_KEY"] == "theirs")
        #expect(own["PLIVO_AUTH_ID"] == "MATHEIRS")
        #expect(own["INFOBIP_BASE_URL"] == nil)
        #expect(own["INFOBIP_WEBHOOK_URL_SECRET"] == nil)
        #expect(own["PLIVO_SETTLE_SECONDS"] == nil)
        #expect(children(false, ["PATH": "/bin"]).dispatch == nil)
        #expect(children(false, ["PLIVO_AUTH_ID": "MATHEIRS"]).dispatch == nil)
        let plivo = children(false, ["PLIVO_AUTH_ID": "a", "PLIVO_AUTH_TOKEN": "t"])
        #expect(plivo.dispatch?.environment["WAYBILL_DEFAULT_PROVIDER"] == "plivo")
    }

    @Test(
        "Without the simulator an account's callbacks are authenticated with that account's token")
    func ownAccount() throws {
        let directory = try DemoDirectory(folder.path(of: "demo"))
        let secrets = try DemoSecrets.load(from: directory.secrets, for: Self.kits)
        let sockets = try DemoSockets(["simulator"], in: folder.path, for: nil)
        func responder(_ inherited: [String: String], simulates: Bool = false) -> DemoChildren {
            DemoChildren(
                directory: directory, secrets: secrets, databaseURL: "postgresql://r",
                dispatchDatabaseURL: "postgresql://d", deliverDatabaseURL: "postgresql://w",
                url: "https://127.0.0.1:8443", port: 8443, simulates: simulates,
                kits: Self.kits, inherited: inherited)
        }
        let account = [
            "PLIVO_AUTH_ID": "MATHEIRS", "PLIVO_AUTH_TOKEN_FILE": "/token",
            "APP_BASE_URL": "https://tunnel.example", "INFOBIP_API_KEY": "k",
        ]
        let own = responder(account)
        let dispatch = try #require(own.dispatch).environment
        let serve = own.responder(sockets, notify: "/n").environment
        for name in ["PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN", "PLIVO_AUTH_TOKEN_FILE", "APP_BASE_URL"] {
            #expect(serve[name] == dispatch[name], "\(name)")
        }
        #expect(serve["PLIVO_AUTH_TOKEN_FILE"] == "/token")
        #expect(serve["APP_BASE_URL"]?.hasPrefix("https://tunnel.example,https://127") == true)
        // Infobip's account has no secrets for callbacks here, so the demo's stay.
        #expect(serve["INFOBIP_WEBHOOK_PASSWORD"] == secrets.providers["infobipPassword"])
        #expect(serve["INFOBIP_API_KEY"] == nil)
        let authenticated = account.merging(["INFOBIP_WEBHOOK_SECRET": "theirs"]) { $1 }
        let both = responder(authenticated).responder(sockets, notify: "/n").environment
        #expect(both["INFOBIP_WEBHOOK_SECRET"] == "theirs")
        #expect(both["INFOBIP_WEBHOOK_PASSWORD"] == nil)
        #expect(both["INFOBIP_HMAC_SECRET"] == nil)
        // With the simulator the account's settings are ignored.
        let simulated = responder(authenticated, simulates: true).responder(sockets, notify: "/n")
        #expect(simulated.environment["PLIVO_AUTH_TOKEN"] == secrets.providers["plivoAuthToken"])
        #expect(simulated.environment["INFOBIP_WEBHOOK_SECRET"] == nil)
        #expect(simulated.environment["APP_BASE_URL"]?.hasPrefix("https://127.0.0.1") == true)
    }

    @Test("nginx gets a part for the simulator, or loses it again", arguments: [true, false])
    func simulatorSite(simulates: Bool) throws {
        let directory = try DemoDirectory(folder.path(of: "demo"))
        let certificate = try DemoCertificate(
            in: directory, openssl: try DemoPrograms().openssl, stop: Self.noStop)
        let nginx = DemoNginx(directory, try DemoPrograms())
        for port in [UInt16(2000), simulates ? 2001 : nil] {
            try nginx.configure(
                site: Self.site, port: 8443, simulatorPort: port,
                certificate: certificate)
        }
        let text = try? String(
            contentsOfFile: directory.nginx + "/simulator.conf", encoding: .utf8)
        #expect((text != nil) == simulates)
        #expect(text?.contains("listen 127.0.0.1:2001;") ?? true)
        #expect(text?.contains("@") != true)
    }

    @Test("nginx gets the origins whose pages may see its errors, and nothing that is no origin")
    func origins() throws {
        let directory = try DemoDirectory(folder.path(of: "demo"))
        let certificate = try DemoCertificate(
            in: directory, openssl: try DemoPrograms().openssl, stop: Self.noStop)
        try DemoNginx(directory, try DemoPrograms()).configure(
            site: Self.site, port: 8443, simulatorPort: nil, certificate: certificate,
            origins: "https://a.example, http://localhost:3000,https://b;}")
        let text = try String(
            contentsOfFile: directory.nginx + "/waybill/cors.conf", encoding: .utf8)
        #expect(text.contains("    \"https://a.example\" $http_origin;"))
        #expect(text.contains("    \"http://localhost:3000\" $http_origin;"))
        #expect(!text.contains("https://b"))
    }

    @Test("Damaged secrets are not replaced")
    func damagedSecrets() throws {
        let path = try folder.write("secrets.json", "{}")
        #expect(throws: DemoError.self) { try DemoSecrets.load(from: path, for: Self.kits) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "{}")
    }

    @Test("A private file replaces the old one whole")
    func privateFile() throws {
        let path = try folder.write("f", "old and longer")
        #expect(PrivateFile.write(Data("new".utf8), to: path))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(mode(path) == 0o600)
        #expect(!PrivateFile.write(Data(), to: "/proc/f"))
    }

    @Test("Two demos do not run in one folder")
    func lock() throws {
        let path = folder.path(of: "lock")
        let first = try DemoLock(path)
        #expect(throws: DemoError.self) { try DemoLock(path) }
        first.release()
        try DemoLock(path).release()
    }

    @Test("Processes of an earlier run are ended; another one with the same pid is not")
    func cleanUp() throws {
        let plan = DemoChild.Plan(
            name: "sleep", program: "/bin/sleep", arguments: ["300"],
            log: folder.path(of: "log"))
        let ours = try DemoChild(plan)
        let stranger = try DemoChild(plan)
        defer { kill(stranger.pid, SIGKILL) }
        let entry = try #require(DemoProcesses.Entry(name: "nginx", pid: ours.pid))
        #expect(entry.isAlive)
        let file = folder.path(of: "processes.json")
        var processes = DemoProcesses()
        processes.entries = [entry]
        processes.write(to: file)
        // That process started at another time than the file says.
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let other = #"{"name":"responder","pid":\#(stranger.pid),"startTime":1}"#
        try text.replacingOccurrences(of: "[{", with: "[\(other),{")
            .write(toFile: file, atomically: true, encoding: .utf8)

        DemoProcesses.cleanUp(file: file)
        #expect(!entry.isAlive)
        #expect(kill(stranger.pid, 0) == 0)
        #expect(mode(file) == nil)
    }

    @Test("A file that is not a list of processes does no harm", arguments: ["", "{", "[]"])
    func damagedProcesses(text: String) throws {
        DemoProcesses.cleanUp(file: try folder.write("processes.json", text))
        DemoProcesses.cleanUp(file: "/nonexistent")
    }

    @Test("A process that is not there has no entry")
    func noEntry() {
        #expect(DemoProcesses.Entry(name: "nginx", pid: -1) == nil)
    }

    @Test("The responder reports its readiness itself")
    func readiness() throws {
        let socket = try ReadinessSocket(folder.path(of: "ready"))
        let manager = ServiceManager(["NOTIFY_SOCKET": socket.path])
        manager.notify("STATUS=starting")
        manager.notify("READY=1")
        #expect(socket.wait(until: .now + .seconds(10)) { false })
        #expect(!socket.wait(until: .now + .seconds(10)) { true })
        #expect(!socket.wait(until: .now) { false })
    }

    @Test("A port that is taken is seen to be")
    func ports() throws {
        let listener = try SilentListener()
        #expect(!LoopbackPort.isFree(listener.port))
        #expect(LoopbackPort.answers(listener.port))
        let free = try LoopbackPort.free()
        #expect(LoopbackPort.isFree(free))
        #expect(!LoopbackPort.answers(free))
    }

    @Test("demo.json has what programs look for")
    func summary() throws {
        let place = DemoPlace(
            url: "https://127.0.0.1:8443", authority: "/d/tls/ca.pem", simulates: false,
            secrets: ["infobipUser": "u", "infobipPassword": "p", "plivoAuthToken": "t"])
        let summary = DemoSummary(
            url: "https://127.0.0.1:8443", ca: "/d/tls/ca.pem", database_url: "postgresql://r",
            admin_database_url: "postgresql://s", api_key: "wb_k",
            user: .init(email: "admin@example.com", password: "of the demo"),
            callers: Self.kits.compactMap { DemoSummary.Caller($0, place) },
            pids: .init(nginx: 1, responder: 2, postgres: 3))
        let path = folder.path(of: "demo.json")
        try summary.write(to: path)
        #expect(mode(path) == 0o600)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(json.keys) == [
                "url", "ca", "database_url", "admin_database_url", "api_key", "user", "infobip",
                "plivo", "pids",
            ])
        #expect(
            json["user"] as? [String: String]
                == ["email": "admin@example.com", "password": "of the demo"])
        let plivo = try #require(json["plivo"] as? [String: String])
        #expect(plivo["callback_url"] == "https://127.0.0.1:8443/callbacks/plivo")
        #expect(plivo["auth_token"] == "t")
        #expect((json["pids"] as? [String: Int]) == ["nginx": 1, "responder": 2, "postgres": 3])
        var whole = summary
        whole.simulator_url = "http://127.0.0.1:2000"
        whole.pids.dispatch = 4
        whole.pids.simulator = 5
        let object = try JSONSerialization.jsonObject(with: Data(whole.json))
        let members = try #require(object as? [String: Any])
        #expect(members["simulator_url"] as? String == "http://127.0.0.1:2000")
        #expect((members["pids"] as? [String: Int])?["dispatch"] == 4)
        #expect((members["pids"] as? [String: Int])?["simulator"] == 5)
        #expect(whole.text(file: path).contains("https://127.0.0.1:8443/v1/messages \\"))
        #expect(whole.text(file: path).contains("Simulator http://127.0.0.1:2000"))
        #expect(
            whole.text(file: path).contains(
                "DATABASE_URL='postgresql://r' waybill message ID_OF_THE_ANSWER --follow"))
        let text = summary.text(file: path)
        #expect(text.contains("curl --cacert /d/tls/ca.pem -u 'u:p'"))
        #expect(text.contains("provider=infobip&provider_message_id=hello-1"))
        #expect(text.contains("  E-mail    admin@example.com\n  Password  of the demo\n"))
        #expect(!text.contains("waybill simulate"))
    }
}
