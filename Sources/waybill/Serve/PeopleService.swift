import Accounts
import Domain
import Postgres
import Store
import Telemetry
import Web

/// What the responder needs for people: accounts, sessions, keys and the audit.
struct PeopleService: Sendable {
    let authenticator: Authenticator
    private let accounts: StoredAccounts
    private let people: PeopleStore
    private let keys: APIKeys
    private let audit: AuditLog
    private let signer: CursorSigner
    private let policy: SessionPolicy
    private let singleSignOn: SingleSignOnSettings?
    private let logger: Logger

    /// - Parameters:
    ///   - pool: where all of it is kept.
    ///   - policy: of sessions.
    ///   - singleSignOn: how nginx names users; nil if it does not.
    ///   - secrets: sign cursors.
    ///   - metrics: gets the number of sign-ins.
    ///   - logger: gets failures.
    init(
        _ pool: ConnectionPool, policy: SessionPolicy, singleSignOn: SingleSignOnSettings?,
        secrets: any SigningSecrets, metrics: Metrics, logger: Logger
    ) {
        let people = PeopleStore(pool, policy: policy, logger: logger)
        let accounts = StoredAccounts(
            people, policy: policy, metrics: metrics, logger: logger)
        audit = AuditLog(pool, logger: logger)
        keys = APIKeys(pool, logger: logger)
        signer = CursorSigner(secrets)
        authenticator = Authenticator(
            keys,
            people: PeopleAccess(
                sessions: people, accounts: accounts,
                singleSignOn: singleSignOn.map { SingleSignOn($0, directory: people) },
                refusals: RefusalLog(audit, logger: logger)))
        self.people = people
        self.accounts = accounts
        self.policy = policy
        self.singleSignOn = singleSignOn
        self.logger = logger
    }

    /// The same, with the connections of another pool.
    func authenticator(on pool: ConnectionPool) -> Authenticator {
        let people = PeopleStore(pool, policy: policy, logger: logger)
        return Authenticator(
            APIKeys(pool, logger: logger),
            people: PeopleAccess(
                sessions: people, accounts: accounts,
                singleSignOn: singleSignOn.map { SingleSignOn($0, directory: people) },
                refusals: RefusalLog(AuditLog(pool, logger: logger), logger: logger)))
    }

    func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        SessionEndpoints(accounts: accounts, sessions: people).routes(endpoint)
            + PasswordEndpoints(accounts: accounts).routes(endpoint)
            + UserEndpoints(users: people, accounts: accounts, sessions: people).routes(endpoint)
            + KeyEndpoints(keys).routes(endpoint)
            + AuditEndpoint(audit, signer: signer).routes(endpoint)
    }

    /// Ends the threads that hash passwords.
    func stop() {
        accounts.stop()
    }
}
