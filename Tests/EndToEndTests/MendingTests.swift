import Foundation
import TestSupport
import Testing

@Suite("Verify, replay, rebuild, erase and retain", .timeLimit(.minutes(10)))
struct MendingTests {
    /// A demo of its own: what others write into a shared one is changed by hand there.
    private struct Site {
        let demo: RunningDemo
        private let settings: [String: String]

        init() throws {
            demo = try RunningDemo()
            // The providers' secrets, as the responder has them.
            let variables = try String(
                contentsOfFile: "/proc/\(demo.document.pids.responder)/environ", encoding: .utf8
            ).split(separator: "\0").compactMap { line -> (String, String)? in
                guard let sign = line.firstIndex(of: "=") else { return nil }
                return (String(line[..<sign]), String(line[line.index(after: sign)...]))
            }
            settings = Dictionary(variables) { _, last in last }.merging([
                "MIGRATE_DATABASE_URL": demo.document.admin_database_url
            ]) { $1 }
        }

        func run(_ words: String...) throws -> WaybillProgram.Outcome {
            try WaybillProgram.run(words, settings)
        }

        /// Posts reports, each in a callback of its own, and returns the callbacks' ids.
        func post(_ names: [String], to number: String = "447700900123") throws -> [String] {
            try names.map { name in
                let result = InfobipBody.result(name).replacing("447700900123", with: number)
                let answer = try demo.infobip(InfobipBody.of([result]))
                #expect(answer.status == 200)
                let id = try demo.sql(
                    """
                    select callback_id from report
                    where message_id = '\(demo.message(name)?["id"].string ?? "")'
                    """)
                #expect(id.count == 36, "\(id)")
                return id
            }
        }

        /// Checks receipts.
        func verify(_ receipts: [String], _ words: String...) throws -> WaybillProgram.Outcome {
            let folder = try TemporaryDirectory()
            let file = folder.path(of: "receipts")
            try receipts.joined(separator: "\n").write(
                toFile: file, atomically: true, encoding: .utf8)
            return try WaybillProgram.run(["verify", "--receipts", file] + words, settings)
        }
    }

