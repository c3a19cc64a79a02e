import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Sending through the whole demo. One suite at a time: they share a demo, and break it.
@Suite("Sending, from the call to the end", .serialized, .blocking, .timeLimit(.minutes(10)))
enum SendingSuites {}

/// A demo without a dispatcher of its own: each test starts those that it needs, with the demo's
/// settings and others besides. What goes to the simulator is written down by its nginx.
final class SendingDemo: Sendable {
    let demo: RunningDemo
    let simulator: SimulatorClient
    /// The environment of the demo's own dispatcher.
    private let environment: [String: String]
    private let capture: String

    static var shared: SendingDemo {
        get throws { try result.get() }
    }

    private static let result = Result { try SendingDemo() }

    private init() throws {
        demo = try RunningDemo.sending
        simulator = SimulatorClient(url: try #require(demo.document.simulator_url))
        let pid = try #require(demo.document.pids.dispatch)
        let variables = try String(contentsOfFile: "/proc/\(pid)/environ", encoding: .utf8)
            .split(separator: "\0").compactMap { line -> (String, String)? in
                guard let sign = line.firstIndex(of: "=") else { return nil }
                return (String(line[..<sign]), String(line[line.index(after: sign)...]))
            }
        environment = Dictionary(variables) { _, last in last }
        // A clean end is somebody's wish: nobody starts it again.
        kill(pid, SIGTERM)
        capture = demo.directory + "/logs/capture.log"
        try startCapture()
        let hasEnded = waitUntil(within: .seconds(30)) { kill(pid, 0) != 0 }
        try #require(hasEnded)
    }

    private func startCapture() throws {
        let path = demo.directory + "/nginx/simulator.conf"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let format = """
            log_format capture escape=json '{"at":$msec,"took":$request_time,"status":$status,'
                '"method":"$request_method","uri":"$request_uri",'
                '"authorization":"$http_authorization","type":"$content_type",'
                '"accept":"$http_accept","agent":"$http_user_agent","body":"$request_body"}';

            """
        let edited = text.replacing(
            "access_log off;", with: "access_log \(capture) capture;", maxReplacements: 1)
        try #require(edited != text)
        try (format + edited).write(toFile: path, atomically: true, encoding: .utf8)
        kill(try demo.currentDocument.pids.nginx, SIGHUP)
        let isActive = try waitUntil(within: .seconds(20)) {
            _ = try simulator.statistics()
            return !requests().isEmpty
        }
        try #require(isActive)
    }

    /// Forgets what earlier tests have left: in the queue, at the providers and in the simulator.
    func reset() throws {
        simulator.defaults()
        try simulator.forget()
        try demo.sql(
            """
            delete from outbox;
            update provider_state set seen_at = null, stopped_at = null, stop_code = null,
                stop_reason = null, retry_at = null, allowance = 'infinity'
            """)
        try Data().write(to: URL(fileURLWithPath: capture), options: [])
    }

    /// Starts a dispatcher; it is killed with the object.
    func dispatcher(_ settings: [String: String] = [:]) throws -> ChildProcess {
        let process = try ChildProcess(
            WaybillProgram.path, ["dispatch"],
            environment: environment.merging(settings) { $1 })
        return process
    }

    /// The settings of the command line's commands.
    var commandSettings: [String: String] {
        ["DATABASE_URL": demo.document.database_url, "WAYBILL_DEFAULT_PROVIDER": "infobip"]
    }

    /// Ends a dispatcher as an admin does, and checks that it ended well.
    func stop(_ dispatcher: ChildProcess) throws {
        let end = try dispatcher.stop(SIGTERM, within: .seconds(30))
        #expect(end == .status(0), "\(dispatcher.errors.suffix(2000))")
    }
}

// MARK: - What is sent

/// A message as the answer to its call names it.
struct SentMessage: Sendable, Hashable {
    let id: String
    let recipient: String

    /// As the simulator keeps it.
    var digits: String { String(recipient.drop { $0 == "+" }) }
}

/// Numbers that no other test uses.
enum TestNumbers {
    private static let next = Mutex(1000)

    private static func number() -> Int {
        next.withLock { number in
            number += 1
            return number
        }
    }

    /// Numbers that ask the simulator for nothing.
    static func plain(_ count: Int = 1) -> [String] {
        (0..<count).map { _ in "+4470" + padded(number(), 7) }
    }

