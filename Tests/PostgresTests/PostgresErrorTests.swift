import Postgres
import TestSupport
import Testing

@Suite("Errors by SQLSTATE", .blocking)
struct PostgresErrorTests {
    @Test(
        "each class of the server's errors has its code",
        arguments: [
            ("08006", PostgresError.Code.connection), ("08P01", .connection),
            ("21000", .data), ("22021", .data), ("22P03", .data), ("23505", .integrity),
            ("23503", .integrity), ("23514", .integrity), ("25006", .readOnly),
            ("25P02", .transactionState), ("25P03", .timeout), ("26000", .staleStatement),
            ("28P01", .permission), ("3D000", .undefined), ("40001", .serialization),
            ("40P01", .serialization), ("42501", .permission), ("42P01", .undefined),
            ("42703", .undefined), ("53100", .unavailable), ("53300", .unavailable),
            ("54000", .data), ("55P03", .timeout), ("57014", .timeout), ("57P01", .unavailable),
            ("57P02", .unavailable), ("57P03", .unavailable), ("58030", .unavailable),
            ("0A000", .other), ("P0001", .other), ("XX000", .other),
        ])
    func mapsStates(state: String, code: PostgresError.Code) throws {
        #expect(try #require(SQLState(state)).code == code)
    }

    @Test("only an SQLSTATE is accepted", arguments: ["", "2350", "235055", "2350a", "2350é"])
    func refusesStates(text: String) {
        #expect(SQLState(text) == nil)
    }

    @Test(
        "real failures arrive with their code, and the safe text shows no value",
        arguments: [
            ("insert into thing values ('s3cret')", PostgresError.Code.integrity, "thing_key"),
            ("insert into thing values ('no')", .integrity, "thing_check"),
            ("insert into thing values (null)", .integrity, ""),
            ("select 's3cret'::int", .data, ""),
            ("select s3cret from thing", .undefined, ""),
            ("do $$ begin raise 's3cret' using errcode = '40001'; end $$", .serialization, ""),
            ("begin read only; delete from thing where id = 's3cret'", .readOnly, ""),
            ("set role pg_monitor; select id from thing where id = 's3cret'", .permission, ""),
        ])
    func reportsFailures(sql: String, code: PostgresError.Code, constraint: String) throws {
        let server = try PostgresServer.shared
        let connection = try Connection(ConnectionSettings(server.createDatabase()))
        try connection.execute(
            script: """
                create table thing (
                    id text not null constraint thing_key unique
                    constraint thing_check check (id <> 'no'));
                insert into thing values ('s3cret');
                """)
        let error = failure { () throws(PostgresError) in try connection.execute(script: sql) }
        #expect(error?.code == code)
        #expect((error?.constraint ?? "") == constraint)
        #expect(error?.description.contains("s3cret") == false)
        #expect(error?.isTransient == (code == .serialization || code == .readOnly))
        #expect(error?.isBadData == (code == .integrity || code == .data))
    }

    @Test("the detail of an error is only in its debug description")
    func keepsDetail() throws {
        let url = try PostgresServer.shared.createDatabase()
        let connection = try Connection(ConnectionSettings(url))
        let error = failure { () throws(PostgresError) in
            try connection.execute(script: "select 1/0")
        }
        #expect(error?.debugDescription.contains("division by zero") == true)
        #expect(error?.description == "database: data 22012")
    }
}
