import Foundation
import Glibc
import TestSupport
import Testing

/// The spool behind nginx, with a PostgreSQL that fails in several ways.
@Suite("The spool", .serialized, .timeLimit(.minutes(10)))
struct SpoolSystemTests {
    /// With the deadline of a commit, every callback has its answer by then.
    private static let longest: Duration = .seconds(2)

    private func spool(_ demo: RunningDemo) throws -> JSON {
        try JSON(demo.api("/health/ready", key: .some(nil)))["spool"]
    }

    /// Waits until all is in the database, and nothing is left in the spool.
    private func expectAll(_ receipts: Receipts, in demo: RunningDemo) throws {
        let isDone = try waitUntil(within: .seconds(40)) {
            try demo.api("/health/ready", key: .some(nil)).status == 200
                && spool(demo)["bytes"].int == 0 && receipts.missing(in: demo).isEmpty
        }
        let missing = try receipts.missing(in: demo).count
        #expect(isDone, "\(missing) of \(receipts.all.count) are missing")
        #expect(Set(receipts.all.map(\.id)).count == receipts.all.count)
        for receipt in receipts.all.suffix(3) {
            #expect(try demo.api("/v1/callbacks/\(receipt.id)").status == 200)
        }
    }

    @Test("While PostgreSQL hangs, is killed or reads only, callbacks get 200 with a receipt")
    func outages() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        var receipts = Receipts()
        // The key is remembered from now on.
        #expect(try demo.api("/v1/status").status == 200)
        try receipts.post(to: demo)
        #expect(receipts.all.count == 1 && receipts.all[0].id.count == 36)