    /// Numbers that ask for a behaviour, by the digits behind 9999.
    static func magic(_ digits: String, _ count: Int = 1) -> [String] {
        (0..<count).map { _ in "+447" + padded(number() % 10_000, 4) + "9999" + digits }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

extension SendingDemo {
    /// Where Infobip is told to report: a URL given with a message carries no other credentials.
    var infobipURL: String {
        let infobip = demo.document.infobip
        return infobip.callback_url + (infobip.url_secret.map { "?token=" + $0 } ?? "")
    }

    /// Makes the call, whatever the answer.
    func call(
        _ members: [String: Any], path: String = "/v1/messages", idempotencyKey: String? = nil
    ) throws -> HTTPAnswer {
        var headers = [
            ("Authorization", "Bearer \(demo.document.api_key)"),
            ("Content-Type", "application/json"),
        ]
        if let idempotencyKey { headers.append(("Idempotency-Key", idempotencyKey)) }
        let body = try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
        return try demo.client.send(
            HTTPRequest(method: "POST", path: path, headers: headers, body: [UInt8](body)))
    }

    /// Queues a text for recipients.
    func send(
        to recipients: [String], provider: String? = nil, text: String = "Hello",
        others: [String: Any] = [:], wait: Int = 0
    ) throws -> [SentMessage] {
        var members = others
        members["to"] = recipients
        members["text"] = text
        if let provider { members["provider"] = provider }
        let answer = try call(members, path: "/v1/messages" + (wait > 0 ? "?wait=\(wait)" : ""))
        #expect([200, 202].contains(answer.status), "\(answer.text)")
        return try Self.messages(of: answer)
    }

    /// The messages of an answer.
    static func messages(of answer: HTTPAnswer) throws -> [SentMessage] {
        try JSON(answer)["messages"].array.compactMap { message in
            guard let id = message["id"].string, let to = message["to"].string else { return nil }
            return SentMessage(id: id, recipient: to)
        }
    }

    /// A message as the API shows it.
    func show(_ message: SentMessage) throws -> JSON {
        try JSON(demo.api("/v1/messages/\(message.id)"))
    }

    /// The kinds of what we did about a message, the earliest first.
    func events(of message: SentMessage) throws -> [JSON] {
        try JSON(demo.api("/v1/messages/\(message.id)/reports"))["events"].array
    }

    /// Waits until all messages have one of these statuses; records those that have another one.
    func waitForStatus(
        _ statuses: Set<String>, of messages: [SentMessage], within limit: Duration,
        meanwhile: () throws -> Void = {}, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var waiting = messages
        var last: [String: String] = [:]
        _ = try waitUntil(within: limit) {
            waiting = try waiting.filter { message in
                let status = try show(message)["status"].string ?? ""
                last[message.id] = status
                return !statuses.contains(status)
            }
            if waiting.isEmpty { return true }
            try meanwhile()
            usleep(100_000)
            return false
        }
        for message in waiting.prefix(5) {
            let events = (try? events(of: message)) ?? []
            let timeline = events.map { "\($0["kind"].string ?? "?") \($0["code"].string ?? "")" }
            Issue.record(
                """
                \(waiting.count) of \(messages.count) are not \(statuses.sorted()): \(message) is \
                \(last[message.id] ?? "?"): \(timeline)
                """, sourceLocation: sourceLocation)
        }
    }

    /// Lets time pass for messages that nobody is sure of, or whose final status is asked for:
    /// nobody waits in a test for what a provider is given to make up its mind.
    ///
    /// - Parameters:
    ///   - duration: how much.
    ///   - messages: of these; all unless given.
    /// - Throws: when the database does not take it.
    func passTime(_ duration: Duration, of messages: [SentMessage]? = nil) throws {
        let seconds = duration.components.seconds
        let list = messages.map { list in
            " and message_id in (\(list.map { "'\($0.id)'" }.joined(separator: ",")))"
        }
        try demo.sql(
            """
            update outbox set attempted_at = attempted_at - interval '\(seconds) s', due_at = now()
            where state >= 3 and attempted_at > now() - interval '\(seconds) s'\(list ?? "")
            """)
    }

    /// Checks by the simulator's own counts that none of these messages was taken twice, and each
    /// that should have been was.
    func expectTaken(
        _ messages: [SentMessage], _ times: Int = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for message in messages {
            let records = try simulator.records(of: message.digits)
            let taken = records.map { $0["times_accepted"].int ?? 0 }.max() ?? 0
            #expect(
                records.count == times && taken == times,
                "\(message) was taken \(records.count) times", sourceLocation: sourceLocation)
        }
    }

    /// The requests that sent messages, as nginx saw them.
    func requests() -> [CapturedRequest] {
        let text = (try? String(contentsOfFile: capture, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? CapturedRequest(JSON(line: $0)) }
    }

    /// The state of a provider's sending, as `/v1/status` tells it.
    func sending(_ provider: String) throws -> JSON {
        try JSON(demo.api("/v1/status"))["sending"][provider]
    }
}

/// A request of ours to a provider.
struct CapturedRequest {
    let method: String
    let uri: String
    let authorization: String
    let contentType: String
    let accept: String
    let agent: String
    let status: Int
    /// Seconds since 1970.
    let beganAt: Double
    let endedAt: Double
    let text: String

    init(_ line: JSON) {
        method = line["method"].string ?? ""
        uri = line["uri"].string ?? ""
        authorization = line["authorization"].string ?? ""
        contentType = line["type"].string ?? ""
        accept = line["accept"].string ?? ""
        agent = line["agent"].string ?? ""
        status = line["status"].int ?? 0
        endedAt = line["at"].double ?? 0
        beganAt = endedAt - (line["took"].double ?? 0)
        text = line["body"].string ?? ""
    }

    /// Whether it sent messages.
    var isSend: Bool {
        method == "POST"
            && (uri.hasPrefix("/sms/") || (uri.hasPrefix("/v1/Account/") && uri.hasSuffix("/")))
    }

    var body: JSON? { try? JSON(line: text) }
}
