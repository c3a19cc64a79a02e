import Postgres
import TestSupport
import Testing

@Suite("Connection strings", .blocking)
struct ConnectionSettingsTests {
    @Test(
        "no form of a connection string shows its password",
        arguments: [
            "postgresql://user:s3cret@host/db",
            "postgresql://user:s3cret@one:1,two:2/db?target_session_attrs=read-write",
            "postgresql:///db?host=/run/pg&user=user&password=s3cret",
            "host=one,two user=user password=s3cret sslpassword=s3cret",
            "postgres://user:%733cret@host/db",
        ])
    func redacts(url: String) throws {
        let settings = try ConnectionSettings(url)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in [settings.description, String(reflecting: settings), "\(settings)", dumped] {
            #expect(!text.contains("s3cret"))
        }
        #expect(settings.description.contains("password=<redacted>"))
        #expect(settings.description.contains("user=user"))
    }

    @Test(
        "a string that cannot be read is refused without showing it",
        arguments: [
            "postgresql://user:s3cret@host:port:1/db?s3cret", "s3cret", "host=a s3cret=b",
            "postgresql://[s3cret/db", "postgresql://user@host/db?client_encoding=s3cret",
            "postgresql://u:%zzs3cret@h/d", "password='s3cret",
        ])
    func refuses(url: String) throws {
        let error = failure { () throws(PostgresError) in try ConnectionSettings(url) }
        #expect(error?.code == .settings)
        #expect(error?.isTransient == false)
        #expect(error.map { String(reflecting: $0).contains("s3cret") } == false)
    }

    @Test("options in the string win over the defaults")
    func prefersTheString() throws {
        let settings = try ConnectionSettings(
            "postgresql://host/db?application_name=mine&connect_timeout=2&keepalives_idle=7"
                + "&options=-c%20statement_timeout%3D77",
            applicationName: "ours")
        #expect(settings.connectTimeout == .seconds(2))
        #expect(settings.description.contains("application_name=mine"))
        #expect(settings.description.contains("keepalives_idle=7"))
        #expect(settings.description.contains("tcp_user_timeout=10000"))
    }

    @Test("the server sees the time-outs, ours and the string's, and UTF-8")
    func reachesTheServer() throws {
        let url = try PostgresServer.shared.createDatabase()
        let ours = try Connection(ConnectionSettings(url, responseTimeout: .seconds(12)))
        #expect(
            try ours.execute(ShowSettings()).first == "10s 6s 24s UTF8 waybill UTC")
        let theirs = try Connection(
            ConnectionSettings(
                url + "?options=-c%20statement_timeout%3D77&application_name=mine",
                responseTimeout: .seconds(12)))
        #expect(
            try theirs.execute(ShowSettings()).first == "77ms 6s 24s UTF8 mine UTC")
    }

    @Test("a Unix socket works as well")
    func connectsBySocket() throws {
        let server = try PostgresServer.shared
        let connection = try Connection(ConnectionSettings(server.socketURL(of: "postgres")))
        #expect(try connection.execute(Echo(value: 2)).first == 2)
    }
}

private struct ShowSettings: Statement {
    static let name: StaticString = "show_settings"
    static let sql: StaticString = """
        select concat_ws(' ', current_setting('statement_timeout'),
            current_setting('lock_timeout'),
            current_setting('idle_in_transaction_session_timeout'),
            current_setting('client_encoding'), current_setting('application_name'),
            current_setting('timezone'))
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}
