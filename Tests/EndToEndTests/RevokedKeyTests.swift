import Foundation
import TestSupport
import Testing

extension BreakingTests {
    @Suite("A revoked key")
    struct RevokedKeyTests {
        private static let message = "/v1/messages/0193a5b2-7c41-7e02-8d35-0123456789ab"

        /// A key that was used for both and is revoked by now.
        private func revokedKey(_ demo: RunningDemo) throws -> String {
            let settings = ["DATABASE_URL": demo.document.database_url]
            let name = uniqueName("key")
            let created = try WaybillProgram.run(
                ["key", "create", "--name", name, "--scope", "read,admin"], settings)
            let key = created.output.trimmingCharacters(in: .newlines)
            #expect(try demo.api("/v1/status", key: key).status == 200)
            #expect(try demo.api(Self.message, key: key).status == 404)
            let revoked = try WaybillProgram.run(["key", "revoke", "--name", name], settings)
            try #require(revoked.exit == .status(0))
            return key
        }

        private func expectUnavailable(
            _ answer: HTTPAnswer, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            expectProblem(answer, 503, "database_unavailable", sourceLocation: sourceLocation)
            #expect(answer["retry-after"] == "5", sourceLocation: sourceLocation)
        }

        @Test("It opens nothing while its look-up waits for a lock, and neither does any other key")
        func locked() throws {
            let demo = try RunningDemo.breakable
            let key = try revokedKey(demo)
            let locker = try ChildProcess(
                "psql",
                [
                    "-XqAt", "-d", demo.document.admin_database_url, "-c",
                    "begin; lock table api_key; select pg_sleep(60)",
                ], environment: WaybillProgram.bareEnvironment)
            let isLocked = try waitUntil(within: .seconds(20)) {
                try demo.count(
                    """
                    select count(*) from pg_locks where relation = 'api_key'::regclass
                        and mode = 'AccessExclusiveLock' and granted
                    """) == 1
            }
            try #require(isLocked)
            for path in ["/v1/status", Self.message] {
                expectUnavailable(try demo.api(path, key: key))
            }
            expectUnavailable(try demo.api("/v1/status"))
            expectUnavailable(
                try demo.api("/v1/status", key: "wb_" + String(repeating: "A", count: 43)))
            #expect(try demo.infobip(InfobipBody.of(uniqueName())).status == 200)
            try demo.sql(
                """
                select pg_terminate_backend(pid) from pg_locks
                    where relation = 'api_key'::regclass and mode = 'AccessExclusiveLock'
                """)
            _ = try locker.waitForExit()
            expectProblem(try demo.api("/v1/status", key: key), 401, "wrong_key")
            #expect(try demo.api("/v1/status").status == 200)
        }

        @Test("It opens the status and nothing else while PostgreSQL is away, and then nothing")
        func away() throws {
            let demo = try RunningDemo.breakable
            let key = try revokedKey(demo)
            let postgres = try demo.currentDocument.pids.postgres
            let family = [postgres] + FaultTests.children(of: postgres)
            for pid in family { kill(pid, SIGSTOP) }
            defer { for pid in family { kill(pid, SIGCONT) } }
            let status = try demo.api("/v1/status", key: key)
            #expect(status.status == 200, "\(status.text)")
            #expect(try JSON(status)["database"]["reachable"].bool == false)
            expectUnavailable(try demo.api(Self.message, key: key))
            expectUnavailable(try demo.api(Self.message))
            for pid in family { kill(pid, SIGCONT) }
            // Only the status may still accept a remembered key; a message does not.
            let isBack = try waitUntil(within: .seconds(20)) {
                try demo.api(Self.message).status != 503
            }
            #expect(isBack)
            expectProblem(try demo.api("/v1/status", key: key), 401, "wrong_key")
        }
    }
}
