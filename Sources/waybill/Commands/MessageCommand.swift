import Domain
import Foundation
import JSON
import Postgres
import Providers
import Settings
import Store
import Web

/// `waybill message`: a message's status and timeline, for people.
enum MessageCommand {
    static let help = """
        usage: waybill message ID [--follow] [--json]

        Shows a message's status and all that happened to it: what we did, what the provider said.
        ID is ours or the provider's. Connects with DATABASE_URL.

          --follow  go on printing what happens until the status is final, or unknown for good
          --json    print the API's documents instead, as {"message":…,"timeline":…}; with --follow
                    a line each time that something changes

        Exit status 0 if the message is delivered or on its way, 1 if there is none, 3 if its status
        is final and not delivered.
        """

    private static let timelineLimit = 1000

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, flags: ["follow", "json"], positional: 1...1)
        let name = arguments.positional[0]
        // Before anything is read: rows name a provider by its code.
        let providers = ProviderKits.all.providers
        var environment = Environment()
        let database = try environment.requiredDatabase()
        let status = try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let store = MessageStore(
                pool, logger: logger, key: MessageKey.derive(provider:providerMessageID:))
            guard let id = try find(name, at: providers, in: store) else { return Status?.none }
            var printer = MessagePrinter(asJSON: arguments.has("json"))
            let follows = arguments.has("follow")
            return try AwaitedStates(database).wait(for: nil) { () throws(StoreFailure) in
                guard let message = try store.message(id) else { return (nil, true) }
                printer.print(
                    message, try store.reports(of: id, limit: timelineLimit),
                    try store.events(of: id, limit: timelineLimit))
                return (message.shownStatus, !follows || message.isOver)
            }
        }
        guard let status else {
            throw CommandFailure("nobody has sent this message through us or reported on it")
        }
        return status.isFinal && status != .delivered ? 3 : 0
    }

    private static func find(
        _ name: String, at providers: [Provider], in store: MessageStore
    ) throws(StoreFailure) -> MessageID? {
        if let id = MessageID(anyCase: name), try store.message(id) != nil { return id }
        for provider in providers {
            if let message = try store.message(provider: provider, named: name) {
                return message.id
            }
        }
        return nil
    }
}

extension Message {
    /// Whether waiting has no use any more: its status is final, or unknown with no status query
    /// left.
    fileprivate var isOver: Bool {
        shownStatus.isFinal || (isOurs && !isOpen && shownStatus == .unknown)
    }
}

/// Prints a message once, and then its changes.
struct MessagePrinter {
    private let asJSON: Bool
    private let write: (String) -> Void
    private var printed: Set<String> = []
    private var lastStatus: Status?
    private var lastDocument = ""

    init(asJSON: Bool, write: @escaping (String) -> Void = Output.line) {
        self.asJSON = asJSON
        self.write = write
    }

    mutating func print(
        _ message: Message, _ reports: [RecordedReport], _ events: [SendEvent]
    ) {
        if asJSON { return printDocument(message, reports, events) }
        let isFirst = lastStatus == nil
        if isFirst {
            for line in Self.head(of: message) { write(line) }
            write("")
            write(MessageTimeline.header)
        }
        for row in MessageTimeline(message, reports, events).rows
        where printed.insert(row.key).inserted {
            write(MessageTimeline.line(row))
        }
        if !isFirst, lastStatus != message.shownStatus {
            write("status    " + Self.status(of: message))
        }
        lastStatus = message.shownStatus
    }

    private mutating func printDocument(
        _ message: Message, _ reports: [RecordedReport], _ events: [SendEvent]
    ) {
        let document = String(
            decoding: JSONWriter.document { json in
                json.key("message")
                json.raw(MessageView.message(message))
                json.key("timeline")
                json.raw(MessageView.timeline(of: message, reports: reports, events: events))
            }, as: UTF8.self)
        if document != lastDocument { write(document) }
        lastDocument = document
    }

    private static func status(of message: Message) -> String {
        message.shownStatus.rawValue + (message.shownStatus.isFinal ? " (final)" : "")
    }

    private static func head(of message: Message) -> [String] {
        var lines = [("message", message.id.description), ("status", status(of: message))]
        lines.append(("to", message.recipient ?? "unknown"))
        if let sender = message.sender { lines.append(("from", sender)) }
        lines.append(("provider", message.provider.name))
        if let name = message.providerMessageID { lines.append(("its id", name)) }
        if let sending = message.sending {
            lines.append(("SMS", "\(sending.segments), \(sending.encoding.rawValue)"))
            lines.append(("attempts", "\(sending.attempts)"))
            if let time = sending.sendAt { lines.append(("send at", time.description)) }
        }
        if message.parts != nil, let counts = message.partCounts {
            lines.append(("parts", "\(counts.delivered) of \(counts.total) delivered"))
        }
        return lines.map { name, value in
            MessageTimeline.printable(
                name + String(repeating: " ", count: 10 - name.count) + value)
        }
    }
}
