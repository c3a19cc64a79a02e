import Postgres
import TestSupport
import Testing

@Suite("A connection")
struct ConnectionTests {
    @Test("a statement is prepared once and answers each time")
    func executes() throws {
        let connection = try Connection(ConnectionSettings(PostgresServer.shared.createDatabase()))
        for value in [1, -1, Int64.max, .min] {
            let results = try connection.execute(Echo(value: value))
            #expect(results.rows == [value])
            #expect(results.affectedCount == 1)
        }
        let (a, b, c) = try connection.execute(Echo(value: 1), Echo(value: 2), Echo(value: 3))
        #expect([a.first, b.first, c.first] == [1, 2, 3])
        let pending = try connection.send(Echo(value: 5))
        let results = try pending.receive()
        #expect(results.first == 5)
    }
}