    @Test("What is lost is told, what the archive has comes back, and counts are right again")
    func verifyReplayRebuild() throws {
        let site = try Site()
        defer { _ = try? site.demo.stop() }
        let names = (0..<3).map { _ in uniqueName("mending") }
        let receipts = try site.post(names)
        let sound = try site.verify(receipts)
        #expect(sound.exit == .status(0), "\(sound.output)\(sound.errors)")
        for receipt in receipts { #expect(sound.output.contains("\(receipt)\tledger\n")) }
        #expect(sound.output.contains("3 receipts: 3 ledger, 0 quarantine, 0 archive, 0 lost\n"))
        let rebuilt = try site.run("rebuild", "--dry-run")
        #expect(rebuilt.exit == .status(0), "\(rebuilt.output)\(rebuilt.errors)")

        // As if an older parser had not been able to read it.
        try site.demo.sql(
            """
            delete from report where callback_id = '\(receipts[1])';
            delete from message where id not in (select message_id from report);
            """)
        let unknown = "01900000-0000-7000-8000-000000000001"
        let lost = try site.verify(receipts + [unknown])
        #expect(lost.exit == .status(1))
        #expect(lost.output.contains("\(receipts[1])\tarchive\n"), "\(lost.output)")
        #expect(lost.output.contains("\(unknown)\tlost\n"))
        #expect(lost.output.contains("4 receipts: 2 ledger, 0 quarantine, 1 archive, 1 lost\n"))

        let from = try site.demo.sql(
            "select to_char(min(received_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
                + " from callback")
        let look = try site.run("replay", "--from", from, "--dry-run")
        #expect(look.exit == .status(3), "\(look.errors)")
        #expect(look.output.contains("3 reports, 1 of them not in the ledger"), "\(look.output)")
        #expect(try site.demo.message(names[1]) == nil)
        let replayed = try site.run("replay", "--from", from, "--provider", "infobip")
        #expect(replayed.exit == .status(0), "\(replayed.errors)")
        #expect(replayed.output.contains("3 reports, 1 of them new"), "\(replayed.output)")
        #expect(try site.demo.status(names[1]) == "delivered")
        #expect(try site.demo.count("select count(*) from callback") == 3)

        // The report was deleted by hand, and counted before.
        let off = try site.verify(receipts)
        #expect(off.exit == .status(1) && off.output.contains("tally: 1 reports in 1 rows differ"))
        try site.demo.sql(
            "update message set status = 5 where id = (select min(id::text)::uuid from message)")
        let dry = try site.run("rebuild", "--dry-run")
        #expect(dry.exit == .status(3))
        #expect(dry.output.contains("undeliverable -> delivered"), "\(dry.output)")
        let mended = try site.run("rebuild")
        #expect(mended.exit == .status(0), "\(mended.errors)")
        #expect(mended.output.contains("1 statuses corrected"), "\(mended.output)")
        let after = try site.verify(receipts)
        #expect(after.exit == .status(0), "\(after.output)\(after.errors)")
        let retained = try site.run("retain")
        #expect(retained.exit == .status(0), "\(retained.output)\(retained.errors)")
    }

    @Test("A number is erased everywhere, and nothing that is counted changes")
    func erase() throws {
        let site = try Site()
        defer { _ = try? site.demo.stop() }
        let number = "447700900777"
        let receipts = try site.post([uniqueName("erase"), uniqueName("erase")], to: number)
        let others = try site.post([uniqueName("kept")])
        _ = try site.demo.infobip(InfobipBody.of([#"{"to":"\#(number)","messageId":"x"}"#]))
        let send = try WaybillProgram.run(
            [
                "send", "--to", "+" + number, "--text", "Your code is 1234", "--provider",
                "infobip", "--send-at",
                Date().addingTimeInterval(3600).ISO8601Format(),
            ], ["DATABASE_URL": site.demo.document.database_url])
        #expect(send.exit == .status(0), "\(send.errors)")
        // What a webhook has not been told yet, and what one answered.
        try site.demo.sql(
            """
            insert into webhook (id, url, event_types, concurrency, state, has_numbers)
            values (gen_random_uuid(), 'https://example.com/', '{2}', 1, 2, true);
            select enqueue_webhook(
                2::smallint, '{"id":"an event"}', '{"from":"+\(number)","to":"12345"}');
            insert into webhook_attempt (delivery, at, milliseconds, number, answer)
            select number, now(), 1, 1, 'no \(number) here' from webhook_delivery;
            """)
        let erased = try site.run("erase", "+44 7700 900777")
        #expect(erased.exit == .status(0), "\(erased.output)\(erased.errors)")
        #expect(
            erased.output.hasPrefix("3 messages and 2 reports without the number now, 1 of them"),
            "\(erased.output)")
        for table in [
            "message", "report", "outbox", "event", "send_request", "dead_letter", "audit",
            "idempotency_key", "quarantine", "callback", "webhook_delivery", "webhook_attempt",
        ] {
            let text =
                table == "callback" || table == "quarantine"
                ? "encode(\(table == "callback" ? "body" : "excerpt"), 'escape') || t::text"
                : "t::text"
            #expect(
                try site.demo.count(
                    "select count(*) from \(table) as t where \(text) like '%\(number)%'") == 0,
                "\(table)")
        }
        #expect(
            try site.demo.sql("select data::text from webhook_delivery where data is not null")
                == #"{"id": "an event", "to": "12345", "from": null}"#)
        #expect(
            try site.demo.count("select count(*) from send_request where body <> ''") == 0)
        // The other number's callback, and all counts, are as they were.
        let verified = try site.verify(receipts + others)
        #expect(verified.exit == .status(0), "\(verified.output)\(verified.errors)")
        #expect(verified.output.contains("\(others[0])\tledger\n"))
        let entry = try site.demo.sql(
            "select object from audit where action = 'number.erase'")
        #expect(entry.hasPrefix("hmac-sha256:") && entry.utf8.count == 76)
        let again = try site.run("erase", number)
        #expect(again.exit == .status(0))
        #expect(again.output.hasPrefix("0 messages and 0 reports"), "\(again.output)")
        #expect(
            try site.demo.sql("select distinct object from audit where action = 'number.erase'")
                == entry)
    }
}
