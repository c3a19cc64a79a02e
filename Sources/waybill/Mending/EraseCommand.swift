import Domain
import Foundation
import Postgres
import Providers
import Security
import Settings
import Store

/// `waybill erase`: erases all that is kept of one number.
enum EraseCommand {
    static let help = """
        usage: waybill erase NUMBER

        Erases a number everywhere, for somebody who asks for it: messages that wait to be sent to it are
        cancelled; its messages and their reports lose the number, callback data and the provider's other
        fields; texts and metadata go where all recipients of their send request have been erased; archived
        callbacks and quarantined parts that hold the number are deleted, with whatever else is in them, and so
        are the messages from it. Events for webhooks lose it, and their receivers' answers that hold it go. Of
        its opt-outs a digest stays, so that nobody writes to it again. Rows
        of messages and reports stay, without anything that somebody could be told by, so that all counts stay
        right and a repeated callback is still known. Connects with MIGRATE_DATABASE_URL, or else with
        DATABASE_URL: the role must own the tables.

        Refuses while the spool of WAYBILL_SPOOL_DIRECTORY holds callbacks, which might bring the number back:
        run waybill spool drain before. With WAYBILL_SPOOL=always it goes on: what is there is in the database
        as well, and leaves the spool after its window.

        The audit gets a keyed digest of the number, and how much was erased. What comes later is not erased:
        the command can be repeated. It does not reach what was exported or backed up.

        It works beside a running service, in small portions with pauses; the archive is read as a whole.
        Ctrl-C ends it after its portion.

        Exit status 0; 1 if the database does not answer; 3 if messages are left, because they are being sent
        just now or it was interrupted: repeat it.
        """

    private static let span = Duration.seconds(3600)

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, positional: 1...1)
        let number = try FilterArguments.number(arguments.positional[0])
        let interruption = Interruption()
        _ = ProviderKits.all
        var environment = Environment()
        let directory = environment.text(WaybillSettings.spoolDirectory)
        let database = try environment.owningDatabase()
        let spooled = try VerifyCommand.spooled(directory)
        // What is written to both is in the database, and leaves the spool by itself.
        let mode: SpoolState.Mode = environment.choice(WaybillSettings.spoolMode)
        guard spooled.isEmpty || mode == .always else {
            throw CommandFailure(
                "the spool in \(directory ?? "") holds \(spooled.count) callbacks that are not in the"
                    + " database; empty it first, with waybill spool drain")
        }
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let notifier = PostgresNotifier(database, channel: .changes)
            defer { notifier.stop() }
            let eraser = NumberEraser(
                of: number, pool, feed: ChangeFeed([ChangeNotifier(notifier)]), logger: logger)
            let digest = try digest(of: number, SigningSecretStore(pool, logger: logger))
            var result = NumberEraser.Result()
            try erase(eraser, &result, interruption)
            try eraser.audit(digest: digest, result, by: .commandLine)
            let left = try eraser.left()
            Output.line(
                "\(result.messages) messages and \(result.reports) reports without the number now,"
                    + " \(result.cancelled) of them cancelled; \(result.sendRequests) texts,"
                    + " \(result.callbacks) callbacks, \(result.quarantined) quarantined parts,"
                    + " \(result.deadLetters) dead letters, \(result.inbound) messages from it and the number"
                    + " in \(result.deliveries) events for webhooks erased")
            if left > 0 {
                Output.line("\(left) messages are left, since they are being sent; repeat this")
            } else if interruption.isWanted {
                Output.line("interrupted; repeat this")
            }
            return left > 0 || interruption.isWanted ? 3 : 0
        }
    }

    private static func erase(
        _ eraser: NumberEraser, _ result: inout NumberEraser.Result, _ interruption: Interruption
    ) throws(StoreFailure) {
        var began = ContinuousClock.now
        while !interruption.isWanted, try eraser.cancel(by: .commandLine, &result) {
            interruption.rest(after: .now - began)
            began = .now
        }
        while !interruption.isWanted, try eraser.eraseMessages(&result) {
            interruption.rest(after: .now - began)
            began = .now
        }
        if !interruption.isWanted { try eraser.eraseTexts(&result) }
        try eraseArchive(eraser, &result, interruption)
    }

    /// An hour after the other; what is before the partitions first.
    private static func eraseArchive(
        _ eraser: NumberEraser, _ result: inout NumberEraser.Result, _ interruption: Interruption
    ) throws(StoreFailure) {
        // Partitions of the days to come are there, too.
        let end = Timestamp.now.advanced(by: .seconds(86_400))
        let start = try eraser.archiveStart() ?? end
        var bar = ProgressBar(of: "callbacks erased")
        var place = Timestamp(microseconds: 0)
        while place < end, !interruption.isWanted {
            let began = ContinuousClock.now
            let next = place < start ? start : min(end, place.advanced(by: span))
            try eraser.eraseCallbacks(in: place..<next, &result)
            place = next
            bar.show(
                result.callbacks,
                share: place.since(start) / max(end.since(start), .seconds(1)),
                at: String(place.description.prefix(13)))
            interruption.rest(after: .now - began)
        }
        bar.clear()
    }

    /// Of the number, with a key that is in the database alone.
    private static func digest(
        of number: PhoneNumber, _ secrets: SigningSecretStore
    ) throws(StoreFailure) -> String {
        guard let secret = Secret(try secrets.secret(for: .cursor)),
            let key = try? HMACKey(secret)
        else { throw StoreFailure(.failed, "there is no secret to make a digest with") }
        let code = key.code(for: Array("erased number \(number)".utf8))
        return "hmac-sha256:" + Hexadecimal.encode(code)
    }
}
