import Postgres
import Synchronization
import TestSupport
import Testing

@Suite("The pool of connections", .blocking)
struct ConnectionPoolTests {
    private func pool(
        _ url: String, _ count: Int, wait: Duration = .seconds(10), cap: Duration = .seconds(1)
    ) throws -> ConnectionPool {
        ConnectionPool(
            try ConnectionSettings(url), maximumCount: count, maximumWait: wait,
            backoff: ReconnectBackoff(cap: cap))
    }

    private func ping(_ pool: ConnectionPool) throws(PostgresError) -> Int64? {
        try pool.withConnection { connection throws(PostgresError) in
            try connection.execute(Echo(value: 1)).first
        }
    }

    @Test("connections are opened when needed and used again")
    func reuses() throws {
        let pool = try pool(PostgresServer.shared.createDatabase(), 3)
        #expect(pool.statistics == PoolStatistics())
        for _ in 0..<5 { #expect(try ping(pool) == 1) }
        #expect(pool.statistics.opened == 1)
        #expect(pool.statistics.idle == 1)
        #expect(pool.statistics.inUse == 0)
    }

    @Test("threads share few connections, never more than the bound, and each gets one")
    func isBounded() throws {
        let pool = try pool(PostgresServer.shared.createDatabase(), 2, wait: .seconds(60))
        let inUse = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let workers = (0..<16).map { _ in
            Worker {
                for _ in 0..<20 {
                    try pool.withConnection { connection throws(PostgresError) in
                        let now = inUse.wrappingAdd(1, ordering: .relaxed).newValue
                        most.max(now, ordering: .relaxed)
                        try connection.execute(Echo(value: 1))
                        inUse.wrappingSubtract(1, ordering: .relaxed)
                        done.wrappingAdd(1, ordering: .relaxed)
                    }
                }
            }
        }
        for worker in workers { try worker.join() }
        #expect(most.load(ordering: .relaxed) <= 2)
        #expect(done.load(ordering: .relaxed) == 320)
        #expect(pool.statistics.opened <= 2)
        #expect(pool.statistics.waiting == 0)
        #expect(pool.statistics.inUse == 0)
    }

    @Test("a caller that finds no connection free in time fails")
    func exhausts() throws {
        let pool = try pool(PostgresServer.shared.createDatabase(), 1, wait: .milliseconds(50))
        try pool.withConnection { connection throws(PostgresError) in
            let error = failure { () throws(PostgresError) in try ping(pool) }
            #expect(error?.code == .poolExhausted)
            #expect(error?.isTransient == true)
            #expect(pool.statistics.exhausted == 1)
            #expect(pool.statistics.waiting == 0)
        }
        #expect(try ping(pool) == 1)
    }

    @Test("a waiting caller gets a connection after one was broken")
    func replacesBroken() throws {
        let pool = try pool(PostgresServer.shared.createDatabase(), 1)
        let waiter = try pool.withConnection { connection throws(PostgresError) in
            let waiter = Worker { () throws in #expect(try ping(pool) == 1) }
            _ = waitUntil(within: .seconds(10)) { pool.statistics.waiting == 1 }
            // Left inside a transaction, it cannot be lent to another caller.
            try connection.execute(script: "begin")
            return waiter
        }
        try waiter.join()
        #expect(pool.statistics.opened == 2)
    }

    @Test("a closed pool lends nothing, and waiting callers fail")
    func closes() throws {
        let pool = try pool(PostgresServer.shared.createDatabase(), 1)
        let waiter = try pool.withConnection { connection throws(PostgresError) in
            let waiter = Worker {
                #expect(failure { () throws(PostgresError) in try ping(pool) }?.code == .poolClosed)
            }
            _ = waitUntil(within: .seconds(10)) { pool.statistics.waiting == 1 }
            pool.close()
            return waiter
        }
        try waiter.join()
        #expect(failure { () throws(PostgresError) in try ping(pool) }?.code == .poolClosed)
        #expect(pool.statistics.idle == 0)
        #expect(pool.statistics.inUse == 0)
    }

    @Test("after a crash and a new start the first request succeeds, the one in flight does not")
    func recovers() throws {
        let server = try PostgresServer.dedicated()
        let pool = try pool(server.url(of: "postgres"), 2, cap: .milliseconds(100))
        let error = failure { () throws(PostgresError) in
            try pool.withConnection { connection throws(PostgresError) in
                let pending = try connection.send(Sleep(milliseconds: 60_000))
                try? server.kill()
                _ = try pending.receive()
            }
        }
        #expect(error?.isTransient == true)
        #expect(error?.isConnectionLost == true)
        #expect(error?.isOutcomeUnknown == true)
        #expect(pool.statistics.inUse == 0)

        try server.start()
        #expect(try ping(pool) == 1)
        try server.restart()
        #expect(try ping(pool) == 1)
    }

    @Test("while the server is unreachable callers fail at once, and it is found again")
    func failsFast() throws {
        let server = try PostgresServer.dedicated()
        let pool = try pool(server.url(of: "postgres"), 4, cap: .milliseconds(200))
        #expect(try ping(pool) == 1)
        try server.stop()
        let took = ContinuousClock().measure {
            for _ in 0..<200 {
                let error = failure { () throws(PostgresError) in try ping(pool) }
                #expect(error?.isTransient == true)
            }
        }
        #expect(took < .seconds(5))
        #expect(pool.statistics.failed < 100)
        try server.start()
        let isBack = waitUntil(within: .seconds(5)) { (try? ping(pool)) == 1 }
        #expect(isBack)
    }

    @Test("a silent server is tried by one caller; the others do not wait with it")
    func probesAlone() throws {
        let silent = try SilentListener()
        let settings = try ConnectionSettings(
            "postgresql://u@127.0.0.1:\(silent.port)/d?connect_timeout=1")
        let pool = ConnectionPool(
            settings, maximumCount: 8,
            backoff: ReconnectBackoff(first: .zero, cap: .zero))
        #expect(failure { () throws(PostgresError) in try ping(pool) }?.code == .timeout)
        let prober = Worker {
            #expect(failure { () throws(PostgresError) in try ping(pool) }?.code == .timeout)
        }
        _ = waitUntil(within: .seconds(10)) { pool.statistics.connecting == 1 }
        let took = ContinuousClock().measure {
            #expect(failure { () throws(PostgresError) in try ping(pool) }?.code == .timeout)
        }
        #expect(took < .milliseconds(500))
        try prober.join()
        #expect(pool.statistics.failed == 2)
    }

    @Test("a body that is harmless to repeat is repeated when an idle connection was lost")
    func retriesIdempotent() throws {
        let url = try PostgresServer.shared.createDatabase()
        let other = try Connection(ConnectionSettings(url))
        for isIdempotent in [true, false] {
            let pool = try pool(url, 1)
            #expect(try ping(pool) == 1)
            var runs = 0
            let error = failure { () throws(PostgresError) in
                try pool.withConnection(isIdempotent: isIdempotent) {
                    connection throws(PostgresError) in
                    runs += 1
                    // Lost after the check, from the statement's view.
                    if runs == 1, let id = try connection.execute(BackendID()).first {
                        try other.execute(TerminateBackend(id: id))
                    }
                    try connection.execute(Echo(value: 1))
                }
            }
            #expect(runs == (isIdempotent ? 2 : 1))
            #expect(error?.isConnectionLost == (isIdempotent ? nil : true))
        }
    }

    @Test("after a fail-over the connections to the demoted server are dropped")
    func followsFailover() throws {
        let old = try PostgresServer.dedicated()
        let url =
            "postgresql://postgres@127.0.0.1:\(old.port),127.0.0.1:"
            + "\(try PostgresServer.shared.port)/postgres"
            + "?target_session_attrs=read-write&password=\(old.password)"
        let pool = try pool(url, 2)
        let create = { (connection: Connection) throws(PostgresError) in
            try connection.execute(script: "create temp table t (id int); drop table t")
            return try connection.execute(ServerPort()).first
        }
        #expect(try pool.withConnection(create) == "\(old.port)")
        // Two idle ones, so that the one that does not notice must go as well.
        try pool.withConnection { first throws(PostgresError) in
            try pool.withConnection { second throws(PostgresError) in _ = try create(second) }
        }
        #expect(pool.statistics.idle == 2)

        try old.run("alter system set default_transaction_read_only = on")
        try old.run("select pg_reload_conf()")
        let refused = waitUntil(within: .seconds(10)) {
            let error = failure { () throws(PostgresError) in
                try pool.withConnection { connection throws(PostgresError) in
                    try connection.execute(script: "create sequence s; drop sequence s")
                }
            }
            return error?.code == .readOnly && error?.isTransient == true
        }
        #expect(refused)
        #expect(pool.statistics.idle == 0)
        #expect(
            try pool.withConnection(create) == "\(try PostgresServer.shared.port)")
    }
}
