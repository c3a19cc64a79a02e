import Foundation
import Glibc
import Synchronization
import TestSupport

/// `waybill demo` as a child process: the whole system, in a folder of its own.
///
/// When the test process dies, however it dies, the kernel sends the demo SIGTERM, and it stops
/// all that it has started.
final class RunningDemo: Sendable {
    let directory: String
    let process: ChildProcess
    let client: TestClient
    /// As it was when all was ready; `currentDocument` has the pids of now.
    let document: DemoDocument
    private let folder: TemporaryDirectory?

    /// Starts a demo and returns when it has said that it is ready.
    ///
    /// - Parameters:
    ///   - directory: where; a temporary folder unless given, removed with the demo.
    ///   - port: of HTTPS; a free one unless given.
    ///   - isEmpty: whether it sends nothing by itself.
    ///   - settings: in its environment besides.
    /// - Throws: when it does not get ready within a minute, with its output.
    init(
        directory: String? = nil, port: UInt16? = nil, isEmpty: Bool = true,
        settings: [String: String] = [:]
    ) throws {
        let folder = directory == nil ? try TemporaryDirectory() : nil
        let path = directory ?? folder?.path(of: "demo") ?? ""
        let port = try port ?? FreePort.next()
        let process = try Self.start(
            directory: path, port: port, isEmpty: isEmpty, settings: settings)
        // Printed last, after demo.json has been written.
        try process.waitForOutput("Read the message's status:", within: .seconds(60))
        self.folder = folder
        self.directory = path
        self.process = process
        document = try DemoDocument(file: path + "/demo.json")
        client = try TestClient(port: port, authority: document.ca)
    }

    deinit {
        _ = try? process.stop(SIGTERM, within: .seconds(60))
    }

    /// Starts the program without waiting for anything.
    static func start(
        directory: String, port: UInt16, isEmpty: Bool = true, settings: [String: String] = [:]
    ) throws -> ChildProcess {
        try ChildProcess(
            WaybillProgram.path,
            ["demo", "--directory", directory, "--port", String(port)]
                + (isEmpty ? ["--empty"] : []),
            environment: WaybillProgram.bareEnvironment.merging(
                ["WAYBILL_CORS_ORIGINS": namedOrigin]
            ) { $1 }.merging(settings) { $1 }, signalAtOurDeath: "TERM")
    }

    /// The origin whose pages may call the API.
    static let namedOrigin = "https://app.example.com"

    /// `demo.json` as it is now.
    var currentDocument: DemoDocument {
        get throws { try DemoDocument(file: directory + "/demo.json") }
    }

    var port: UInt16 { client.port }

    /// The responder's log lines so far.
    var responderLog: String {
        (try? String(contentsOfFile: directory + "/logs/responder.log", encoding: .utf8)) ?? ""
    }

    /// Runs SQL as the cluster's superuser: rows by lines, columns separated by `|`.
    @discardableResult
    func sql(_ statement: String) throws -> String {
        let psql = try ChildProcess(
            "psql",
            ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", document.admin_database_url, "-c", statement],
            environment: WaybillProgram.bareEnvironment)
        guard try psql.waitForExit() == .status(0) else {
            throw ConnectionFailure("psql: \(psql.errors)")
        }
        return psql.output.trimmingCharacters(in: .newlines)
    }

    /// The one number that a statement selects.
    func count(_ statement: String) throws -> Int {
        guard let number = Int(try sql(statement)) else {
            throw ConnectionFailure("no number: \(statement)")
        }
        return number
    }

    /// Ends the demo in an orderly way.
    @discardableResult
    func stop() throws -> ChildProcess.Exit {
        client.disconnect()
        return try process.stop(SIGTERM, within: .seconds(60))
    }
}

extension RunningDemo {
    /// The one that most tests share. Never break it.
    static var shared: RunningDemo {
        get throws { try sharedResult.get() }
    }

    /// The one whose parts are killed, stopped and reconfigured, by one test at a time.
    static var breakable: RunningDemo {
        get throws { try breakableResult.get() }
    }

    /// The one of the sending suites, which run one after the other; see `SendingDemo`.
    static var sending: RunningDemo {
        get throws { try sendingResult.get() }
    }

    /// The one whose events go to receivers.
    static var webhooks: RunningDemo {
        get throws { try webhooksResult.get() }
    }

    private static let webhooksResult = Result { try stoppedAtExit() }
    private static let sharedResult = Result { try stoppedAtExit() }
    private static let breakableResult = Result { try stoppedAtExit() }
    private static let sendingResult = Result { try stoppedAtExit() }
    private static let running = Mutex<[RunningDemo]>([])

    private static let exitHandler: Void = {
        atexit {
            let demos = RunningDemo.running.withLock { demos in
                defer { demos = [] }
                return demos
            }
            for demo in demos { demo.process.send(signal: SIGTERM) }
            // Not `stop()`: a second signal would end it at once.
            for demo in demos { _ = try? demo.process.waitForExit(within: .seconds(60)) }
            // The folders go with the last references, which are here.
            for demo in demos { demo.removeFolder() }
        }
    }()

    private static func stoppedAtExit() throws -> RunningDemo {
        exitHandler
        let demo = try RunningDemo()
        running.withLock { $0.append(demo) }
        return demo
    }

    private func removeFolder() {
        guard let folder else { return }
        try? FileManager.default.removeItem(atPath: folder.path)
    }
}
