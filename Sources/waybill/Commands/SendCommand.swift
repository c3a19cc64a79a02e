import Domain
import Foundation
import Postgres
import Providers
import Settings
import Store
import Web

/// `waybill send`: queues a message as `POST /v1/messages` does, without the responder.
enum SendCommand {
    static let help = """
        usage: waybill send --to NUMBER [--to NUMBER …] --text TEXT [--from SENDER]
                            [--provider NAME] [--validity MINUTES] [--send-at TIME]
                            [--wait SECONDS] [--json]

        Queues one message for each recipient; `waybill dispatch` sends them. Connects with
        DATABASE_URL and takes the same rules for numbers, texts and routing as the API.

          --to NUMBER         with its country code; again for another recipient, up to 1,000
          --text TEXT         up to 4,000 bytes and 25 SMS
          --from SENDER       a number, a short code, or a name of up to 11 characters
          --provider NAME     of whom; no other one takes over then
          --validity MINUTES  how long it is tried, 1 to 2880
          --send-at TIME      not before, as in 2027-01-31T08:00:00+01:00; up to 180 days ahead
          --wait SECONDS      wait for the providers' answers, up to 600
          --json              print the API's answer

        Prints a line a message: id, recipient, status, provider, SMS, and why it failed.

        Exit status 0 if all are queued, or taken by a provider; 1 if the database did not take
        them; 3 if one was refused or given up while waiting; 65 if the message is not in order.
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: ["to", "text", "from", "provider", "validity", "send-at", "wait"],
            repeated: ["to"], flags: ["json"])
        let wait = try arguments.integer("wait", in: 0...600) ?? 0
        let validity = try arguments.value("validity").map(minutes)
        let draft = SendDraft(
            recipients: arguments.all("to"), text: arguments.value("text"),
            sender: arguments.value("from"), provider: arguments.value("provider"),
            validityMinutes: validity, sendAt: arguments.value("send-at"))
        var environment = Environment()
        let (database, routing) = try settings(&environment)
        let sendRequest = try sendRequest(draft, routing)
        var blocked: [PhoneNumber: OptOutEntry] = [:]
        let status = try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let queue = SendQueue(pool, feed: ChangeFeed(), logger: logger)
            if case .optedOut(let found) = try queue.accept(sendRequest, nil) {
                blocked = found
                return Int32(65)
            }
            let notifier = PostgresNotifier(database, channel: .outbox)
            notifier.notify()
            let ids = sendRequest.recipients.map(\.message)
            let states = try AwaitedStates(database).wait(
                for: .seconds(wait)
            ) { () throws(StoreFailure) in
                guard wait > 0 else { return ([MessageID: SendState](), true) }
                let states = try queue.states(of: ids)
                return (states, ids.allSatisfy { states[$0].map { $0.status != .queued } ?? false })
            }
            notifier.stop()
            print(sendRequest, states, asJSON: arguments.has("json"))
            let isLost = states.values.contains { state in
                switch state.status {
                case .queued, .accepted, .sent, .delivered, .partiallyDelivered: false
                case .undeliverable, .expired, .rejected, .failed, .unknown, .cancelled: true
                }
            }
            return isLost ? 3 : 0
        }
        guard blocked.isEmpty else { throw failure(draft.problem(optedOut: blocked)) }
        return status
    }

    /// - Throws: `ConfigurationError` with every problem at once.
    static func settings(
        _ environment: inout Environment
    ) throws(ConfigurationError) -> (database: ConnectionSettings, routing: Routing) {
        let database = environment.database(WaybillSettings.databaseURL)
        let routing = environment.routing()
        guard let database, environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        return (database, routing)
    }

    /// A number; whether it is within the bounds is reported with all other problems.
    private static func minutes(_ text: String) throws(CommandFailure) -> Int {
        guard let minutes = Int(text) else {
            let limits = SendDraft.validityLimits
            throw CommandFailure(
                .usage,
                "--validity takes a whole number of minutes from \(limits.lowerBound) to"
                    + " \(limits.upperBound)")
        }
        return minutes
    }

    private static func sendRequest(
        _ draft: consuming SendDraft, _ routing: Routing
    ) throws(CommandFailure) -> SendRequest {
        let now = Timestamp.now
        do throws(Problem) {
            return try draft.sendRequest(
                .new(at: now), by: Submitter(Requester.commandLine.principal), at: now,
                routing: routing, key: MessageKey.derive(sendRequest:recipient:))
        } catch {
            throw failure(error)
        }
    }

    private static func failure(_ problem: Problem) -> CommandFailure {
        let lines = (problem.fields?.list ?? []).map { "  \($0.field): \($0.detail)" }
        return CommandFailure(
            (["the message has \(problem.fields?.count ?? 0) problem(s):"] + lines).joined(
                separator: "\n"),
            exitStatus: 65)
    }

    private static func print(
        _ sendRequest: SendRequest, _ states: [MessageID: SendState], asJSON: Bool
    ) {
        if asJSON {
            return Output.line(
                String(decoding: SendAnswer.document(sendRequest, states), as: UTF8.self))
        }
        for recipient in sendRequest.recipients {
            let state = states[recipient.message]
            var columns = [
                recipient.message.description, recipient.number.description,
                (state?.status ?? .queued).rawValue,
                (state?.provider ?? recipient.provider).name,
                "\(sendRequest.segmentation.segments) SMS",
            ]
            if let problem = state?.problem { columns.append("\(problem.code) \(problem.text)") }
            Output.line(columns.joined(separator: "\t"))
        }
    }
}