        try hang(demo, &receipts)
        try killPostgres(demo, &receipts)
        try readOnly(demo, &receipts)
        try killResponder(demo, &receipts)
        #expect(receipts.others.isEmpty)
        #expect(receipts.all.map(\.took).max() ?? .zero < Self.longest)
        expectCleanLog(demo.responderLog, hiding: demo.document)
    }

    private func hang(_ demo: RunningDemo, _ receipts: inout Receipts) throws {
        let outage = try Outage(of: demo)
        for _ in 0..<50 { try receipts.post(to: demo) }
        let ready = try demo.api("/health/ready", key: .some(nil))
        #expect(ready.status == 503)
        #expect(try JSON(ready)["spool"]["accepts"].bool == true)
        #expect(try JSON(ready)["spool"]["callbacks"].int == 50)
        let status = try JSON(demo.api("/v1/status"))
        #expect(status["spool"]["oldest_age_seconds"].int != nil)
        #expect(status["database"]["away_since"].string != nil)
        // Nothing waits at the provider.
        #expect(status["providers"]["plivo"]["minutes_until_provider_gives_up"].isNull)
        outage.end()
        try expectAll(receipts, in: demo)
        let metrics = try PrometheusText(demo.api("/metrics", key: .some(nil))).samples
        #expect(metrics["waybill_spool_callbacks_total"] == 50)
        #expect((metrics["waybill_spool_drained_total"] ?? 0) >= 50)
    }

    private func killPostgres(_ demo: RunningDemo, _ receipts: inout Receipts) throws {
        let old = try demo.currentDocument.pids.postgres
        kill(old, SIGKILL)
        // Until it is back, and a little longer.
        var isBack = false
        let end = ContinuousClock.now + .seconds(30)
        while !isBack, .now < end {
            for _ in 0..<5 { try receipts.post(to: demo) }
            isBack = (try? demo.sql("select 1")) == "1"
        }
        #expect(isBack)
        for _ in 0..<5 { try receipts.post(to: demo) }
        try expectAll(receipts, in: demo)
    }

    private func readOnly(_ demo: RunningDemo, _ receipts: inout Receipts) throws {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'waybill'"
        try demo.sql("alter role waybill set default_transaction_read_only = on")
        try demo.sql(end)
        for _ in 0..<30 { try receipts.post(to: demo) }
        let waiting = try spool(demo)["callbacks"].int
        #expect((waiting ?? 0) > 0)
        try demo.sql("alter role waybill reset default_transaction_read_only")
        try demo.sql(end)
        try expectAll(receipts, in: demo)
    }

    /// kill -9 of the responder with callbacks in its spool; the next one starts without a database.
    private func killResponder(_ demo: RunningDemo, _ receipts: inout Receipts) throws {
        let outage = try Outage(of: demo)
        for _ in 0..<20 { try receipts.post(to: demo) }
        let old = try demo.currentDocument.pids.responder
        kill(old, SIGKILL)
        try #require(
            waitUntil(within: .seconds(20)) {
                (try? demo.currentDocument.pids.responder).map { $0 != old && $0 > 0 } ?? false
            })
        // The first waits for the start, which looks at the database.
        let name = uniqueName("spool")
        #expect(try demo.infobip(InfobipBody.of(name)).status == 200)
        for _ in 0..<20 { try receipts.post(to: demo) }
        outage.end()
        try expectAll(receipts, in: demo)
        #expect(try demo.status(name) == "delivered")
    }

    @Test("A full spool answers 503 with Retry-After, and loses nothing that it took")
    func full() throws {
        let demo = try RunningDemo(settings: ["WAYBILL_SPOOL_BYTES": "1048576"])
        defer { _ = try? demo.stop() }
        var receipts = Receipts()
        try receipts.post(to: demo)
        let outage = try Outage(of: demo)
        while receipts.others.isEmpty, receipts.all.count < 20 {
            try receipts.post(to: demo, bodyBytes: 200_000)
        }
        let refused = try #require(receipts.others.first)
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "5")
        #expect(refused["waybill-receipt"] == nil)
        #expect(receipts.all.count > 2)
        #expect(try spool(demo)["accepts"].bool == false)
        outage.end()
        try expectAll(receipts, in: demo)
        #expect(try receipts.post(to: demo).status == 200)
        #expect(try waitUntil(within: .seconds(10)) { try spool(demo)["accepts"].bool == true })
    }

    @Test("Without a spool callbacks are 503 while PostgreSQL is away, with the time that is left")
    func none() throws {
        let demo = try RunningDemo(settings: ["WAYBILL_SPOOL_DIRECTORY": ""])
        defer { _ = try? demo.stop() }
        #expect(try demo.api("/v1/status").status == 200)
        #expect(try spool(demo).isNull)
        let outage = try Outage(of: demo)
        let first = try demo.infobip(InfobipBody.of(uniqueName()))
        expectProblem(first, 503, "database_unavailable")
        #expect(first["retry-after"] == "5")
        let status = try JSON(demo.api("/v1/status"))
        // Plivo's seven minutes, and Infobip's 41 hours and a half.
        let plivo = status["providers"]["plivo"]["minutes_until_provider_gives_up"].int
        #expect((5...7).contains(plivo ?? 0))
        let infobip = status["providers"]["infobip"]["minutes_until_provider_gives_up"].int
        #expect((2480...2490).contains(infobip ?? 0))
        outage.end()
        #expect(
            try waitUntil(within: .seconds(20)) {
                try demo.infobip(InfobipBody.of(uniqueName())).status == 200
            })
    }

    @Test("Write-through: what a failover lost is there again, by itself")
    func failover() throws {
        let demo = try RunningDemo(settings: ["WAYBILL_SPOOL": "always"])
        defer { _ = try? demo.stop() }
        var receipts = Receipts()
        for _ in 0..<50 { try receipts.post(to: demo) }
        #expect(receipts.others.isEmpty)
        #expect(try receipts.missing(in: demo).isEmpty)
        #expect(try spool(demo)["mode"].string == "always")
        #expect(try spool(demo)["callbacks"].int == 0)
        // The standby that takes over has not got the last half of it.
        let lost = receipts.all.suffix(25).map { "'\($0.id)'" }.joined(separator: ",")
        try demo.sql(
            """
            begin;
            delete from message where id in (
                select message_id from report where callback_id in (\(lost)));
            delete from report where callback_id in (\(lost));
            delete from callback where id in (\(lost));
            commit
            """)
        #expect(try receipts.missing(in: demo).count == 25)
        let data = try demo.sql("show data_directory")
        let old = try demo.currentDocument.pids.postgres
        #expect(FileManager.default.createFile(atPath: data + "/standby.signal", contents: nil))
        // A clean end would be taken as intended, and it would not be started again.
        kill(old, SIGKILL)
        try #require(
            waitUntil(within: .seconds(30)) {
                (try? demo.currentDocument.pids.postgres) != old
                    && (try? demo.sql("select pg_is_in_recovery()")) == "t"
            })
        #expect(try demo.sql("select pg_promote()") == "t")
        try receipts.post(to: demo)
        let isBack = try waitUntil(within: .seconds(40)) { try receipts.missing(in: demo).isEmpty }
        #expect(isBack)
        #expect(receipts.others.isEmpty)
    }

    @Test("What a stopped responder left is listed, verified, and drained by hand")
    func commands() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        var receipts = Receipts()
        let outage = try Outage(of: demo)
        for _ in 0..<10 { try receipts.post(to: demo) }
        let folder = demo.directory + "/spool"
        #expect(try command(demo, "list", folder).output.contains("held by a process"))
        let responder = try demo.currentDocument.pids.responder
        kill(responder, SIGTERM)
        try #require(waitUntil(within: .seconds(30)) { kill(responder, 0) != 0 })
        let list = try command(demo, "list", folder)
        #expect(list.status == .status(0) && list.output.contains("held by nobody"))
        #expect(list.output.contains("1 segments with 10 callbacks, 0 files set aside"))
        let verified = try command(demo, "verify", folder)
        #expect(verified.status == .status(0) && verified.output.contains("10 callbacks: good"))
        outage.end()
        try #require(waitUntil(within: .seconds(30)) { (try? demo.sql("select 1")) == "1" })

        // The database has none of them, and they are not lost; nor can they be erased there.
        let file = folder + "-receipts"
        try receipts.all.map { "\($0.id)" }.joined(separator: "\n").write(
            toFile: file, atomically: true, encoding: .utf8)
        let check = ["verify", "--receipts", file, "--quick"]
        let spooled = try command(demo, check, folder)
        #expect(spooled.status == .status(0))
        #expect(spooled.output.split(separator: "\n").count { $0.hasSuffix("\tspool") } == 10)
        let refused = try command(demo, ["erase", "+447700900123"], folder)
        #expect(refused.status == .status(1))
        #expect(refused.output.contains("holds 10 callbacks that are not in the database"))

        let drained = try command(demo, "drain", folder)
        #expect(drained.status == .status(0), "\(drained.output)")
        #expect(drained.output.contains("10 callbacks moved"))
        #expect(try receipts.missing(in: demo).isEmpty && receipts.all.count == 10)
        #expect(try command(demo, "list", folder).output.contains("0 segments"))
        #expect(try command(demo, "drain", folder).output.contains("0 callbacks moved"))
        let stored = try command(demo, check, folder)
        #expect(stored.output.split(separator: "\n").count { $0.hasSuffix("\tledger") } == 10)
        #expect(try command(demo, ["erase", "+447700900123"], folder).status == .status(0))
    }

    private func command(
        _ demo: RunningDemo, _ name: String, _ folder: String
    ) throws -> (status: ChildProcess.Exit, output: String) {
        try command(demo, ["spool", name], folder)
    }

    private func command(
        _ demo: RunningDemo, _ words: [String], _ folder: String
    ) throws -> (status: ChildProcess.Exit, output: String) {
        let settings = [
            "DATABASE_URL": demo.document.database_url, "APP_BASE_URL": demo.document.url,
            "MIGRATE_DATABASE_URL": demo.document.admin_database_url,
            "INFOBIP_WEBHOOK_USER": demo.document.infobip.user,
            "INFOBIP_WEBHOOK_PASSWORD": demo.document.infobip.password,
            "WAYBILL_SPOOL_DIRECTORY": folder,
        ]
        let outcome = try WaybillProgram.run(words, settings)
        return (outcome.exit, outcome.output + outcome.errors)
    }
}
