import Domain
import Foundation
import Postgres
import Providers
import Settings
import Store

/// `waybill dead-letters`: the messages that were given up, and sending them again.
enum DeadLettersCommand {
    static let help = """
        usage: waybill dead-letters list [FILTER…] [--limit N]
               waybill dead-letters retry ID…
               waybill dead-letters retry FILTER… | --all

        list prints a line for each message that was given up, the latest first: id, time, provider,
        number, attempts, status, whether it can be sent again, and why it was given up. retry queues
        messages again: they keep their ids and have all of their attempts and time again. Connects with
        DATABASE_URL.

        Filters, of which all must hold:
          --provider NAME      given up at this provider
          --code CODE          for this reason
          --since TIME         not before then, as in 2026-11-20T00:00:00Z
          --until TIME         before then
          --send-request ID    of this send request
          --to NUMBER          to this number

          --all                retry all that can be sent again
          --limit N            how many to list, 50 unless given, up to 10000

        With a filter, messages that the provider may have sent (code undecided) are left out unless
        --code names them: their recipients might get them twice. Ctrl-C ends a retry after the batch that
        it is at; it can be repeated.

        Exit status 0; 1 if the database does not answer; 3 if one of the named messages cannot be sent
        again.
        """

    private static let filters: Set = [
        "provider", "code", "since", "until", "send-request", "to",
    ]

    static func run(_ words: [String]) throws -> Int32 {
        guard let verb = words.first else {
            throw CommandFailure(.usage, "list or retry is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "list":
            let arguments = try Arguments(rest, options: filters.union(["limit"]))
            let limit = try arguments.integer("limit", in: 1...10_000) ?? 50
            return try list(filter(arguments), limit)
        case "retry":
            let arguments = try Arguments(
                rest, options: filters, flags: ["all"], positional: 0...10_000)
            let filter = try filter(arguments)
            let hasFilter = filter != DeadLetterFilter()
            let ids = try arguments.positional.map { text throws(CommandFailure) in
                guard let id = MessageID(anyCase: text) else {
                    throw CommandFailure(.usage, "\"\(text)\" is no message's id")
                }
                return id
            }
            guard [hasFilter, arguments.has("all"), !ids.isEmpty].count(where: { $0 }) == 1 else {
                throw CommandFailure(.usage, "give ids, or filters, or --all")
            }
            return ids.isEmpty ? try retry(filter) : try retry(ids)
        default:
            throw CommandFailure(.usage, "there is no \"\(verb)\" here; known: list, retry")
        }
    }

    private static func filter(_ arguments: Arguments) throws(CommandFailure) -> DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.provider = try FilterArguments.provider(arguments)
        filter.code = arguments.value("code")
        filter.since = try FilterArguments.time("since", arguments)
        filter.until = try FilterArguments.time("until", arguments)
        if let text = arguments.value("send-request") {
            guard let id = SendRequestID(anyCase: text) else {
                throw CommandFailure(.usage, "--send-request takes the id of a send request")
            }
            filter.sendRequest = id
        }
        filter.recipient = try arguments.value("to").map(FilterArguments.number).map(\.description)
        return filter
    }

    private static func list(_ filter: DeadLetterFilter, _ limit: Int) throws -> Int32 {
        _ = ProviderKits.all
        var environment = Environment()
        let database = try environment.requiredDatabase()
        let letters = try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            try DeadLetterStore(pool, feed: ChangeFeed(), logger: logger)
                .page(of: filter, after: nil, limit: limit)
        }
        for letter in letters {
            let fate =
                letter.refusal.map { "cannot be sent again: \($0.rawValue)" }
                ?? (letter.mayHaveBeenSent ? "may have been sent" : "can be sent again")
            let columns = [
                letter.message.description, letter.at.description, letter.provider.name,
                letter.recipient, "\(letter.attempts) attempts",
                letter.status?.rawValue ?? "unknown", fate,
                "\(letter.problem.code) \(letter.problem.text)",
            ]
            Output.line(
                columns.map(MessageTimeline.printable).joined(separator: "\t"))
        }
        return 0
    }

    private static func retry(_ ids: [MessageID]) throws -> Int32 {
        try with { letters throws(StoreFailure) in
            var refused = 0
            for id in ids {
                switch try letters.retry(id, by: .commandLine) {
                case .queued: Output.line("\(id)\tqueued")
                case .unknown:
                    refused += 1
                    Output.line("\(id)\twas not given up, or is tried again already")
                case .refused(let refusal):
                    refused += 1
                    Output.line("\(id)\tcannot be sent again: \(refusal.rawValue)")
                }
            }
            return refused > 0 ? 3 : 0
        }
    }

    private static func retry(_ filter: DeadLetterFilter) throws -> Int32 {
        let interruption = Interruption()
        var filter = filter
        // What fails again at once must not be found again, without an end.
        filter.until = filter.until ?? .now
        return try with { letters throws(StoreFailure) in
            var bar = ProgressBar(of: "messages")
            var queued = 0
            while true {
                let began = ContinuousClock.now
                let portion = try letters.retry(filter, by: .commandLine)
                queued += portion.queued
                let isOver = portion.queued == 0 || portion.left.count == 0
                guard !isOver, !interruption.isWanted else {
                    bar.clear()
                    let left =
                        portion.left.isBound
                        ? "more than \(portion.left.count)" : "\(portion.left.count)"
                    Output.line("\(queued) queued again, \(left) left")
                    return 0
                }
                let all = queued + portion.left.count
                bar.show(queued, share: portion.left.isBound ? nil : Double(queued) / Double(all))
                interruption.rest(after: .now - began)
            }
        }
    }

    private static func with(
        _ body: (DeadLetterStore) throws(StoreFailure) -> Int32
    ) throws -> Int32 {
        _ = ProviderKits.all
        var environment = Environment()
        let database = try environment.requiredDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let notifier = PostgresNotifier(database, channel: .outbox)
            defer {
                notifier.notify()
                notifier.stop()
            }
            return try body(DeadLetterStore(pool, feed: ChangeFeed(), logger: logger))
        }
    }
}
