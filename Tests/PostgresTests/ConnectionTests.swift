import Glibc
import Postgres
import TestSupport
import Testing

@Suite("A connection", .blocking)
struct ConnectionTests {
    private let url: String
    private let connection: Connection

    init() throws {
        url = try PostgresServer.shared.createDatabase()
        connection = try Connection(ConnectionSettings(url))
        try connection.execute(
            script: """
                create table item (id int8 constraint item_key primary key);
                create table later (id int8 constraint later_once unique deferrable initially deferred);
                """)
    }

    @Test("a statement is prepared once and answers each time")
    func executes() throws {
        for value in [1, -1, Int64.max, .min] {
            let results = try connection.execute(Echo(value: value))
            #expect(results.rows == [value])
            #expect(results.affectedCount == 1)
        }
        #expect(try connection.execute(CountPrepared()).first == 2)
    }

    @Test("statements in one round trip return their results in order")
    func pipelines() throws {
        let (a, b, c) = try connection.execute(Echo(value: 1), InsertItem(id: 7), ListItems())
        #expect(a.first == 1)
        #expect(b.affectedCount == 1)
        #expect(c.rows == [7])
    }

    @Test("a failure names its statement, and nothing of the batch is kept")
    func attributesErrors() throws {
        try connection.execute(InsertItem(id: 1))
        let error = failure { () throws(PostgresError) in
            try connection.execute(
                InsertItem(id: 5), Echo(value: 1), InsertItem(id: 1), InsertItem(id: 6))
        }
        #expect(error?.statement == "insert_item")
        #expect(error?.statementIndex == 2)
        #expect(error?.code == .integrity)
        #expect(error?.constraint == "item_key")
        #expect(error?.table == "item")
        #expect(error?.isBadData == true)
        #expect(error?.isOutcomeUnknown == false)
        #expect(try connection.execute(ListItems()).rows == [1])
    }

    @Test("a constraint that is checked at the commit fails the batch")
    func noticesDeferredConstraints() throws {
        let error = failure { () throws(PostgresError) in
            try connection.execute(InsertLater(), InsertLater())
        }
        #expect(error?.code == .integrity)
        #expect(error?.constraint == "later_once")
        #expect(try connection.execute(Echo(value: 3)).first == 3)
    }

    @Test("the caller works while the server does")
    func splitsSendAndReceive() throws {
        let watcher = try Connection(ConnectionSettings(url))
        try watcher.execute(script: "select pg_advisory_lock(1)")
        let pending = try connection.send(TakeLock(), Echo(value: 9))
        // It cannot have finished, and this thread is free to check that.
        let waits = try waitUntil(within: .seconds(10)) {
            try watcher.execute(CountLockWaits()).first == 1
        }
        #expect(waits)
        #expect(!connection.isUsable)
        try watcher.execute(script: "select pg_advisory_unlock(1)")
        let (_, echo) = try pending.receive()
        #expect(echo.first == 9)
        #expect(connection.isUsable)
    }

    @Test("results that were not received make the connection unusable, not wrong")
    func abandonsResults() throws {
        do { _ = try connection.send(Echo(value: 1)) }
        #expect(!connection.isUsable)
        #expect(
            failure { () throws(PostgresError) in try connection.execute(Echo(value: 2)) } != nil)
    }

    @Test("a batch larger than all the buffers on the way gets through")
    func sendsMuch() throws {
        let text = String(repeating: "x", count: 3000)
        let values = Array(repeating: EveryType(text: text), count: 3000)
        let (a, b) = try connection.execute(
            ArrayRoundTrip(values: values), ArrayRoundTrip(values: values))
        #expect(a.rows == values)
        #expect(b.rows == values)
    }

    @Test("a transaction commits, and a body that throws rolls back")
    func transacts() throws {
        try connection.transaction { () throws(PostgresError) in
            try connection.execute(InsertItem(id: 1))
            try connection.execute(InsertItem(id: 2))
        }
        let error = failure { () throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                try connection.execute(InsertItem(id: 3))
                try connection.execute(InsertItem(id: 1))
            }
        }
        #expect(error?.code == .integrity)
        #expect(!connection.isInTransaction)
        #expect(try connection.execute(ListItems()).rows == [1, 2])
    }

    @Test("a commit that the server turned into a rollback is an error")
    func noticesRollbacks() throws {
        let error = failure { () throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                try connection.execute(InsertItem(id: 1))
                _ = failure { () throws(PostgresError) in
                    try connection.execute(InsertItem(id: 1))
                }
            }
        }
        #expect(error?.code == .transactionState)
        #expect(try connection.execute(ListItems()).rows == [])
    }

    @Test("a script that fails throws, and the connection stays usable")
    func runsScripts() throws {
        let error = failure { () throws(PostgresError) in
            try connection.execute(script: "insert into item (id) values (1); select 1/0")
        }
        #expect(error?.sqlState?.description == "22012")
        #expect(try connection.execute(ListItems()).rows == [])
    }

    @Test("every statement can be prepared by itself, and a wrong one is named")
    func prepares() throws {
        try connection.prepare(InsertItem.self)
        let error = failure { () throws(PostgresError) in try connection.prepare(Misspelt.self) }
        #expect(error?.code == .undefined)
        #expect(error?.statement == "misspelt")
        #expect(error?.sqlState?.description == "42P01")
        #expect(try connection.execute(Echo(value: 3)).first == 3)
    }

    @Test("a schema that changed under a prepared statement is a transient error")
    func noticesStaleStatements() throws {
        try connection.execute(AllOfItem())
        try connection.execute(script: "alter table item add note text")
        let error = failure { () throws(PostgresError) in try connection.execute(AllOfItem()) }
        #expect(error?.code == .staleStatement)
        #expect(error?.isTransient == true)
        #expect(!connection.isUsable)
    }
}

private struct CountPrepared: Statement {
    static let name: StaticString = "count_prepared"
    static let sql: StaticString = "select count(*) from pg_prepared_statements"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

private struct TakeLock: Statement {
    static let name: StaticString = "take_lock"
    static let sql: StaticString = "select pg_advisory_lock(1)"
}

private struct CountLockWaits: Statement {
    static let name: StaticString = "count_lock_waits"
    static let sql: StaticString = """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event = 'advisory'
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

private struct InsertLater: Statement {
    static let name: StaticString = "insert_later"
    static let sql: StaticString = "insert into later (id) values (1)"
}

private struct Misspelt: Statement {
    static let name: StaticString = "misspelt"
    static let sql: StaticString = "select id from itme"
}

private struct AllOfItem: Statement {
    static let name: StaticString = "all_of_item"
    static let sql: StaticString = "select * from item"
}
