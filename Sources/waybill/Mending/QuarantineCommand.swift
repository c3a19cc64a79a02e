import Domain
import Foundation
import Postgres
import Providers
import Settings
import Store

/// `waybill quarantine`: what could not be read or stored, and replaying it.
enum QuarantineCommand {
    static let help = """
        usage: waybill quarantine list [FILTER…] [--limit N]
               waybill quarantine show ID
               waybill quarantine replay ID… | FILTER… | --all
               waybill quarantine delete ID…

        list prints a line for each part that could not be read or stored, the latest first: id, time,
        provider, reason, place, callback, bytes, and what was wrong. show writes the bytes that are kept of
        it to standard output. replay authenticates the parts' callbacks again, with the secrets that are
        set now, and reads them again; what can be read now is stored, and leaves the quarantine in the same
        transaction. Connects with DATABASE_URL; replay reads the providers' settings as serve does.

        Filters, of which all must hold:
          --provider NAME             of this provider
          --reason WORD               for this reason
          --since TIME                received not before then, as in 2026-11-20T00:00:00Z
          --until TIME                received before then
          --callback ID               of this callback
          --authenticated true|false  whether the provider had proved itself

          --all                       replay everything
          --limit N                   how many to list, 50 unless given, up to 10000

        Ctrl-C ends a replay after the batch that it is at; it can be repeated.

        Exit status 0; 1 if the database does not answer or no row of this id is there; 3 if a callback is
        not authenticated or readable now either.
        """

    private static let filters: Set = [
        "provider", "reason", "since", "until", "callback", "authenticated",
    ]
    private static let batch = 100

    static func run(_ words: [String]) throws -> Int32 {
        guard let verb = words.first else {
            throw CommandFailure(.usage, "list, show, replay or delete is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "list":
            let arguments = try Arguments(rest, options: filters.union(["limit"]))
            let limit = try arguments.integer("limit", in: 1...10_000) ?? 50
            return try list(filter(arguments), limit)
        case "show":
            return try show(id(Arguments(rest, positional: 1...1).positional[0]))
        case "replay":
            let arguments = try Arguments(
                rest, options: filters, flags: ["all"], positional: 0...10_000)
            var filter = try filter(arguments)
            let hasFilter = filter != QuarantineFilter()
            let ids = try arguments.positional.map(id)
            guard [hasFilter, arguments.has("all"), !ids.isEmpty].count(where: { $0 }) == 1 else {
                throw CommandFailure(.usage, "give ids, or filters, or --all")
            }
            if !ids.isEmpty { filter.ids = ids }
            return try replay(filter)
        case "delete":
            return try delete(Arguments(rest, positional: 1...10_000).positional.map(id))
        default:
            throw CommandFailure(
                .usage, "there is no \"\(verb)\" here; known: list, show, replay, delete")
        }
    }

    private static func id(_ text: String) throws(CommandFailure) -> Int64 {
        guard let id = Int64(text), id > 0 else {
            throw CommandFailure(.usage, "\"\(text)\" is no row's id")
        }
        return id
    }

    private static func filter(_ arguments: Arguments) throws(CommandFailure) -> QuarantineFilter {
        var filter = QuarantineFilter()
        filter.provider = try FilterArguments.provider(arguments)
        filter.reason = arguments.value("reason")
        filter.since = try FilterArguments.time("since", arguments)
        filter.until = try FilterArguments.time("until", arguments)
        if let text = arguments.value("callback") {
            guard let id = CallbackID(anyCase: text) else {
                throw CommandFailure(.usage, "--callback takes the id of a callback")
            }
            filter.callback = id
        }
        if let text = arguments.value("authenticated") {
            guard ["true", "false"].contains(text) else {
                throw CommandFailure(.usage, "--authenticated takes true or false")
            }
            filter.isAuthenticated = text == "true"
        }
        return filter
    }

    private static func list(_ filter: QuarantineFilter, _ limit: Int) throws -> Int32 {
        let parts = try with { store throws(StoreFailure) in
            try store.page(of: filter, before: nil, limit: limit)
        }
        for part in parts {
            let columns = [
                "\(part.id)", part.receivedAt.description, part.provider.name, part.reason,
                part.place, part.callback.description, "\(part.bytes) bytes",
                part.isAuthenticated ? "authenticated" : "not authenticated", part.detail,
            ]
            Output.line(columns.map(MessageTimeline.printable).joined(separator: "\t"))
        }
        return 0
    }

    private static func show(_ id: Int64) throws -> Int32 {
        let found = try with { store throws(StoreFailure) in try store.part(id) }
        guard let found else { throw unknown(id) }
        FileHandle.standardOutput.write(Data(found.excerpt))
        return 0
    }

    private static func delete(_ ids: [Int64]) throws -> Int32 {
        let missing = try with { store throws(StoreFailure) -> [Int64] in
            var missing: [Int64] = []
            for id in ids {
                if try !store.delete(id, by: .commandLine) { missing.append(id) }
            }
            return missing
        }
        if let id = missing.first { throw unknown(id) }
        return 0
    }

    private static func unknown(_ id: Int64) -> CommandFailure {
        CommandFailure("no row \(id) is in quarantine")
    }

    private static func with<Value>(
        _ body: (QuarantineStore) throws(StoreFailure) -> Value
    ) throws -> Value {
        _ = ProviderKits.all
        var environment = Environment()
        let database = try environment.requiredDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            try body(QuarantineStore(pool, logger: logger))
        }
    }

