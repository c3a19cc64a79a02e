import Domain
import Foundation
import Postgres
import Providers
import Settings
import Store
import Web

/// `waybill opt-out`: who must get no messages.
enum OptOutCommand {
    static let help = """
        usage: waybill opt-out list [FILTER…] [--limit N]
               waybill opt-out show NUMBER
               waybill opt-out add NUMBER… [--from SENDER] [--note TEXT]
               waybill opt-out lift NUMBER… [--from SENDER]
               waybill opt-out import FILE
               waybill opt-out export [FILTER…]

        list prints a line for each number that is out, the latest first: number, sender, since when,
        who said so, and what. show prints all that was said about a number, and whether it is out.
        add puts numbers out, which only lift takes back: a START of the person does not. lift takes
        back the person's own word, too. import reads a CSV file with the columns to, from and
        detail, of which only the first is needed; all are added, or none is. export writes such a file
        to standard output. Connects with DATABASE_URL.

        Filters, of which all must hold:
          --number NUMBER    of this number
          --source WORD      word, intent, provider_event, status_report or operator
          --provider NAME    told by this provider
          --since TIME       recorded not before then, as in 2026-11-20T00:00:00Z
          --until TIME       recorded before then

          --limit N          how many to list, 50 unless given, up to 10000

        Exit status 0; 1 if the database does not answer or a number that is to be lifted is not out;
        3 of show if the number is out; 65 if a number or a line of the file is not in order.
        """

    private static let filters: Set = ["number", "source", "provider", "since", "until"]
    private static let page = 200

    static func run(_ words: [String]) throws -> Int32 {
        guard let verb = words.first else {
            throw CommandFailure(.usage, "list, show, add, lift, import or export is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "list":
            let arguments = try Arguments(rest, options: filters.union(["limit"]))
            let limit = try arguments.integer("limit", in: 1...10_000) ?? 50
            return try list(filter(arguments), limit)
        case "show": return try show(Arguments(rest, positional: 1...1).positional[0])
        case "add":
            let arguments = try Arguments(
                rest, options: ["from", "note"], positional: 1...10_000)
            let entries = try arguments.positional.map(FilterArguments.number).map { number in
                OptOutEntry(
                    of: number, sender: arguments.value("from"), isOut: true,
                    note: arguments.value("note"), by: .commandLine)
            }
            return try add(entries, .addOptOut)
        case "lift":
            let arguments = try Arguments(rest, options: ["from"], positional: 1...10_000)
            return try lift(
                arguments.positional.map(FilterArguments.number), from: arguments.value("from"))
        case "import": return try importFile(Arguments(rest, positional: 1...1).positional[0])
        case "export": return try export(filter(Arguments(rest, options: filters)))
        default:
            throw CommandFailure(
                .usage,
                "there is no \"\(verb)\" here; known: list, show, add, lift, import, export")
        }
    }

    private static func filter(_ arguments: Arguments) throws(CommandFailure) -> OptOutFilter {
        var filter = OptOutFilter()
        filter.provider = try FilterArguments.provider(arguments)
        filter.since = try FilterArguments.time("since", arguments)
        filter.until = try FilterArguments.time("until", arguments)
        if let text = arguments.value("number") {
            filter.recipient = try FilterArguments.number(text).description
        }
        if let name = arguments.value("source") {
            guard let source = OptOutEntry.Source.allCases.first(where: { $0.name == name }) else {
                let known = OptOutEntry.Source.allCases.map(\.name).joined(separator: ", ")
                throw CommandFailure(.usage, "--source takes one of \(known)")
            }
            filter.source = source
        }
        return filter
    }

    /// Calls a body with the entries that hold, page by page, at most so many.
    private static func each(
        _ filter: OptOutFilter, upTo limit: Int, _ body: (OptOutEntry) -> Void
    ) throws {
        try with { store throws(StoreFailure) in
            var position: OptOutPosition?
            var left = limit
            repeat {
                let found = try store.page(
                    of: filter, before: position, limit: min(left, page))
                for entry in found.entries { body(entry) }
                left -= found.entries.count
                position = found.next
            } while position != nil && left > 0
        }
    }

    private static func list(_ filter: OptOutFilter, _ limit: Int) throws -> Int32 {
        try each(filter, upTo: limit) { Output.line(line($0)) }
        return 0
    }

    private static func show(_ text: String) throws -> Int32 {
        let number = try FilterArguments.number(text).description
        let (history, deciding) = try with { store throws(StoreFailure) in
            (try store.history(of: number, limit: 1000), try store.deciding(of: number))
        }
        let holding = Set(OptOutStanding.holding(deciding).map(\.id))
        for entry in history {
            let state = entry.isOut ? (holding.contains(entry.id) ? "out" : "was out") : "in"
            Output.line(state + "\t" + line(entry))
        }
        Output.line(holding.isEmpty ? "not out" : "out")
        return holding.isEmpty ? 0 : 3
    }

    private static func line(_ entry: OptOutEntry) -> String {
        let isErased = entry.recipient.hasPrefix("#")
        let columns = [
            isErased ? "(erased)" : entry.recipient, entry.sender ?? "all senders",
            entry.at.description, entry.source.name, entry.provider?.name ?? "",
            entry.detail ?? "", entry.principal?.name ?? "",
        ]
        return columns.map(MessageTimeline.printable).joined(separator: "\t")
    }

    private static func add(_ entries: [OptOutEntry], _ act: AuditEntry.Action) throws -> Int32 {
        try with { store throws(StoreFailure) in try store.add(entries, act, by: .commandLine) }
        return 0
    }

    private static func lift(_ numbers: [PhoneNumber], from sender: String?) throws -> Int32 {
        let missing = try with { store throws(StoreFailure) -> [PhoneNumber] in
            var missing: [PhoneNumber] = []
            for number in numbers {
                let deciding = try store.deciding(of: number.description)
                let lifts = OptOutEntry.lifting(
                    deciding, of: number, sender: sender, by: .commandLine)
                if lifts.isEmpty { missing.append(number) }
                try store.add(lifts, .liftOptOut, by: .commandLine)
            }
            return missing
        }
        guard let first = missing.first else { return 0 }
        throw CommandFailure(
            missing.count == 1
                ? "\(first) is not out" : "\(missing.count) numbers are not out, \(first) is one")
    }

    private static func importFile(_ path: String) throws -> Int32 {
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: Array(data), as: UTF8.self)
        else { throw CommandFailure("cannot read \(path), or it is not UTF-8") }
        let entries: [OptOutEntry]
        do throws(Problem) {
            entries = try OptOutDraft(csv: text).entries(by: .commandLine)
        } catch {
            let lines = (error.fields?.list ?? []).map { "  \($0.field): \($0.detail)" }
            let place = error.place.map { "\($0): " } ?? ""
            throw CommandFailure(
                ([place + error.detail] + lines).joined(separator: "\n"), exitStatus: 65)
        }
        let status = try add(entries, .importOptOuts)
        Output.line("\(entries.count) numbers are out")
        return status
    }

    private static func export(_ filter: OptOutFilter) throws -> Int32 {
        var table = OptOutTable()
        Output.text(table.takeText())
        try each(filter, upTo: .max) { entry in
            table.row(entry)
            Output.text(table.takeText())
        }
        return 0
    }

    private static func with<Value>(
        _ body: (OptOutStore) throws(StoreFailure) -> Value
    ) throws -> Value {
        _ = ProviderKits.all
        var environment = Environment()
        let database = try environment.requiredDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            try body(OptOutStore(pool, logger: logger))
        }
    }
}
