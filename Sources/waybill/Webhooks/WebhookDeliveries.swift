import Domain
import Store

/// `waybill webhook deliveries`, `attempts` and `resend`.
enum WebhookDeliveries {
    private static let filters: Set<String> = [
        "webhook", "state", "event", "message", "since", "until",
    ]

    static func list(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: filters.union(["limit"]))
        let filter = try filter(arguments)
        let limit = try arguments.integer("limit", in: 1...10_000) ?? 50
        let found = try WebhookCommand.with { store throws(StoreFailure) in
            try store.deliveries(of: filter, before: nil, limit: limit)
        }
        for record in found {
            let next = record.state == .waiting ? "next at \(record.dueAt)" : ""
            let columns = [
                "\(record.number)", record.webhook.description, record.type.rawValue,
                record.occurredAt.description, record.state.name, "\(record.attempts) attempts",
                record.answer.map { "\($0)" } ?? "no answer",
                record.message?.description ?? "", record.status?.rawValue ?? "", next,
            ]
            Output.line(columns.joined(separator: "\t"))
        }
        return 0
    }

    static func attempts(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, positional: 1...1)
        let number = try number(arguments.positional[0])
        let found = try WebhookCommand.with { store throws(StoreFailure) in
            try store.delivery(number, attempts: 1000)
        }
        guard let found else { throw CommandFailure("there is no delivery \(number)") }
        Output.line("\(found.record.type.rawValue)\t\(found.record.state.name)")
        for attempt in found.attempts.reversed() {
            let columns = [
                "\(attempt.number)", attempt.at.description, "\(attempt.milliseconds) ms",
                attempt.status.map { "\($0)" } ?? "no answer", attempt.problem ?? "delivered",
                attempt.answer ?? "",
            ]
            Output.line(columns.map(MessageTimeline.printable).joined(separator: "\t"))
        }
        return 0
    }

    static func resend(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words, options: filters, flags: ["all"], positional: 0...1000)
        var filter = try filter(arguments)
        let hasFilter = filter != DeliveryFilter()
        let numbers = try arguments.positional.map(number)
        guard [hasFilter, arguments.has("all"), !numbers.isEmpty].count(where: { $0 }) == 1 else {
            throw CommandFailure(.usage, "give numbers, or filters, or --all")
        }
        if !numbers.isEmpty { filter.numbers = numbers }
        // What is enqueued from now on is sent anyway.
        filter.until = filter.until ?? .now
        let interruption = Interruption()
        return try WebhookCommand.with { [filter] store throws(StoreFailure) in
            var bar = ProgressBar(of: "deliveries")
            var queued = 0
            var after: Int64 = 0
            while true {
                let began = ContinuousClock.now
                let portion = try store.resend(filter, after: after, by: .commandLine)
                queued += portion.queued
                after = portion.last
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

    private static func number(_ text: String) throws(CommandFailure) -> Int64 {
        guard let number = Int64(text), number > 0 else {
            throw CommandFailure(.usage, "\"\(text)\" is no delivery's number")
        }
        return number
    }

    private static func filter(_ arguments: Arguments) throws(CommandFailure) -> DeliveryFilter {
        var filter = DeliveryFilter()
        if let text = arguments.value("webhook") {
            guard let id = WebhookID(anyCase: text) else {
                throw CommandFailure(.usage, "--webhook takes the id of a webhook")
            }
            filter.webhook = id
        }
        if let text = arguments.value("state") {
            guard let state = DeliveryRecord.State.allCases.first(where: { $0.name == text }) else {
                throw CommandFailure(
                    .usage, "--state takes waiting, delivered or never_delivered")
            }
            filter.state = state
        }
        if let text = arguments.value("event") {
            guard let type = WebhookEventType(rawValue: text) else {
                throw CommandFailure(.usage, "--event takes the type of an event")
            }
            filter.type = type
        }
        if let text = arguments.value("message") {
            guard let id = MessageID(anyCase: text) else {
                throw CommandFailure(.usage, "--message takes the id of a message")
            }
            filter.message = id
        }
        filter.since = try FilterArguments.time("since", arguments)
        filter.until = try FilterArguments.time("until", arguments)
        return filter
    }
}
