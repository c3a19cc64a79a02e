import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Users who sign in elsewhere", .blocking)
struct SingleSignOnStoreTests {
    private let database: TestDatabase
    private let people: PeopleStore
    private let origin = RequestOrigin(requestID: "r", address: "192.0.2.7")

    init() throws {
        database = try TestDatabase()
        people = PeopleStore(try database.pool(), logger: .silent)
    }

    private func visit(_ email: String, _ role: Role) throws -> User? {
        try people.visit(try #require(EmailAddress(email)), role: role, from: origin)
    }

    private func audit() throws -> String {
        try database.run(
            """
            select action, object, principal_id is null, address, request_id, detail->>'by',
                before->>'role', after->>'role'
            from audit order by number
            """)
    }

    @Test("A user is made at the first visit, and the role follows; each once in the audit")
    func follows() throws {
        let user = try #require(try visit("Ann@example.com", .operator))
        #expect(user.role == .operator && !user.hasPassword && user.name.description == "Ann")
        #expect(try visit("ann@EXAMPLE.com", .operator)?.id == user.id)
        #expect(try visit("ann@example.com", .viewer)?.role == .viewer)
        #expect(try visit("ann@example.com", .viewer)?.role == .viewer)
        #expect(
            try audit() == """
                user.create|\(user.id)|t|192.0.2.7|r|single sign-on||operator
                session.create|\(user.id)|f|192.0.2.7|r|single sign-on||
                user.role|\(user.id)|t|192.0.2.7|r|single sign-on|operator|viewer
                """)
    }

    @Test("A sign-in is kept once for as long as a session may last")
    func signIns() throws {
        let user = try #require(try visit("ann@example.com", .viewer))
        #expect(user.lastSignInAt != nil)
        _ = try visit("ann@example.com", .viewer)
        let count = "select count(*) from audit where action = 'session.create'"
        #expect(try database.run(count) == "1")
        try database.run("update app_user set last_sign_in_at = now() - interval '13 hours'")
        let again = try #require(try visit("ann@example.com", .viewer))
        #expect(try #require(again.lastSignInAt) >= #require(user.lastSignInAt))
        _ = try visit("ann@example.com", .viewer)
        #expect(try database.run(count) == "2")
        try database.run(
            "update app_user set last_sign_in_at = now() - interval '1 day', is_disabled = true")
        #expect(try visit("ann@example.com", .viewer)?.isDisabled == true)
        #expect(try database.run(count) == "2")
    }

    @Test("The last admin keeps the role, and a disabled user stays as it is")
    func exceptions() throws {
        let admin = try #require(try visit("ann@example.com", .admin))
        #expect(try visit("ann@example.com", .viewer)?.role == .admin)
        _ = try visit("bob@example.com", .admin)
        #expect(try visit("ann@example.com", .viewer)?.role == .viewer)
        try database.run("update app_user set is_disabled = true where id = '\(admin.id)'")
        let disabled = try #require(try visit("ann@example.com", .admin))
        #expect(disabled.isDisabled && disabled.role == .viewer)
    }
}
