import Accounts
import Domain
import Postgres
import Security
import Synchronization
import System
import Telemetry
import Testing

@testable import Store

/// The accounts on a database of their own.
final class PeopleHarness: Sendable {
    let database: TestDatabase
    let people: PeopleStore
    let accounts: StoredAccounts
    let policy: SessionPolicy
    let metrics = Metrics()

    /// Good for any account of the tests.
    static let password = "correct horse battery staple"
    static let origin = RequestOrigin(requestID: "r1", address: "192.0.2.1")

    init(_ policy: SessionPolicy = SessionPolicy()) throws {
        self.policy = policy
        database = try TestDatabase()
        people = PeopleStore(try database.pool(8), policy: policy, logger: .silent)
        accounts = StoredAccounts(
            people, policy: policy, metrics: metrics, logger: .silent)
    }

    deinit { accounts.stop() }

    /// Waits for what a call completes with.
    static func result<Value: Sendable>(
        _ call: (@escaping AccountCompletion<Value>) -> Void
    ) throws -> Result<Value, AccountFailure> {
        let answer = Monitor<Result<Value, AccountFailure>?>(nil)
        call { result in
            answer.withLock { $0 = result }
            answer.wakeAll()
        }
        return try #require(answer.wait(until: .now + .seconds(60)) { $0 })
    }

    func email(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    /// Adds a user whose password is `password`, or of another hash.
    @discardableResult
    func add(
        _ email: String = "ann@example.com", _ role: Role = .viewer, hash: String? = nil
    ) throws -> User {
        let hash = try hash ?? PasswordHash.make(Array(Self.password.utf8)).stored
        let draft = UserDraft(email: try self.email(email), role: role)
        let made = try people.create(draft, link: nil, passwordHash: hash, by: .sample)
        guard case .created(let user) = made else {
            throw StoreFailure(.failed, "\(made)")
        }
        return user
    }

    func signIn(
        _ email: String = "ann@example.com", _ password: String = PeopleHarness.password,
        code: String? = nil
    ) throws -> Result<StartedSession, AccountFailure> {
        try Self.result { completion in
            accounts.signIn(
                SignInAttempt(
                    email: email, password: Password(password), code: code, origin: Self.origin,
                    userAgent: "Test/1.0"),
                completion: completion)
        }
    }

    /// The session behind a token.
    func session(_ token: FreshSecret, isActivity: Bool = true) throws -> SignedIn? {
        let hash = SHA256.digest(of: token.revealed).bytes
        return try people.session(tokenHash: hash, isActivity: isActivity)
    }

    /// Runs a body on so many threads at once; what each returned.
    static func atOnce<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
    ) throws -> [Value] {
        let values = Mutex<[Int: Result<Value, any Error>]>([:])
        let threads = (0..<count).map { ServiceThread("test-\($0)") }
        for (index, thread) in threads.enumerated() {
            try thread.start {
                let value = Result { try body(index) }
                values.withLock { $0[index] = value }
            }
        }
        for thread in threads { #expect(thread.join(until: .now + .seconds(60))) }
        return try values.withLock { $0 }.sorted { $0.key < $1.key }.map { try $0.value.get() }
    }
}

extension Result where Failure == AccountFailure {
    /// The failure's name, for comparisons.
    var failureWord: String? {
        guard case .failure(let failure) = self else { return nil }
        return String("\(failure)".prefix { $0 != "(" })
    }
}