    /// What came of all callbacks.
    private struct Tally {
        var callbacks = 0
        var reports = 0
        var released = 0
        var refused = 0
        var unreadable = 0
        var gone = 0

        mutating func add(_ result: QuarantineReplay.Result) throws(CommandFailure) {
            callbacks += 1
            switch result {
            case .replayed(let outcome):
                reports += outcome.reports
                released += outcome.released
            case .refused, .notReceived: refused += 1
            case .unreadable: unreadable += 1
            case .failed: gone += 1
            case .notStored(let failure): throw CommandWriter.failure(failure)
            }
        }
    }

    private static func replay(_ filter: QuarantineFilter) throws -> Int32 {
        let interruption = Interruption()
        var environment = Environment()
        let (database, webhooks, optOuts) = try environment.receivingDatabase()
        let writer = CommandWriter(database, optOuts: optOuts)
        defer { writer.stop() }
        var tally = Tally()
        var after: Int64?
        var bar = ProgressBar(of: "callbacks")
        while !interruption.isWanted {
            let began = ContinuousClock.now
            let results = try CommandDatabase.with(database) {
                pool, logger throws(StoreFailure) -> [QuarantineReplay.Result] in
                let store = QuarantineStore(pool, logger: logger)
                let ids = try store.callbacks(of: filter, after: after, limit: batch)
                guard let last = ids.last else { return [] }
                if after == nil {
                    try AuditLog(pool, logger: logger).write(
                        AuditEntry(
                            .replayCallbacks, of: "quarantine", by: .commandLine, at: .now,
                            detail: [
                                "filter": String(decoding: filter.canonicalForm, as: UTF8.self)
                            ]
                        ))
                }
                after = last
                let replay = QuarantineReplay(store, webhooks: webhooks, sink: writer.sink)
                let results = Awaited<QuarantineReplay.Result>(ids.count)
                for id in ids { try replay.replay(id) { results.add($0) } }
                return results.wait()
            }
            if results.isEmpty { break }
            for result in results { try tally.add(result) }
            bar.show(tally.callbacks, share: nil)
            interruption.rest(after: .now - began)
        }
        bar.clear()
        guard tally.callbacks > 0 else {
            if let id = filter.ids?.first { throw unknown(id) }
            Output.line("nothing is in quarantine")
            return 0
        }
        Output.line(
            "\(tally.callbacks) callbacks replayed: \(tally.reports) reports,"
                + " \(tally.released) parts left the quarantine; \(tally.refused) not authenticated,"
                + " \(tally.unreadable) not readable, \(tally.gone) no longer kept"
                + (interruption.isWanted ? "; interrupted" : ""))
        return tally.refused + tally.unreadable + tally.gone > 0 ? 3 : 0
    }
}
